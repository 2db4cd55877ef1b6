/* One panel of learning curves, drawn as companion/figures/curve_panel.py draws it.
 *
 * Grey and hollow is the paper, without markers a reference run, with markers an own one. A solid
 * line is a run as run, a dotted one as written; on the training set it has dashes.
 */
(function () {
  "use strict";

  const { plot } = explorers;

  // About as many markers in a curve, however long it is.
  const MARKS = 12;

  // Of the lines of both readings; the reader's own runs are as written.
  const WIDTHS = { "as run": 2.4, "as written": 1.8, own: 1.8, paper: 1.2 };

  /** How a series is drawn. */
  function style({ source, algorithm, split }) {
    const { algorithms, dashes, markers, readings } = explorers.palette;
    const paper = source === "paper";
    const tested = split === "test";
    const width = tested ? WIDTHS[source] : 0.75 * WIDTHS[source];
    const pattern = paper ? dashes : readings[source] || readings["as written"];
    return {
      colour: explorers.colour(algorithms[paper ? "paper" : algorithm]),
      width,
      dash: pattern[split].map((length) => length * width),
      marked: tested && source === "own",
      markedAtEnd: tested && paper,
      hollow: paper,
      shape: markers[algorithm],
    };
  }

  /** A range of values with the paper's curves in it, and all others from an eighth of their way. */
  function valueRange(visible, lowest) {
    const values = visible.flatMap((series) => {
      const from = series.source === "paper" ? 0 : series.samples[series.samples.length - 1] / 8;
      return series.value.filter((_, at) => series.samples[at] >= from);
    });
    const [low, high] = [Math.max(lowest, Math.min(...values)), Math.max(...values)];
    const margin = 0.05 * (high - low) || 1;
    return [low - margin, high + margin];
  }

  /** Fill and edge of a marker, on the page's own ground. */
  function fillMarker(context, { colour, hollow }) {
    const ground = explorers.ink().surface;
    context.fillStyle = hollow ? ground : colour;
    context.strokeStyle = hollow ? colour : ground;
    context.lineWidth = hollow ? 1.2 : 0.7;
    context.fill();
    context.stroke();
  }

  function drawSeries(context, series, { place, y, chosen }) {
    const look = style(series);
    const points = series.value.map((_, at) => place(series, at));
    const last = points.length - 1;
    const every = Math.ceil(points.length / MARKS);
    context.save();
    if (series.low) {
      context.beginPath();
      series.high.forEach((value, at) => context.lineTo(points[at].x, y(value)));
      for (let at = last; at >= 0; at -= 1) context.lineTo(points[at].x, y(series.low[at]));
      context.globalAlpha = 0.18;
      context.fillStyle = look.colour;
      context.fill();
    }
    context.globalAlpha = 1;
    context.strokeStyle = look.colour;
    context.lineWidth = chosen ? look.width + 1.2 : look.width;
    context.setLineDash(look.dash);
    context.beginPath();
    series.value.forEach((value, at) => context.lineTo(points[at].x, y(value)));
    context.stroke();
    context.setLineDash([]);
    points.forEach((point, at) => {
      const below = point.below && series.split === "test";
      const regular = look.marked && (last - at) % every === 0;
      if (!below && !regular && !(look.markedAtEnd && at === last)) return;
      plot.marker(context, below ? "v" : look.shape, point.x, point.y, 7.5);
      fillMarker(context, look);
    });
    context.restore();
  }

  /** The chosen point: a ring, lines to the axes, and its value above it. */
  function drawChosen(context, { box, width, point, value }) {
    const ink = explorers.ink();
    const guide = { colour: ink.muted, dash: [2, 3] };
    const { x, y, below } = point;
    plot.line(context, x, y, x, box.bottom, guide);
    if (!below) plot.line(context, box.left, y, x, y, guide);
    plot.marker(context, "o", x, y, 13);
    context.strokeStyle = ink.text;
    context.lineWidth = 2;
    context.stroke();
    plot.font(context, 13, "600");
    const text = explorers.number(value, 1);
    const wide = context.measureText(text).width + 14;
    const left = Math.min(Math.max(x - wide / 2, 2), width - wide - 2);
    // Below the point where it would lie on the label of the axis.
    const top = y - 36 < box.top - 6 ? y + 12 : y - 36;
    context.fillStyle = ink.text;
    context.fillRect(left, top, wide, 24);
    const middle = { align: "center", baseline: "middle", colour: ink.background };
    plot.write(context, text, left + wide / 2, top + 12.5, middle);
  }

  /** Draw the visible series, of which one may be chosen at one of its points.
   *
   * Returns a function that tells where a point of a series lies, {x, y, below}; one below the panel
   * is drawn on its lower edge. Returns null if there is nothing to draw.
   */
  function drawPanel(context, [width, height], view) {
    const { visible, measure, lowest, series: chosen, at } = view;
    const box = { left: 48, right: width - 14, top: 30, bottom: height - 46 };
    plot.font(context, 13);
    if (!visible.length) {
      plot.write(context, "No curve is left.", width / 2, height / 2, { align: "center" });
      return null;
    }
    const counts = visible.flatMap((series) => series.samples);
    const across = [Math.min(...counts) / 1.25, Math.max(...counts) * 1.25];
    const up = valueRange(visible, lowest);
    const x = plot.scale(across, [box.left, box.right], true);
    const y = plot.scale(up, [box.bottom, box.top]);
    const place = (series, point) => {
      const exact = y(series.value[point]);
      const below = exact > box.bottom;
      return { x: x(series.samples[point]), y: below ? box.bottom - 7 : exact, below };
    };
    plot.axes(context, box, {
      x: {
        scale: x,
        ticks: plot.logarithmicTicks(across),
        label: "training samples evaluated",
      },
      y: { scale: y, ticks: plot.ticks(up, 5), label: `${measure} (nats per datapoint)` },
    });
    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 6, width - box.left, box.bottom - box.top + 6);
    context.clip();
    for (const series of visible) {
      drawSeries(context, series, { place, y, chosen: series === chosen });
    }
    context.restore();
    if (visible.includes(chosen)) {
      drawChosen(context, { box, width, point: place(chosen, at), value: chosen.value[at] });
    }
    return place;
  }

  /** A legend's entry: a line, and a marker on it if there is one. */
  function drawSwatch(context, [width, height], { colour, dash, thick, shape, hollow }) {
    plot.line(context, 1, height / 2, width - 1, height / 2, { colour, dash, width: thick || 2 });
    if (!shape) return;
    plot.marker(context, shape, width / 2, height / 2, 8);
    fillMarker(context, { colour, hollow });
  }

  explorers.curvePanel = { drawPanel, drawSwatch };
})();
