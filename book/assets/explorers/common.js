/* What all explorers share: palette, controls, canvas.
 *
 * Classic scripts throughout: a page opened from a disk may load them, but neither modules nor
 * fetch.
 */
(function () {
  "use strict";

  const explorers = (window.explorers = {});

  // Colours. palette.js, which Python writes from the theme of the figures, fills `palette`.

  explorers.palette = {};

  function parse(hex) {
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((level) => {
      const share = level / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** Whether the page is dark now. */
  explorers.dark = () => document.documentElement.dataset.theme === "dark";

  /** A colour of the figures; on a dark page as much lighter as a contrast of 3.5 asks for. */
  explorers.colour = function (hex) {
    if (!explorers.dark()) return hex;
    const rgb = parse(hex);
    let mixed = rgb;
    for (let white = 0.05; luminance(mixed) < 0.16 && white < 1; white += 0.05) {
      mixed = rgb.map((level) => Math.round(level + (255 - level) * white));
    }
    return `rgb(${mixed.join(", ")})`;
  };

  /** The page's own colours, as they are now: for all that is no data. */
  explorers.ink = function () {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(`--pst-color-${name}`).trim();
    return {
      text: read("text-base"),
      muted: read("text-muted"),
      background: read("background"),
      surface: read("surface"),
      border: read("border"),
    };
  };

  const redraws = new Set();
  new MutationObserver(() => redraws.forEach((redraw) => redraw())).observe(
    document.documentElement,
    { attributes: true, attributeFilter: ["data-theme"] }
  );

  /** Call `redraw` whenever the page turns light or dark. */
  explorers.onTheme = (redraw) => redraws.add(redraw);

  /** Whether the reader asked for less motion. */
  explorers.still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Elements and controls.

  /** An element; attributes that are functions become listeners: {class: "x", click: f}. */
  explorers.element = function (tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  };
  const element = explorers.element;

  /** A number as text, with a true minus sign. */
  explorers.number = (value, digits = 2) =>
    value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−");

  /** A count with its digits in threes: 100 000. */
  explorers.count = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

  let groups = 0;

  /** One choice out of few: radio buttons in a row. `options` is {value: label}. */
  explorers.choice = function (legend, options, chosen, change) {
    const name = `explorer-choice-${(groups += 1)}`;
    const buttons = Object.entries(options).map(([value, label]) => {
      const input = element("input", {
        type: "radio",
        name,
        value,
        checked: value === String(chosen),
        change: () => change(value),
      });
      return element("label", {}, input, element("span", {}, label));
    });
    const title = element("legend", {}, legend);
    return element("fieldset", { class: "explorer-choice" }, title, ...buttons);
  };

  /** A button. */
  explorers.button = (label, click, attributes = {}) =>
    element("button", { type: "button", class: "explorer-button", click, ...attributes }, label);

  /** A slider with its value beside it; `set(value)` moves it, as the reader would. */
  explorers.slider = function (label, { min, max, step, value, format }, input) {
    const shown = element("output", {});
    const show = format || ((number) => explorers.number(number));
    const range = element("input", { type: "range", min, max, step, value });
    const told = () => {
      const text = show(Number(range.value));
      shown.textContent = text;
      range.setAttribute("aria-valuetext", text);
    };
    range.addEventListener("input", () => {
      told();
      input(Number(range.value));
    });
    told();
    const row = element("label", { class: "explorer-slider" }, element("span", {}, label), range);
    row.append(shown);
    row.set = (number) => {
      range.value = number;
      range.dispatchEvent(new Event("input"));
    };
    return row;
  };

  /** What to try: a short list under an explorer. */
  explorers.suggestions = (...lines) =>
    element(
      "div",
      { class: "explorer-try" },
      element("strong", {}, "Try this"),
      element("ul", {}, ...lines.map((line) => element("li", {}, line)))
    );

  /** Handle keys by name, such as {ArrowLeft: (event) => …}; the page does not scroll with them. */
  explorers.keys = function (target, actions) {
    target.addEventListener("keydown", (event) => {
      const action = actions[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action(event);
    });
  };

  // Canvas.

  /** A sharp canvas that fills its parent's width.
   *
   * `draw(context, width, height)` works in CSS pixels. `ratio` is width over height. `label` is
   * read out in its place. With `focus` it takes the keyboard.
   */
  explorers.canvas = function ({ label, ratio = 1, focus = false, draw }) {
    const canvas = element("canvas", {
      class: "explorer-canvas",
      role: focus ? "application" : "img",
      "aria-label": label,
      style: `aspect-ratio: ${ratio}`,
    });
    if (focus) canvas.tabIndex = 0;
    let asked = 0;
    const paint = () => {
      asked = 0;
      const { width, height } = canvas.getBoundingClientRect();
      if (!width || !height) return;
      const scale = window.devicePixelRatio || 1;
      const size = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== size[0] || canvas.height !== size[1]) {
        [canvas.width, canvas.height] = size;
      }
      const context = canvas.getContext("2d");
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      draw(context, width, height);
    };
    canvas.redraw = () => {
      asked = asked || requestAnimationFrame(paint);
    };
    new ResizeObserver(canvas.redraw).observe(canvas);
    explorers.onTheme(canvas.redraw);
    return canvas;
  };

  /** Follow a pointer: `move(x, y, event)` in CSS pixels while it hovers or is held down.
   *
   * With `grip(x, y)` a finger moves only what it began on: elsewhere a swipe scrolls the page, and
   * a tap moves.
   */
  explorers.follow = function (canvas, move, { hover = false, grip = null } = {}) {
    let held = false;
    let taps = false; // whether a click is a tap, and not the end of what was followed
    const place = ({ clientX, clientY }) => {
      const box = canvas.getBoundingClientRect();
      return [clientX - box.left, clientY - box.top];
    };
    const tell = (event) => move(...place(event), event);
    const free = (event) => grip && event.pointerType === "touch" && !grip(...place(event));
    canvas.addEventListener("pointerdown", (event) => {
      taps = free(event);
      if (event.button || taps) return;
      held = true;
      canvas.setPointerCapture(event.pointerId);
      tell(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (held || (hover && event.pointerType === "mouse")) tell(event);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (held = false));
    }
    if (!grip) {
      canvas.style.touchAction = "none";
      return;
    }
    canvas.addEventListener("click", (event) => {
      if (taps) tell(event);
    });
    const hold = (event) => {
      if (grip(...place(event.touches[0]))) event.preventDefault();
    };
    canvas.addEventListener("touchstart", hold, { passive: false });
  };
})();
