/* Section 2.4: the noise stays, the samples move along; and what that does to the gradient.
 *
 * Left a few samples of z = μ + σε on f(z), right many estimates of the derivative of E[f(z)] by each
 * of the two estimators in gradients.js, from the same noise.
 */
(function () {
  "use strict";

  const DRAWS = [1, 2, 5, 10, 20, 50, 100];
  const ESTIMATES = 2000;
  const SHOWN = 9;
  // A seed whose first samples lie well apart.
  const FIRST = 107;

  const { element, number, gradients } = explorers;
  const { drawSamples, drawHistograms } = explorers.gradientPanels;
  const { TESTS, PARAMETERS } = gradients;

  /** To three figures, so that small and large spreads can both be read. */
  function figures(value) {
    const rounded = Number(value.toPrecision(3));
    const digits = 2 - Math.floor(Math.log10(Math.max(Math.abs(rounded), 1e-9)));
    return number(rounded, Math.min(3, Math.max(0, digits)));
  }


  function build(stage) {
    const state = { test: "square", parameter: "mu", mu: 1, sigma: 0.5, draws: 1, seed: FIRST };
    const longest = ESTIMATES * DRAWS[DRAWS.length - 1];
    let noise = gradients.normals(state.seed, longest);
    let result;

    function compute() {
      const [test, parameter] = [TESTS[state.test], PARAMETERS[state.parameter]];
      const { mu, sigma, draws } = state;
      const used = noise.subarray(0, ESTIMATES * draws);
      const found = gradients.estimates(used, test, parameter, mu, sigma, draws);
      const truth = gradients.exact(test, parameter, mu, sigma);
      result = {
        found,
        gradient: truth.gradient,
        pathwise: { ...gradients.moments(found.pathwise), exact: truth.pathwise / Math.sqrt(draws) },
        score: { ...gradients.moments(found.score), exact: truth.score / Math.sqrt(draws) },
      };
    }

    const samples = explorers.canvas({
      label: "The function f with samples z on it; each is joined to its noise ε, which stays put.",
      ratio: 1,
      draw(context, ...size) {
        const { mu, sigma } = state;
        const epsilons = noise.subarray(0, SHOWN);
        drawSamples(context, size, { test: TESTS[state.test], mu, sigma, epsilons });
      },
    });
    const histograms = explorers.canvas({
      label: "Two histograms of gradient estimates on one axis; the table below has their numbers.",
      ratio: 1,
      draw(context, ...size) {
        const { symbol } = PARAMETERS[state.parameter];
        drawHistograms(context, size, { ...result, symbol });
      },
    });

    const cells = {};
    const row = (key, name) => {
      cells[key] = [0, 1, 2].map((at) => element("td", { "data-cell": `${key}-${at}` }));
      return element("tr", {}, element("th", { scope: "row" }, name), ...cells[key]);
    };
    const heads = ["", "average", "std. dev.", "(exact)"];
    const table = element(
      "table",
      { class: "explorer-table" },
      element("thead", {}, element("tr", {}, ...heads.map((h) => element("th", { scope: "col" }, h)))),
      element("tbody", {}, row("pathwise", "pathwise"), row("score", "score function"))
    );
    const summary = element("p", { class: "explorer-summary" });
    const voice = element("p", { class: "visually-hidden", role: "status" });
    let [asked, telling] = [0, 0];

    function tell() {
      for (const key of ["pathwise", "score"]) {
        const { mean, deviation, exact: known } = result[key];
        [mean, deviation, known].forEach((value, at) => (cells[key][at].textContent = figures(value)));
      }
      const ratio = result.score.deviation / result.pathwise.deviation;
      const [noisy, quiet, times] =
        ratio >= 1
          ? ["score function", "pathwise", ratio]
          : ["pathwise", "score function", 1 / ratio];
      summary.dataset.ratio = ratio;
      summary.textContent =
        `The exact derivative is ${figures(result.gradient)}. The ${noisy} estimator spreads ` +
        `${figures(times)} times as wide as the ${quiet} one, so it needs ` +
        `${figures(times ** 2)} times as many draws to be as good.`;
    }

    function show() {
      asked = 0;
      compute();
      tell();
      samples.redraw();
      histograms.redraw();
      // A voice reads the outcome, not each step of a moving slider.
      clearTimeout(telling);
      telling = setTimeout(() => (voice.textContent = summary.textContent), 500);
    }

    function update() {
      asked = asked || requestAnimationFrame(show);
    }

    const setting = (name, read = (value) => value) => (value) => {
      state[name] = read(value);
      update();
    };

    const labels = Object.fromEntries(Object.entries(TESTS).map(([key, { label }]) => [key, label]));
    const derivatives = { mu: "in μ", sigma: "in σ" };
    const slider = (label, name, bounds) =>
      explorers.slider(label, { step: 0.05, value: state[name], ...bounds }, setting(name));
    stage.append(
      element(
        "div",
        { class: "explorer-row" },
        explorers.choice("f(z) =", labels, state.test, setting("test")),
        explorers.choice("derivative", derivatives, state.parameter, setting("parameter"))
      ),
      element(
        "div",
        { class: "explorer-columns" },
        element(
          "div",
          {},
          samples,
          slider("μ", "mu", { min: -1.5, max: 1.5 }),
          slider("σ", "sigma", { min: 0.05, max: 1.2 }),
          explorers.slider(
            "L",
            {
              ...{ min: 0, max: DRAWS.length - 1, step: 1, value: 0 },
              format: (at) => `${DRAWS[at]} draw${at ? "s" : ""}`,
            },
            setting("draws", (at) => DRAWS[at])
          ),
          explorers.button("New ε", () => {
            state.seed += 1;
            noise = gradients.normals(state.seed, longest);
            update();
          })
        ),
        element("div", {}, histograms, table, summary, voice)
      ),
      explorers.suggestions(
        "Move μ and watch one sample: its ε stays, and it moves by as much as μ does. Then move σ.",
        "Make σ small. The samples see nearly the same slope, and the pathwise estimates agree; the score function has only heights that hardly differ, and divides by σ.",
        "Take more draws, L. Both histograms become narrower, and their ratio stays.",
        "Choose sin 10z. The slopes are steep and cancel on average: now the score function is the better one, until σ is small."
      )
    );
    show();
  }

  explorers.register("reparameterization", {
    invitation: "Move the samples yourself",
    caption:
      `Left: ${SHOWN} samples of z = μ + σε on the chosen f(z), each joined to its noise. The stem ` +
      "is the height that the score function uses, the stroke the slope that the pathwise estimator " +
      `uses. Right: ${explorers.count(ESTIMATES)} estimates by each of the derivative of E[f(z)], each the ` +
      "average of L draws; the dashed line is the exact derivative. The noise stays until a new one is " +
      "asked for.",
    build,
  });
})();
