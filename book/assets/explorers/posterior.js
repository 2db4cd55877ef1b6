/* The posterior q(z|x), drawn: an ellipse on the plane, or a bar for each dimension. */
(function () {
  "use strict";

  /** q(z|x) on the plane: ellipses of one and two deviations, and a lens with the samples z. */
  explorers.drawEllipse = function (context, view, q, z) {
    const colour = explorers.colour(explorers.palette.vermilion);
    const [x, y] = view.place(...q.mean);
    const box = view.box();
    const unit = box.width / (2 * view.reach);
    const ellipse = (at, scale, wide) => {
      context.beginPath();
      const radii = Array.from(q.deviation, (sigma) => sigma * unit * scale * wide);
      context.ellipse(...at, ...radii, 0, 0, 2 * Math.PI);
    };
    const paint = function (at, scale) {
      context.fillStyle = context.strokeStyle = colour;
      for (const wide of [2, 1]) {
        ellipse(at, scale, wide);
        context.globalAlpha = 0.22;
        context.fill();
        context.globalAlpha = 1;
        context.lineWidth = 1.5;
        context.stroke();
      }
    };
    view.clipped(context, () => paint([x, y], 1));
    // A lens in the corner that the posterior leaves free; twice σ fills most of it.
    const radius = box.width * 0.16;
    const power = Math.max(1, Math.floor((0.45 * radius) / (unit * Math.max(...q.deviation))));
    const lens = [
      q.mean[0] > 0 ? box.left + radius + 6 : box.left + box.width - radius - 6,
      q.mean[1] > 0 ? box.top + box.height - radius - 6 : box.top + radius + 6,
    ];
    const ink = explorers.ink();
    context.save();
    context.strokeStyle = ink.muted;
    context.lineWidth = 1;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(...lens);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.arc(...lens, radius, 0, 2 * Math.PI);
    context.fillStyle = ink.background;
    context.fill();
    context.stroke();
    context.clip();
    paint(lens, power);
    context.fillStyle = ink.text;
    for (const code of z) {
      context.beginPath();
      context.arc(
        lens[0] + (code[0] - q.mean[0]) * unit * power,
        lens[1] - (code[1] - q.mean[1]) * unit * power,
        2.2,
        0,
        2 * Math.PI
      );
      context.fill();
    }
    context.restore();
    context.fillStyle = ink.muted;
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const beside = q.mean[1] > 0 ? -radius - 10 : radius + 10;
    context.fillText(`× ${power}`, lens[0], lens[1] + beside);
  };

  /** q(z|x) in many dimensions: a bar from μ − σ to μ + σ for each, and what each costs. */
  explorers.drawBars = function (context, width, height, q) {
    const ink = explorers.ink();
    const colour = explorers.colour(explorers.palette.vermilion);
    const box = { left: 30, top: 10, width: width - 36, height: height * 0.68 };
    const foot = { top: box.top + box.height + 30, height: height * 0.32 - 66 };
    const n = q.mean.length;
    const across = (j) => box.left + ((j + 0.5) / n) * box.width;
    const up = (z) => box.top + (0.5 - z / 8) * box.height;
    context.fillStyle = ink.border;
    context.globalAlpha = 0.5;
    context.fillRect(box.left, up(1), box.width, up(-1) - up(1));
    context.globalAlpha = 1;
    context.fillStyle = context.strokeStyle = ink.muted;
    context.lineWidth = 1;
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const tick of [-3, -2, -1, 0, 1, 2, 3]) {
      context.fillText(String(tick).replace("-", "−"), box.left - 6, up(tick));
    }
    context.beginPath();
    context.moveTo(box.left, up(0));
    context.lineTo(box.left + box.width, up(0));
    context.stroke();
    context.textAlign = "left";
    context.fillText("μ ± σ of each dimension; grey: the prior, 0 ± 1", box.left, box.top + 6);
    context.fillText("KL of each, in nats", box.left, foot.top - 10);
    context.textAlign = "center";
    const kl = explorers.divergence(q);
    for (let j = 0; j < n; j += 1) {
      const x = across(j);
      const wide = Math.max((box.width / n) * 0.55, 4);
      const [high, low] = [q.mean[j] + q.deviation[j], q.mean[j] - q.deviation[j]].map(up);
      context.fillStyle = colour;
      context.globalAlpha = 0.4;
      context.fillRect(x - wide / 2, high, wide, low - high);
      context.globalAlpha = 1;
      context.fillRect(x - wide / 2, up(q.mean[j]) - 1.25, wide, 2.5);
      const tall = (Math.min(kl[j], 6) / 6) * foot.height;
      context.fillRect(x - wide / 2, foot.top + foot.height - tall, wide, tall);
      context.fillStyle = ink.muted;
      if (width > 360 || j % 2 === 0) context.fillText(j + 1, x, foot.top + foot.height + 12);
    }
    context.beginPath();
    context.moveTo(box.left, foot.top + foot.height + 0.5);
    context.lineTo(box.left + box.width, foot.top + foot.height + 0.5);
    context.stroke();
  };
})();
