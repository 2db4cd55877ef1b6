/* The plane of codes: its two coordinate systems, its axes, and the test points on it. */
(function () {
  "use strict";

  const MARGIN = { left: 34, right: 10, top: 10, bottom: 30 };

  /** The standard normal density. */
  const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

  /** Φ, the Gaussian CDF, by the series of Marsaglia (2004), exact to rounding for |z| < 7. */
  explorers.cdf = function (z) {
    if (Math.abs(z) > 7) return z > 0 ? 1 : 0;
    let sum = z;
    for (let term = z, i = 3, before = 0; sum !== before; i += 2) {
      before = sum;
      term *= (z * z) / i;
      sum += term;
    }
    return 0.5 + sum * density(z);
  };

  /** Its inverse, by Newton's method; u is kept off 0 and 1, where it is infinite. */
  explorers.quantile = function (u) {
    const inside = Math.min(Math.max(u, 1e-6), 1 - 1e-6);
    let z = 0;
    for (let i = 0; i < 60; i += 1) {
      const step = (explorers.cdf(z) - inside) / density(z);
      z -= Math.max(-0.7, Math.min(0.7, step));
      if (Math.abs(step) < 1e-12) break;
    }
    return z;
  };

  /** A view of the plane. `unit` is 0 for the coordinates z, 1 for u = Φ(z), or between.
   *
   * In z it goes from −`reach` to `reach`.
   */
  explorers.plane = function () {
    const view = { unit: 0, width: 1, height: 1, reach: 4 };
    const share = function (z) {
      const plain = (z + view.reach) / (2 * view.reach);
      return view.unit ? plain + view.unit * (explorers.cdf(z) - plain) : plain;
    };

    /** The rectangle of the plane within the canvas. */
    view.box = () => ({
      left: MARGIN.left,
      top: MARGIN.top,
      width: view.width - MARGIN.left - MARGIN.right,
      height: view.height - MARGIN.top - MARGIN.bottom,
    });

    /** From z to pixels. */
    view.place = function (first, second) {
      const box = view.box();
      return [box.left + share(first) * box.width, box.top + (1 - share(second)) * box.height];
    };

    /** From pixels to z, at one of the two ends. */
    view.code = function (x, y) {
      const box = view.box();
      const shares = [(x - box.left) / box.width, 1 - (y - box.top) / box.height];
      return shares.map((value) => {
        const within = Math.min(Math.max(value, 0.001), 0.999);
        return view.unit > 0.5 ? explorers.quantile(within) : (2 * within - 1) * view.reach;
      });
    };

    /** Axes around the plane, with ticks at values of z, as in Fig. 4. */
    view.axes = function (context) {
      const ink = explorers.ink();
      const box = view.box();
      const step = view.unit > 0.5 ? 0.5 : Math.ceil(view.reach / 4);
      const ticks = [-3, -2, -1, 0, 1, 2, 3].map((count) => count * step);
      context.strokeStyle = ink.muted;
      context.lineWidth = 1;
      context.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
      context.fillStyle = ink.muted;
      context.font = "12px system-ui, sans-serif";
      for (const tick of ticks) {
        const name = String(tick).replace("-", "−");
        const [x, y] = view.place(tick, tick);
        context.textAlign = "center";
        context.textBaseline = "top";
        context.fillText(name, x, box.top + box.height + 5);
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillText(name, box.left - 5, y);
      }
      context.font = "italic 13px Georgia, serif";
      context.textAlign = "right";
      context.textBaseline = "bottom";
      context.fillText("z₁", box.left + box.width - 1, view.height - 1);
      context.textAlign = "left";
      context.textBaseline = "top";
      context.fillText("z₂", 2, 2);
    };

    /** Run `draw` with everything outside the plane cut off. */
    view.clipped = function (context, draw) {
      const box = view.box();
      context.save();
      context.beginPath();
      context.rect(box.left, box.top, box.width, box.height);
      context.clip();
      draw(box);
      context.restore();
    };
    return view;
  };

  /** How far the plane must reach to show all but the most distant codes. */
  explorers.reach = function (codes) {
    const far = Array.from(codes, Math.abs).sort((a, b) => a - b);
    return Math.max(3.5, 1.05 * far[Math.floor(0.998 * (far.length - 1))]);
  };

  /** The codes of test points as dots, coloured by label where they have one. */
  explorers.dots = function (context, view, { codes, labels }, { size = 1.7, alpha = 0.75 } = {}) {
    const palette = explorers.palette;
    const shades = palette.digits.map(explorers.colour);
    const plain = explorers.colour(palette.blue);
    context.save();
    context.globalAlpha = alpha;
    // In the order of the data: drawn digit by digit, the last would cover the others.
    for (let i = 0; 2 * i < codes.length; i += 1) {
      const [x, y] = view.place(codes[2 * i], codes[2 * i + 1]);
      context.fillStyle = labels ? shades[labels[i]] : plain;
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.fill();
    }
    context.restore();
  };

  /** Places in pixels, those nearer than `least` to each other moved apart. */
  explorers.apart = function (places, least) {
    const moved = places.map((place) => [...place]);
    for (let turn = 0; turn < 100; turn += 1) {
      for (let i = 0; i < moved.length; i += 1) {
        for (let j = 0; j < i; j += 1) {
          const [across, up] = [0, 1].map((axis) => moved[i][axis] - moved[j][axis]);
          const distance = Math.hypot(across, up);
          if (distance >= least) continue;
          const away = distance ? [across / distance, up / distance] : [1, 0];
          for (const axis of [0, 1]) {
            moved[i][axis] += ((least - distance) / 2) * away[axis];
            moved[j][axis] -= ((least - distance) / 2) * away[axis];
          }
        }
      }
    }
    return moved;
  };

  /** Each label's name at the median of its points, because nobody tells ten colours apart.
   *
   * Names that would cover each other stand side by side.
   */
  explorers.names = function (context, view, { codes, labels }) {
    const ink = explorers.ink();
    context.save();
    context.font = "700 16px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = ink.background;
    context.fillStyle = ink.text;
    const names = [...new Set(labels)];
    const middles = names.map((label) => {
      const of = [...labels].flatMap((other, i) => (other === label ? [i] : []));
      return view.place(
        ...[0, 1].map(
          (axis) => of.map((i) => codes[2 * i + axis]).sort((a, b) => a - b)[of.length >> 1]
        )
      );
    });
    explorers.apart(middles, 18).forEach(([x, y], i) => {
      context.strokeText(names[i], x, y);
      context.fillText(names[i], x, y);
    });
    context.restore();
  };
})();
