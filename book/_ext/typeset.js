// TeX → HTML with MathJax's own modules, which the extension has loaded into this engine.
// `typeset(tex, display, known)` returns a formula and what is wrong with it, as JSON; `key(tex)` a
// symbol's structure as text, and `known` says which structures are marked with which number;
// `styles()` the rules for all that were typeset.
const { typeset, key, styles } = (function () {
  const { liteAdaptor } = MathJax._.adaptors.liteAdaptor;
  const { RegisterHTMLHandler } = MathJax._.handlers.html_ts;
  const { AssistiveMmlHandler } = MathJax._.a11y["assistive-mml"];
  const { mathjax } = MathJax._.mathjax;
  const adaptor = liteAdaptor();
  AssistiveMmlHandler(RegisterHTMLHandler(adaptor));
  const input = new MathJax._.input.tex_ts.TeX({
    packages: ["base", "ams", "newcommand", "configmacros", "html"],
    macros: MACROS,
    formatError: (_, error) => {
      throw error;
    },
  });
  const font = new MathJax._.output.chtml.fonts.tex_ts.TeXFont({ fontURL: FONTS });
  const output = new MathJax._.output.chtml_ts.CHTML({ font, adaptiveCSS: true });
  const SYMBOLS = new Set(["mi", "mo", "msub", "msup", "msubsup", "mover"]);
  const COMPILED = 20;
  let numbers = {};

  // Equal for equal structure: p_θ is msub{p}{θ}, and 𝓛 is not L.
  const structure = (node) => {
    if (node.isToken) {
      const variant = node.attributes.get("mathvariant");
      return (["italic", "normal"].includes(variant) ? "" : `${variant}:`) + (node.getText?.() ?? "");
    }
    const inner = (node.childNodes ?? []).map((child) => (child ? structure(child) : ""));
    return SYMBOLS.has(node.kind) ? `${node.kind}{${inner.join("}{")}}` : inner.join("");
  };
  const mark = (node) => {
    const number = SYMBOLS.has(node.kind) ? numbers[structure(node)] : undefined;
    if (number !== undefined) node.attributes.set("data-is", String(number));
    // N_z is not N with an index: what is marked as a whole is not looked into.
    else (node.childNodes ?? []).forEach((child) => child && mark(child));
  };
  const page = mathjax.document("", {
    InputJax: input,
    OutputJax: output,
    renderActions: { notation: [2 * COMPILED, () => {}, (formula) => mark(formula.root)] },
  });
  // What neither eye nor screen reader needs.
  const idle = / (?:xmlns|unselectable|texclass|data-mjx-texclass|style)="(?:http[^"]*|on|[A-Z]+|position: relative;|margin-left: 0; margin-right: 0;)"/g;
  return {
    key: (tex) => structure(page.convert(tex, { display: false, end: COMPILED })),
    typeset: (tex, display, known) => {
      try {
        numbers = known;
        return JSON.stringify([adaptor.outerHTML(page.convert(tex, { display })).replace(idle, ""), ""]);
      } catch (error) {
        return JSON.stringify(["", error.message]);
      }
    },
    styles: () => adaptor.textContent(output.styleSheet(page)),
  };
})();
