// What a symbol stands for, where a reader points at it, taps it, or moves the focus to its formula.
// Symbols are marked when the book is built; window.NOTATION has name and meaning by their numbers,
// from book/notation.yml.
{
  const tip = document.createElement("div");
  tip.id = "notation-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  let owner = null;
  let leaving = 0;

  function show(anchor, symbols, formula) {
    clearTimeout(leaving);
    tip.replaceChildren(
      ...symbols.map((symbol) => {
        const [name, means] = window.NOTATION[symbol.dataset.is];
        const line = document.createElement("p");
        const picture = document.createElement("mjx-container");
        picture.setAttribute("jax", "CHTML");
        picture.setAttribute("aria-hidden", "true");
        picture.append(document.createElement("mjx-math"));
        picture.firstChild.className = "MJX-TEX";
        picture.firstChild.append(symbol.cloneNode(true));
        const said = document.createElement("span");
        said.className = "notation-name";
        said.textContent = `${name}: `;
        line.append(picture, said, means);
        return line;
      })
    );
    if (!tip.isConnected) document.body.append(tip);
    tip.hidden = false;
    const at = anchor.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const height = document.documentElement.clientHeight;
    const left = Math.max(8, Math.min(at.left, width - tip.offsetWidth - 8));
    const below = at.bottom + 6;
    const fits = below + tip.offsetHeight < height || at.top < tip.offsetHeight + 6;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(fits ? below : at.top - tip.offsetHeight - 6) + scrollY}px`;
    release();
    owner = formula;
    if (owner) owner.setAttribute("aria-describedby", tip.id);
  }

  function release() {
    if (owner) owner.removeAttribute("aria-describedby");
    owner = null;
  }

  function hide() {
    clearTimeout(leaving);
    tip.hidden = true;
    release();
  }

  const symbolAt = (event) => event.target.closest?.("mjx-math [data-is]");
  const formulaAt = (event) => event.target.closest?.("article .math");

  function showFormula(formula) {
    const first = new Map();
    for (const symbol of formula.querySelectorAll("mjx-math [data-is]")) {
      if (!first.has(symbol.dataset.is)) first.set(symbol.dataset.is, symbol);
    }
    if (first.size) show(formula, [...first.values()], formula);
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    if (tip.contains(event.target)) return clearTimeout(leaving);
    const symbol = symbolAt(event);
    if (symbol) show(symbol, [symbol], null);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType === "touch" || tip.hidden || owner) return;
    if (symbolAt(event) || tip.contains(event.target)) leaving = setTimeout(hide, 250);
  });
  document.addEventListener("focusin", (event) => {
    const formula = formulaAt(event);
    if (formula && event.target.matches(":focus-visible")) showFormula(formula);
  });
  document.addEventListener("focusout", (event) => {
    if (formulaAt(event)) hide();
  });
  document.addEventListener("click", (event) => {
    const symbol = symbolAt(event);
    if (symbol) show(symbol, [symbol], null);
    else if (formulaAt(event)) showFormula(formulaAt(event));
    else if (!tip.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  // A formula in a line of its own can be reached with the keyboard; one in the text has a
  // neighbour that says the same, and would be a stop too many.
  document.addEventListener("DOMContentLoaded", () => {
    for (const formula of document.querySelectorAll("article div.math:has([data-is])")) {
      formula.classList.add("explained");
      formula.tabIndex = 0;
    }
  });
}
