/* Explorer 1: walk over the plane of codes, and see what the decoder makes of each place. */
(function () {
  "use strict";

  const { element, number } = explorers;
  const FILES = { mnist: "mnist_2_decoder", frey_face: "frey_face_2_decoder" };
  const NAMES = {
    mnist: "MNIST",
    mnist_5k: "MNIST, 5 000 digits",
    frey_face: "Frey Face",
    cartoon_face: "a drawn face",
  };
  const MORPH = 700; // milliseconds
  const FINGER = 28; // pixels around the cross that a finger takes hold of

  /** The test point whose code is nearest to z. */
  function nearest({ codes }, z) {
    let best = 0;
    let least = Infinity;
    for (let i = 0; 2 * i < codes.length; i += 1) {
      const far = (codes[2 * i] - z[0]) ** 2 + (codes[2 * i + 1] - z[1]) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  async function build(stage) {
    const decoders = {};
    const sheets = {};
    const view = explorers.plane();
    const state = { data: "mnist", unit: 0, shown: "both", z: [0, 0], visited: -1 };
    const decoder = () => decoders[state.data];
    let fresh = false; // whether `ground` is as it should be
    const ground = element("canvas");

    const map = explorers.canvas({
      label:
        "The plane of codes. Arrow keys move through it, with Shift in large steps; " +
        "Home goes to the middle; Page Up and Page Down visit test images.",
      focus: true,
      draw,
    });
    const image = element("canvas", { class: "explorer-image", role: "img" });
    const place = element("p", { class: "explorer-place" });
    const told = element("p", { class: "explorer-told", role: "status" });
    const source = element("p", { class: "explorer-source" });

    function drawGround(width, height) {
      const scale = window.devicePixelRatio || 1;
      ground.width = Math.round(width * scale);
      ground.height = Math.round(height * scale);
      const context = ground.getContext("2d");
      context.setTransform(scale, 0, 0, scale, 0, 0);
      view.clipped(context, (box) => {
        context.fillStyle = explorers.ink().background;
        context.fillRect(box.left, box.top, box.width, box.height);
        if (state.shown !== "points") {
          // Each coordinate system has its own sheet; they give way to one another.
          const end = view.unit > 0.5 ? 1 : 0;
          const share = Math.abs(2 * view.unit - 1);
          const over = state.shown === "both";
          // Digits stay in the background of their points; faces have few points.
          context.globalAlpha = share * (!over ? 1 : decoder().labels ? 0.4 : 0.85);
          context.imageSmoothingQuality = "high";
          const inverted = over && decoder().labels && !explorers.dark();
          if (inverted) context.globalCompositeOperation = "difference";
          context.drawImage(sheetOf(end), box.left, box.top, box.width, box.height);
          context.globalCompositeOperation = "source-over";
          context.globalAlpha = 1;
        }
        if (state.shown !== "images") {
          const over = state.shown === "both";
          explorers.dots(context, view, decoder(), { size: over ? 1.5 : 1.9 });
          explorers.names(context, view, decoder());
        }
      });
      view.axes(context);
      fresh = true;
    }

    function sheetOf(end) {
      const key = `${state.data} ${end}`;
      sheets[key] = sheets[key] || explorers.sheet(decoder(), end === 1, view.reach, again);
      return sheets[key];
    }

    function again() {
      fresh = false;
      map.redraw();
    }

    function draw(context, width, height) {
      if (!decoder()) return;
      if (view.width !== width || view.height !== height) fresh = false;
      [view.width, view.height] = [width, height];
      if (!fresh) drawGround(width, height);
      context.drawImage(ground, 0, 0, width, height);
      view.clipped(context, (box) => {
        const [x, y] = view.place(...state.z);
        for (const [colour, thick] of [["rgb(0 0 0 / 45%)", 2.5], ["rgb(255 255 255 / 80%)", 1]]) {
          context.strokeStyle = colour;
          context.lineWidth = thick;
          context.beginPath();
          context.moveTo(x, box.top);
          context.lineTo(x, y - 9);
          context.moveTo(x, y + 9);
          context.lineTo(x, box.top + box.height);
          context.moveTo(box.left, y);
          context.lineTo(x - 9, y);
          context.moveTo(x + 9, y);
          context.lineTo(box.left + box.width, y);
          context.stroke();
        }
        for (const [colour, thick] of [["#000", 5], [explorers.palette.orange, 2.5]]) {
          context.strokeStyle = colour;
          context.lineWidth = thick;
          context.beginPath();
          context.arc(x, y, 9, 0, 2 * Math.PI);
          context.stroke();
        }
      });
    }

    function go(z) {
      if (!decoder()) return;
      state.z = z.map((value) => Math.min(Math.max(value, -view.reach), view.reach));
      const at = decoder();
      [image.height, image.width] = at.shape;
      explorers.image(at.mean(state.z), at.shape, image);
      const [first, second] = state.z.map((value) => number(value));
      const [u, v] = state.z.map((value) => number(explorers.cdf(value)));
      place.textContent = `z = (${first}, ${second})\nu = (${u}, ${v})`;
      const label = at.labels[nearest(at, state.z)];
      told.textContent = label ? `The nearest test image is a ${label}.` : "";
      image.setAttribute("aria-label", `What the decoder expects at z = (${first}, ${second})`);
      map.redraw();
    }

    async function use(data) {
      decoders[data] = decoders[data] || explorers.decoder(await explorers.load(FILES[data]));
      state.data = data;
      view.reach = explorers.reach(decoder().codes);
      const { samples, codes, labels } = decoder();
      source.textContent =
        `${NAMES[decoder().data]}, after ${explorers.count(samples)} training samples; ` +
        `${explorers.count(codes.length / 2)} encoded test images` +
        `${labels ? ", coloured by label" : " (they have no labels)"}.`;
      again();
      state.visited = -1;
      visit(1);
    }

    /** Move all points from one coordinate system to the other. */
    function morph(unit) {
      state.unit = unit;
      const from = view.unit;
      const begin = performance.now();
      const step = function () {
        const share = explorers.still() ? 1 : Math.min((performance.now() - begin) / MORPH, 1);
        if (state.unit !== unit) return;
        view.unit = from + (unit - from) * share * share * (3 - 2 * share);
        again();
        if (share < 1) requestAnimationFrame(step);
      };
      step();
    }

    function move(across, up, event) {
      if (!decoder()) return;
      const far = event.shiftKey ? 5 : 1;
      if (state.unit) {
        const u = [across, up].map((by, axis) => explorers.cdf(state.z[axis]) + 0.02 * far * by);
        go(u.map((value) => explorers.quantile(Math.min(Math.max(value, 0.001), 0.999))));
      } else {
        go([state.z[0] + 0.1 * far * across, state.z[1] + 0.1 * far * up]);
      }
    }

    function visit(by) {
      if (!decoder()) return;
      const { codes } = decoder();
      const n = codes.length / 2;
      state.visited = (state.visited + by + n) % n;
      go([codes[2 * state.visited], codes[2 * state.visited + 1]]);
    }

    const near = (x, y) => {
      const [across, up] = view.place(...state.z);
      return Math.hypot(x - across, y - up) < FINGER;
    };
    explorers.follow(map, (x, y) => go(view.code(x, y)), { hover: true, grip: near });
    explorers.keys(map, {
      ArrowLeft: (event) => move(-1, 0, event),
      ArrowRight: (event) => move(1, 0, event),
      ArrowUp: (event) => move(0, 1, event),
      ArrowDown: (event) => move(0, -1, event),
      Home: () => go([0, 0]),
      PageDown: () => visit(1),
      PageUp: () => visit(-1),
    });
    stage.append(
      element(
        "div",
        { class: "explorer-controls" },
        explorers.choice("Data", { mnist: "digits", frey_face: "faces" }, "mnist", use),
        explorers.choice("Plane", { 0: "codes z", 1: "unit square" }, 0, (unit) =>
          morph(Number(unit))
        ),
        explorers.choice(
          "Show",
          { both: "both", points: "points", images: "images" },
          state.shown,
          (shown) => {
            state.shown = shown;
            again();
          }
        )
      ),
      element(
        "div",
        { class: "explorer-manifold-panels" },
        map,
        element("div", { class: "explorer-seen" }, image, element("div", {}, place, told))
      ),
      explorers.suggestions(
        "Walk from a 1 to a 0, slowly. Where does one become the other, and what stands there?",
        "Go to the unit square. The empty rim is gone: equal areas are now equally probable.",
        "Leave the points far behind. The decoder still answers; nothing trained it there.",
        "With the keyboard: arrow keys, Shift for large steps, Page Down for the next test image."
      ),
      source
    );
    await use("mnist");
  }

  explorers.register("manifold", {
    invitation: "Move through it yourself",
    caption:
      "The plane of codes of a model with two latent dimensions, with the means of q(z|x) of test " +
      "images and the decoder’s means on an even grid, as chosen; and what the decoder expects at " +
      "the place of the ring. The last line above says of which data, and how long it was trained.",
    build,
  });
})();
