/* Section 2.4 in two panels: samples on a function, and histograms of gradient estimates. */
(function () {
  "use strict";

  const BINS = 60;
  const Z_RANGE = [-4, 4];
  const NAMES = { pathwise: "pathwise", score: "score function" };
  // Half the length of a stroke along the slope, in pixels.
  const STROKE = 17;

  const { colour, plot, gradients } = explorers;

  const colours = () => ({
    pathwise: colour(explorers.palette.estimators["estimator B"]),
    score: colour(explorers.palette.estimators["score function"]),
  });

  function dot(context, x, y, fill, edge) {
    plot.marker(context, "o", x, y, 7);
    context.fillStyle = fill;
    context.strokeStyle = edge;
    context.lineWidth = 1.2;
    context.fill();
    context.stroke();
  }

  /** A path over the whole width: `up` gives its height in pixels for each z. */
  function trace(context, { left, right }, up) {
    context.beginPath();
    for (let place = left; place <= right; place += 1) {
      const share = (place - left) / (right - left);
      context.lineTo(place, up(Z_RANGE[0] + share * (Z_RANGE[1] - Z_RANGE[0])));
    }
  }

  /** Above, each sample on f with what either estimator knows of it; below, the way from its noise. */
  function drawSamples(context, [width, height], { test, mu, sigma, epsilons }) {
    const ink = explorers.ink();
    const box = { left: 34, right: width - 8, top: 26, bottom: 0.68 * height };
    const [moving, fixed] = [box.bottom + 22, height - 30];
    const x = plot.scale(Z_RANGE, [box.left, box.right]);
    const y = plot.scale(test.range, [box.bottom, box.top]);
    plot.axes(context, box, {
      x: { scale: x, ticks: plot.ticks(Z_RANGE, 8), grid: false },
      y: { scale: y, ticks: plot.ticks(test.range, 5), label: `f(z) = ${test.label}` },
    });
    plot.line(context, box.left, fixed, box.right, fixed, { colour: ink.muted });
    plot.write(context, "z", box.right, box.bottom - 6, { align: "right" });
    plot.write(context, "ε", box.right, fixed - 8, { align: "right" });
    const remark = { baseline: "middle", colour: ink.muted };
    plot.write(context, "z = μ + σε", box.left, (moving + fixed) / 2, remark);
    plot.write(context, "the noise, which stays", box.left, fixed + 14, remark);

    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 6, box.right - box.left, box.bottom - box.top + 6);
    context.clip();
    // The bell has the same area for every σ.
    const bell = (z) => Math.exp(-0.5 * ((z - mu) / sigma) ** 2) / sigma;
    trace(context, box, (z) => box.bottom - 0.15 * (box.bottom - box.top) * bell(z));
    context.lineTo(box.right, box.bottom);
    context.lineTo(box.left, box.bottom);
    context.globalAlpha = 0.3;
    context.fillStyle = colour(explorers.palette.sky);
    context.fill();
    context.globalAlpha = 1;
    trace(context, box, (z) => y(test.f(z)));
    context.strokeStyle = ink.text;
    context.lineWidth = 1.4;
    context.stroke();
    const { pathwise, score } = colours();
    for (const epsilon of epsilons) {
      const z = mu + sigma * epsilon;
      const [across, up] = [x(z), y(test.f(z))];
      const rise = (test.slope(z) * (y(1) - y(0))) / (x(1) - x(0));
      const half = STROKE / Math.hypot(1, rise);
      const ends = [across - half, up - half * rise, across + half, up + half * rise];
      plot.line(context, across, y(0), across, up, { colour: score, width: 1.3 });
      plot.line(context, ...ends, { colour: pathwise, width: 3 });
      dot(context, across, up, ink.text, ink.surface);
    }
    context.restore();
    for (const epsilon of epsilons) {
      const z = x(mu + sigma * epsilon);
      plot.line(context, z, moving, x(epsilon), fixed, { colour: ink.muted, width: 0.9 });
      dot(context, z, moving, ink.text, ink.surface);
      dot(context, x(epsilon), fixed, ink.surface, ink.text);
    }
  }

  /** A histogram for each estimator, on one axis, and the exact derivative through both. */
  function drawHistograms(context, [width, height], { found, gradient, symbol }) {
    const ink = explorers.ink();
    const [low, high] = gradients.middle(Object.values(found));
    // Round ends, so that the axis stands still while a slider moves a little.
    const step = plot.roundUp(Math.max(high - low, 1e-3) / 8);
    const range = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
    const panel = (height - 50) / 2;
    Object.entries(NAMES).forEach(([key, name], place) => {
      const top = 26 + place * panel;
      const box = { left: 12, right: width - 12, top, bottom: top + panel - 32 };
      const x = plot.scale(range, [box.left, box.right]);
      const last = place === 1;
      const marks = plot.ticks(range, 5).map(({ at, text }) => ({ at, text: last ? text : "" }));
      const label = last && `${found[key].length} estimates of the derivative in ${symbol}`;
      plot.axes(context, box, { x: { scale: x, ticks: marks, label } });
      const counts = gradients.histogram(found[key], range, BINS);
      const unit = (box.bottom - box.top) / Math.max(...counts);
      const wide = (box.right - box.left) / BINS;
      context.fillStyle = colours()[key];
      counts.forEach((count, bin) => {
        const tall = count * unit;
        context.fillRect(box.left + bin * wide, box.bottom - tall, wide - 0.5, tall);
      });
      const truth = { colour: ink.text, width: 1.5, dash: [4, 3] };
      plot.line(context, x(gradient), box.top, x(gradient), box.bottom, truth);
      plot.font(context, 12, "600");
      plot.write(context, name, box.left, box.top - 7);
      if (last) return;
      const left = x(gradient) < width - 70;
      plot.font(context);
      plot.write(context, "exact", x(gradient) + (left ? 9 : -9), box.top + 8, {
        align: left ? "left" : "right",
      });
    });
  }

  explorers.gradientPanels = { drawSamples, drawHistograms };
})();
