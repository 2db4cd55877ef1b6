/* Section 2.2: Eq. 1 in motion. The model's θ and the Gaussian q are dragged; the bound follows. */
(function () {
  "use strict";

  const SEEN = [-3, 3]; // of z
  const HIGHEST = 2.1; // of a density
  const NATS = [-3, -0.6];
  const SLOPES = 101; // values of θ at which the curves are computed
  const FINGER = 28; // pixels around a handle

  const { element, number, plot, colour } = explorers;
  const { X, NOISE, START, RANGES, z, logNormal, logJoint, logEvidence, gaussian, bound, split } =
    explorers.oneDimensional;
  const { bestGaussian, bestSlope } = explorers.oneDimensional;

  const slopes = Array.from(
    { length: SLOPES },
    (_, i) => RANGES.theta[0] + (i / (SLOPES - 1)) * (RANGES.theta[1] - RANGES.theta[0])
  );

  function handle(context, x, y) {
    plot.marker(context, "o", x, y, 15);
    context.fillStyle = colour(explorers.palette.orange);
    context.strokeStyle = explorers.ink().text;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  }

  function curve(context, points, shade, width = 2, dash = []) {
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(x, y));
    context.strokeStyle = shade;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  }

  function area(context, points, shade) {
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(x, y));
    context.globalAlpha = 0.35;
    context.fillStyle = shade;
    context.fill();
    context.globalAlpha = 1;
  }

  function clipped(context, box, draw) {
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    context.clip();
    draw();
    context.restore();
  }

  function build(stage, container) {
    const state = { ...START };
    const joints = slopes.map(logJoint);
    const evidences = joints.map(logEvidence);
    const handles = { densities: {}, bounds: {} };

    const densities = explorers.canvas({
      label: "The posterior and q over z. Drag the top of q for its mean, its flank for its width.",
      ratio: 1.15,
      draw(context, width, height) {
        const box = { left: 30, right: width - 8, top: 26, bottom: height - 40 };
        const x = plot.scale(SEEN, [box.left, box.right]);
        const y = plot.scale([0, HIGHEST], [box.bottom, box.top]);
        plot.axes(context, box, {
          x: { scale: x, ticks: plot.ticks(SEEN, 6), label: "z", grid: false },
          y: { scale: y, ticks: plot.ticks([0, HIGHEST], 4), label: "density of z" },
        });
        const joint = logJoint(state.theta);
        const evidence = logEvidence(joint);
        const [blue, red] = [explorers.palette.blue, explorers.palette.vermilion].map(colour);
        const posterior = Array.from(z, (at, i) => [x(at), y(Math.exp(joint[i] - evidence))]);
        const q = (at) => Math.exp(logNormal(at, state.mean, state.deviation));
        clipped(context, box, () => {
          area(context, posterior, colour(explorers.palette.sky));
          curve(context, posterior, blue);
          curve(context, Array.from(z, (at) => [x(at), y(q(at))]), red, 2, [7, 3]);
        });
        const flank = state.mean + state.deviation;
        handles.densities = {
          mean: [x(state.mean), y(q(state.mean))],
          deviation: [x(flank), y(q(flank))],
        };
        plot.line(context, x(state.mean), y(q(flank)), x(flank), y(q(flank)), { colour: red });
        Object.values(handles.densities).forEach((place) => handle(context, ...place));
        plot.font(context, 13, "600");
        plot.write(context, "p(z|x)", box.right, box.top + 4, { align: "right", colour: blue });
        plot.write(context, "q(z)", box.right, box.top + 22, { align: "right", colour: red });
        densities.unscale = (at) => SEEN[0] + ((at - box.left) / (box.right - box.left)) * 6;
      },
    });

    const bounds = explorers.canvas({
      label: "log p(x) and the bound over θ; the gap at θ is the divergence. Drag θ.",
      ratio: 1.15,
      draw(context, width, height) {
        const box = { left: 40, right: width - 8, top: 26, bottom: height - 40 };
        const x = plot.scale(RANGES.theta, [box.left, box.right]);
        const y = plot.scale(NATS, [box.bottom, box.top]);
        plot.axes(context, box, {
          x: { scale: x, ticks: plot.ticks(RANGES.theta, 5), label: "θ", grid: false },
          y: { scale: y, ticks: plot.ticks(NATS, 5), label: "nats" },
        });
        const ink = explorers.ink();
        const blue = colour(explorers.palette.blue);
        const q = gaussian(state.mean, state.deviation);
        const over = slopes.map((theta, i) => [x(theta), y(evidences[i])]);
        const under = slopes.map((theta, i) => [x(theta), y(bound(joints[i], q))]);
        const now = split(state.theta, state.mean, state.deviation);
        const at = x(state.theta);
        const foot = Math.min(y(now.bound), box.bottom);
        clipped(context, box, () => {
          area(context, [...over, ...[...under].reverse()], colour(explorers.palette.sky));
          curve(context, over, ink.text);
          curve(context, under, blue);
          const gap = { colour: colour(explorers.palette.vermilion), width: 4 };
          plot.line(context, at, y(now.evidence), at, foot, gap);
        });
        handles.bounds = { theta: [at, foot] };
        handle(context, at, foot);
        plot.font(context, 13, "600");
        plot.write(context, "log p(x)", box.right, box.top + 4, { align: "right" });
        plot.write(context, "bound 𝓛", box.right, box.bottom - 10, { align: "right", colour: blue });
        const [low, high] = RANGES.theta;
        bounds.unscale = (place) => low + ((place - box.left) / (box.right - box.left)) * (high - low);
      },
    });

    const readout = element("p", { class: "explorer-readout" });
    const voice = element("p", { class: "visually-hidden", role: "status" });
    let telling = 0;

    function show() {
      const { evidence, bound: below, kl } = split(state.theta, state.mean, state.deviation);
      readout.textContent =
        `log p(x) ${number(evidence, 3)} = bound ${number(below, 3)} + divergence ` +
        `${number(kl, 3)} nats.`;
      densities.redraw();
      bounds.redraw();
      // A voice reads the outcome, not each step of a moving handle.
      clearTimeout(telling);
      telling = setTimeout(() => (voice.textContent = readout.textContent), 500);
    }

    const sliders = {};
    for (const [name, label] of [["theta", "θ"], ["mean", "μ"], ["deviation", "σ"]]) {
      const [min, max] = RANGES[name];
      const change = (value) => {
        state[name] = value;
        show();
      };
      const bounded = { min, max, step: 0.01, value: state[name] };
      sliders[name] = explorers.slider(label, bounded, change);
    }

    /** Move the parameters here, and the sliders with them. */
    function go(values) {
      for (const [name, value] of Object.entries(values)) {
        const [low, high] = RANGES[name];
        sliders[name].set(Math.min(Math.max(value, low), high));
      }
    }

    /** Let a canvas be dragged by the nearest of its handles. */
    function drag(canvas, panel) {
      let held = "";
      canvas.handles = () => handles[panel];
      const far = ([across, up], x, y) => Math.hypot(across - x, up - y);
      const nearest = (x, y) =>
        Object.entries(canvas.handles()).sort(([, a], [, b]) => far(a, x, y) - far(b, x, y))[0];
      const grip = (x, y) => far(nearest(x, y)[1], x, y) < FINGER;
      explorers.follow(
        canvas,
        (x, y, event) => {
          if (event.type !== "pointermove") [held] = nearest(x, y);
          const value = canvas.unscale(x);
          go({ [held]: held === "deviation" ? Math.abs(value - state.mean) : value });
        },
        { grip }
      );
      canvas.style.cursor = "grab";
    }
    drag(densities, "densities");
    drag(bounds, "bounds");

    stage.append(
      element(
        "div",
        { class: "explorer-columns" },
        element("div", {}, densities, sliders.mean, sliders.deviation),
        element("div", {}, bounds, sliders.theta)
      ),
      readout,
      voice,
      element(
        "div",
        { class: "explorer-row" },
        explorers.button("Best q for this θ", () => go(bestGaussian(state))),
        explorers.button("Best θ for this q", () => go(bestSlope(state))),
        explorers.button("From the start", () => go(START))
      ),
      explorers.suggestions(
        "Drag q until it lies on the posterior. The bound rises at θ and nearly touches log p(x); what is left is the skewness that no Gaussian has.",
        "Leave q there and drag θ. The bound lifts off: q was made for another θ.",
        "Set θ to 0 and take the best q. The posterior is the prior, q equals it, and the gap closes.",
        "Press the two buttons in turn. Each step raises the bound, and so climbs towards a likely θ."
      )
    );
    const caption = container.querySelector(".caption-text");
    if (caption) {
      caption.textContent =
        `Equation (1) for the example at x = ${X} with s = ${NOISE}. Left the exact posterior ` +
        "(shaded) and your q. Right log p(x) (above) and the bound for this q (below) at every θ; " +
        "the gap between them is the divergence from q to the posterior of that θ.";
    }
    show();
  }

  explorers.register("bound", { invitation: "Move θ and q yourself", build });
})();
