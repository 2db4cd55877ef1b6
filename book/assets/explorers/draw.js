/* Explorer 2: draw a digit; see its posterior, samples from it, and the bound of Eq. 3 in parts. */
(function () {
  "use strict";

  const { element, number } = explorers;
  const SHAPE = [28, 28];
  const SHOWN = 7; // samples that are decoded to be seen
  const DRAWS = 32; // L, draws that the reconstruction is averaged over

  const COLOURS = {
    reconstruction: explorers.palette.orange,
    kl: explorers.palette.vermilion,
  };

  function bytes(base64) {
    return Float32Array.from(atob(base64), (character) => character.charCodeAt(0) / 255);
  }

  async function build(stage) {
    const models = {};
    const view = explorers.plane();
    const state = { latent: 2, x: null, seed: 1, q: null, z: [] };

    async function model(latent) {
      models[latent] = models[latent] || {
        encoder: explorers.encoder(await explorers.load(`mnist_${latent}_encoder`)),
        decoder: explorers.decoder(await explorers.load(`mnist_${latent}_decoder`)),
      };
      return models[latent];
    }

    const ground = element("canvas");
    let grounded = "";
    function drawMap(context, width, height) {
      if (!models[2]) return;
      [view.width, view.height] = [width, height];
      const scale = window.devicePixelRatio || 1;
      const key = `${width} ${height} ${scale} ${explorers.dark()}`;
      if (grounded !== key) {
        grounded = key;
        [ground.width, ground.height] = [width, height].map((side) => Math.round(side * scale));
        const under = ground.getContext("2d");
        under.setTransform(scale, 0, 0, scale, 0, 0);
        view.clipped(under, (box) => {
          under.fillStyle = explorers.ink().background;
          under.fillRect(box.left, box.top, box.width, box.height);
          explorers.dots(under, view, models[2].decoder, { alpha: 0.5 });
          explorers.names(under, view, models[2].decoder);
        });
        view.axes(under);
      }
      context.drawImage(ground, 0, 0, width, height);
      if (state.q) explorers.drawEllipse(context, view, state.q, state.z.slice(0, SHOWN));
    }

    const posterior = explorers.canvas({
      label: "The posterior q(z|x)",
      draw(context, width, height) {
        if (state.latent === 2) drawMap(context, width, height);
        else explorers.drawBars(context, width, height, state.q || { mean: [], deviation: [] });
      },
    });
    const pad = explorers.pad((x) => {
      state.x = x;
      update();
    });
    const cells = Array.from({ length: SHOWN + 1 }, () =>
      element("canvas", { width: SHAPE[1], height: SHAPE[0], role: "img" })
    );
    const row = element(
      "div",
      { class: "explorer-cells" },
      ...cells.map((cell, i) =>
        element("div", {}, cell, element("span", {}, i ? `sample ${i}` : "x"))
      )
    );
    const bar = element("div", { class: "explorer-bar" });
    const average = element("div", { class: "explorer-bar" });
    const bars = element(
      "div",
      { class: "explorer-bars", "aria-hidden": "true" },
      element("span", {}, "this image"),
      bar,
      element("span", {}, "test images"),
      average
    );
    const sum = element("p", { class: "explorer-sum", role: "status" });
    const usual = element("p", { class: "explorer-source" });
    const note = element(
      "p",
      { class: "explorer-source" },
      `x is the drawing in MNIST's form: its longer side fills ${explorers.BOX} pixels, its centre ` +
        `of mass lies in the middle of 28 × 28. The reconstruction is the mean over ${DRAWS} ` +
        "draws of z; the first seven are shown, decoded."
    );

    /** Two segments in proportion to nats. */
    function fill(target, reconstruction, kl, scale) {
      const segment = (part, nats) =>
        element("span", {
          style: `width: ${(100 * nats) / scale}%; background: ${COLOURS[part]}`,
        });
      target.replaceChildren(segment("reconstruction", -reconstruction), segment("kl", kl));
    }

    /** A term of the bound with its colour beside it. */
    const term = (part, text) =>
      element(
        "span",
        { class: "explorer-term" },
        element("i", { style: `background: ${COLOURS[part]}` }),
        text
      );

    function update() {
      if (!models[state.latent]) return;
      const { encoder, decoder } = models[state.latent];
      const test = encoder.test;
      const blank = state.x === null;
      const x = state.x || new Float32Array(SHAPE[0] * SHAPE[1]);
      explorers.image(x, SHAPE, cells[0]);
      cells[0].setAttribute("aria-label", "The drawing as the encoder sees it");
      row.classList.toggle("blank", blank);
      state.q = blank ? null : encoder.encode(x);
      fill(average, test.reconstruction, test.kl, 300);
      if (blank) {
        state.z = [];
        sum.textContent = "Draw a digit, or choose one of those below the pad.";
        bar.replaceChildren();
      } else {
        const epsilon = explorers.normal(state.seed);
        state.z = Array.from({ length: DRAWS }, () =>
          Array.from(state.q.mean, (mu, j) => mu + state.q.deviation[j] * epsilon())
        );
        const logits = state.z.map(decoder.logits);
        const each = logits.map((some) => explorers.logLikelihood(x, some));
        const mean = each.reduce((total, value) => total + value, 0) / DRAWS;
        const kl = explorers.divergence(state.q).reduce((total, value) => total + value, 0);
        for (let i = 0; i < SHOWN; i += 1) {
          const shades = logits[i].map((logit) => 1 / (1 + Math.exp(-logit)));
          explorers.image(shades, SHAPE, cells[i + 1]);
          cells[i + 1].setAttribute("aria-label", `Decoded sample ${i + 1}`);
        }
        const scale = Math.max(300, kl - mean);
        fill(bar, mean, kl, scale);
        fill(average, test.reconstruction, test.kl, scale);
        state.parts = { reconstruction: mean, kl, bound: mean - kl };
        sum.replaceChildren(
          element("b", {}, `bound ${number(mean - kl, 1)}`),
          " = ",
          term("reconstruction", `reconstruction ${number(mean, 1)}`),
          " − ",
          term("kl", `KL ${number(kl, 1)}`),
          " nats"
        );
      }
      posterior.redraw();
      usual.textContent =
        `Test images on average: bound ${number(test.reconstruction - test.kl, 1)} = ` +
        `${number(test.reconstruction, 1)} − ${number(test.kl, 1)} nats, after ` +
        `${explorers.count(decoder.samples)} training samples.`;
    }

    const images = []; // one test image of each digit
    const examples = Array.from({ length: 10 }, (_, digit) =>
      element(
        "button",
        {
          type: "button",
          "aria-label": `Take a test image of a ${digit}`,
          click: () => images[digit] && pad.show(images[digit]),
        },
        element("canvas", { width: SHAPE[1], height: SHAPE[0] })
      )
    );
    stage.append(
      element(
        "div",
        { class: "explorer-controls" },
        explorers.choice("Dimensions", { 2: "2", 20: "20" }, 2, async (latent) => {
          await model(Number(latent));
          state.latent = Number(latent);
          update();
        }),
        explorers.button("Clear", () => pad.clear()),
        explorers.button("New samples", () => {
          state.seed += 1;
          update();
        })
      ),
      element(
        "div",
        { class: "explorer-draw-panels" },
        element("div", { class: "explorer-pad" }, pad, element("div", { class: "explorer-examples" }, ...examples)),
        posterior
      ),
      row,
      sum,
      bars,
      usual,
      note,
      explorers.suggestions(
        "Draw a 4 and close it slowly to a 9. Watch the posterior cross the plane.",
        "Draw something that is no digit. Which term pays for it?",
        "Take an example with 2 dimensions, then with 20: the code costs more, and buys more.",
        "With the keyboard: arrow keys move the pen, Space puts it down, Tab leads to the examples."
      )
    );
    images.push(...(await explorers.load("digits")).images.map(bytes));
    images.forEach((x, digit) => explorers.image(x, SHAPE, examples[digit].firstChild));
    view.reach = explorers.reach((await model(2)).decoder.codes);
    pad.show(images[4]);
  }

  explorers.register("draw", {
    invitation: "Draw a digit yourself",
    caption:
      "A digit, drawn or taken from the test set, and its posterior: with two dimensions as ellipses " +
      "of one and two standard deviations among the codes of test images, with twenty as a bar for " +
      `each. Below, ${SHOWN} samples of the posterior, decoded, and the bound in its two parts.`,
    build,
  });
})();
