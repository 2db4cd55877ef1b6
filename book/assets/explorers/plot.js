/* Scales, axes and markers in the manner of the matplotlib figures, for explorers with curves. */
(function () {
  "use strict";

  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  /** A function from `domain` to the pixels of `range`, linear or logarithmic. */
  function scale([low, high], [start, end], logarithmic = false) {
    const bend = logarithmic ? Math.log10 : (value) => value;
    const perUnit = (end - start) / (bend(high) - bend(low));
    return (value) => start + (bend(value) - bend(low)) * perUnit;
  }

  /** The smallest of 1, 2, 5, 10, 20, … (and their tenths) that is at least `least`. */
  function roundUp(least) {
    const power = 10 ** Math.floor(Math.log10(least) + 1e-9);
    return power * [1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9));
  }

  /** About `count` round numbers within a range, each with its text. */
  function ticks([low, high], count) {
    const step = roundUp((high - low) / count);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const at = (first + i) * step;
      return { at, text: explorers.number(at, digits) };
    });
  }

  /** A power of ten as text; the smaller ones are written out. */
  function powerOfTen(exponent) {
    if (exponent >= -2 && exponent <= 3) return grouped(10 ** exponent);
    const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]);
    return `10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
  }

  /** The powers of ten within a range, each with its text. */
  function decades([low, high]) {
    const first = Math.ceil(Math.log10(low) - 1e-9);
    const last = Math.floor(Math.log10(high) + 1e-9);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({
      at: 10 ** (first + i),
      text: powerOfTen(first + i),
    }));
  }

  /** Ticks of a logarithmic axis: powers of ten, with 2 and 5 between where these are few. */
  function logarithmicTicks([low, high]) {
    const powers = decades([low, high]);
    if (powers.length > 1) return powers;
    const values = decades([low / 10, high * 10]).flatMap(({ at }) => [at, 2 * at, 5 * at]);
    return values
      .filter((at) => low <= at && at <= high)
      .map((at) => ({ at, text: grouped(Number(at.toPrecision(1))) }));
  }

  /** A number of any kind with the digits before its point in threes. */
  function grouped(value) {
    const [whole, ...rest] = String(value).split(".");
    return [explorers.count(whole), ...rest].join(".");
  }

  /** The page's own font, at a size in pixels. */
  function font(context, size = 12, style = "") {
    const family = getComputedStyle(context.canvas).fontFamily || "sans-serif";
    context.font = `${style} ${size}px ${family}`.trim();
  }

  /** Text at a place; `align` and `baseline` as the canvas knows them. */
  function write(context, text, x, y, { align = "left", baseline = "alphabetic", colour } = {}) {
    context.textAlign = align;
    context.textBaseline = baseline;
    context.fillStyle = colour || explorers.ink().text;
    context.fillText(text, x, y);
  }

  /** A straight line. */
  function line(context, x0, y0, x1, y1, { colour, width = 1, dash = [] }) {
    context.save();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
    context.restore();
  }

  /** The frame of a panel: grid, ticks and labels, left and below.
   *
   * `box` is {left, top, right, bottom}. An axis is {scale, ticks, label, grid}, or absent.
   */
  function axes(context, box, { x, y }) {
    const ink = explorers.ink();
    const pale = { colour: ink.border, width: 0.8 };
    const dark = { colour: ink.muted };
    font(context);
    for (const { at, text } of x ? x.ticks : []) {
      const place = x.scale(at);
      if (x.grid !== false) line(context, place, box.top, place, box.bottom, pale);
      line(context, place, box.bottom, place, box.bottom + 4, dark);
      write(context, text, place, box.bottom + 7, { align: "center", baseline: "top" });
    }
    for (const { at, text } of y ? y.ticks : []) {
      const place = y.scale(at);
      if (y.grid !== false) line(context, box.left, place, box.right, place, pale);
      line(context, box.left - 4, place, box.left, place, dark);
      write(context, text, box.left - 7, place, { align: "right", baseline: "middle" });
    }
    if (x) line(context, box.left, box.bottom, box.right, box.bottom, dark);
    if (y) line(context, box.left, box.top, box.left, box.bottom, dark);
    if (x?.label) {
      const middle = (box.left + box.right) / 2;
      write(context, x.label, middle, box.bottom + 24, { align: "center", baseline: "top" });
    }
    if (y?.label) {
      // Level and above the axis, where there is room on a phone too.
      write(context, y.label, 0, box.top - 10);
    }
  }

  /** A marker of the figures: "o", "s", "^" or "v", of about `size` pixels across. */
  function marker(context, shape, x, y, size) {
    const r = size / 2;
    context.beginPath();
    if (shape === "s") context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
    else if (shape === "^" || shape === "v") {
      const up = shape === "^" ? 1 : -1;
      context.moveTo(x, y - 1.1 * r * up);
      context.lineTo(x + 1.1 * r, y + 0.9 * r * up);
      context.lineTo(x - 1.1 * r, y + 0.9 * r * up);
      context.closePath();
    } else context.arc(x, y, r, 0, 2 * Math.PI);
  }

  explorers.plot = { scale, roundUp, ticks, logarithmicTicks, grouped, font, write, line, axes };
  explorers.plot.marker = marker;
})();
