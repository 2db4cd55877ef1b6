/* Sections 5.1 and 5.2: the curves of Figs 2 and 3, to be asked for their values.
 *
 * The page carries the curves as JSON beside the figure (companion/pages/curve_data.py).
 */
(function () {
  "use strict";

  // As far from a point, in pixels, as a pointer may be.
  const REACH = 70;
  const SOURCES = {
    paper: "the paper",
    "as run": "reference run, as run",
    "as written": "reference run, as written",
    own: "own run, as written",
  };
  const SPLITS = { test: "test", train: "training" };
  const PROPERTIES = { source: "whose curves", algorithm: "algorithm", split: "data" };

  const { element, number, plot } = explorers;
  const { drawPanel, drawSwatch } = explorers.curvePanel;

  /** What can be switched off: for each property of a series, how the legend shows its values. */
  function legend() {
    const { algorithms, labels, markers, dashes, readings } = explorers.palette;
    const ink = () => explorers.ink().text;
    const grey = () => explorers.colour(algorithms.paper);
    const dots = readings["as written"].test.map((length) => 1.8 * length);
    const written = () => ({ colour: ink(), thick: 1.8, dash: dots });
    return {
      source: [
        {
          name: "paper",
          label: "the paper",
          look: () => ({ colour: grey(), thick: 1.2, shape: "o", hollow: true }),
        },
        { name: "as run", label: "as run", look: () => ({ colour: ink(), thick: 2.4 }) },
        { name: "as written", label: "as written", look: () => written() },
        { name: "own", label: "own run", look: () => ({ ...written(), shape: "o" }) },
      ],
      algorithm: Object.keys(markers).map((name) => ({
        name,
        label: labels[name],
        look: () => ({ colour: explorers.colour(algorithms[name]), shape: markers[name] }),
      })),
      split: Object.keys(SPLITS).map((name) => ({
        name,
        label: `${SPLITS[name]} set`,
        look: () => ({ colour: ink(), dash: dashes[name].map((length) => 2 * length) }),
      })),
    };
  }

  /** A number of samples; the paper's are known to 1 %. */
  const count = (samples) =>
    samples < 1e6 ? plot.grouped(samples) : `${Number((samples / 1e6).toPrecision(3))} million`;

  /** What is said of one point. */
  function describe(series, at) {
    const { algorithm, split, source, data, seed, averaged } = series;
    const whose = seed === undefined ? SOURCES[source] : `${SOURCES[source]}, seed ${seed}`;
    const several = series.seeds && series.seeds[at] > 1;
    const band = several
      ? `; ${series.seeds[at]} seeds lie between ${number(series.low[at], 1)} and ` +
        number(series.high[at], 1)
      : "";
    return (
      `${explorers.palette.labels[algorithm]}, ${SPLITS[split]} set of ${data}, ${whose}: ` +
      `${number(series.value[at], 1)} nats at ${count(series.samples[at])} samples` +
      `${averaged ? ", averaged since the point before" : ""}${band}`
    );
  }

  const covers = new Map();

  /** Put the figure back, and leave the stage empty for another time. */
  function close(stage, container) {
    const cover = covers.get(container);
    stage.replaceWith(cover);
    stage.replaceChildren();
    cover.querySelector("button").focus();
  }

  function build(stage, container) {
    const carried = container.querySelector('script[type="application/json"]').textContent;
    const { measure, groups } = JSON.parse(carried);
    const everything = groups.flatMap(({ panels }) => panels.flatMap(({ series }) => series));
    // As the still figure of the bound: training curves are for those who ask for them.
    const hidden = new Set(["train"]);
    const state = { group: groups[0], panel: groups[0].panels[0] };
    // The chosen point: a series of the panel and a number, or none.
    const chosen = { series: null, at: 0 };
    let place = null;

    const visible = () =>
      state.panel.series.filter(
        (series) =>
          ![series.source, series.algorithm, series.split].some((name) => hidden.has(name))
      );

    const canvas = explorers.canvas({
      label:
        `Learning curves, ${measure}. The keys left and right go along a curve, up and down to ` +
        "another; the values are read out below.",
      ratio: matchMedia("(max-width: 480px)").matches ? 1 : 1.75,
      focus: true,
      draw(context, width, height) {
        const view = { visible: visible(), measure, lowest: state.group.lowest, ...chosen };
        place = drawPanel(context, [width, height], view);
      },
    });
    const readout = element("p", { class: "explorer-readout", role: "status" });

    function choose(series, at) {
      Object.assign(chosen, { series, at });
      readout.textContent = series
        ? describe(series, at)
        : "Point at a curve, or press an arrow key.";
      canvas.redraw();
    }

    function update() {
      if (visible().includes(chosen.series)) canvas.redraw();
      else choose(null, 0);
    }

    function nearest(x, y) {
      let [best, found] = [REACH ** 2, null];
      for (const series of place ? visible() : []) {
        series.value.forEach((_, at) => {
          const point = place(series, at);
          const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
          if (distance < best) [best, found] = [distance, [series, at]];
        });
      }
      if (found && (found[0] !== chosen.series || found[1] !== chosen.at)) choose(...found);
    }

    function along(steps) {
      const series = chosen.series || visible()[0];
      if (!series) return;
      const to = chosen.series ? chosen.at + steps : series.value.length - 1;
      choose(series, Math.min(series.value.length - 1, Math.max(0, to)));
    }

    /** To another curve, at the point that is nearest in samples. */
    function toAnother(steps) {
      if (!chosen.series) return along(0);
      const curves = visible();
      const now = chosen.series.samples[chosen.at];
      const place_ = (curves.indexOf(chosen.series) + steps + curves.length) % curves.length;
      const gaps = curves[place_].samples.map((samples) => Math.abs(Math.log(samples / now)));
      choose(curves[place_], gaps.indexOf(Math.min(...gaps)));
    }

    explorers.follow(canvas, nearest, { hover: true });
    // A finger that moves up or down scrolls the page.
    canvas.style.touchAction = "pan-y";
    explorers.keys(canvas, {
      ArrowRight: () => along(1),
      ArrowLeft: () => along(-1),
      ArrowDown: () => toAnother(1),
      ArrowUp: () => toAnother(-1),
      Home: () => along(-Infinity),
      End: () => along(Infinity),
    });

    function toggles() {
      const boxes = Object.entries(legend()).map(([property, entries]) => {
        const there = entries.filter(({ name }) => everything.some((s) => s[property] === name));
        const labels = there.map(({ name, label, look }) => {
          const swatch = explorers.canvas({
            label: "",
            ratio: 2,
            draw: (context, ...size) => drawSwatch(context, size, look()),
          });
          swatch.setAttribute("aria-hidden", "true");
          const change = (event) => {
            hidden[event.target.checked ? "delete" : "add"](name);
            update();
          };
          const checked = !hidden.has(name);
          const input = element("input", { type: "checkbox", value: name, checked, change });
          return element("label", {}, input, swatch, label);
        });
        return element("fieldset", { "aria-label": PROPERTIES[property] }, ...labels);
      });
      return element("div", { class: "explorer-toggles" }, ...boxes);
    }

    const panels = element("span", {});
    function offerPanels() {
      const { setting, panels: offered } = state.group;
      const values = offered.map(({ value }) => [value, plot.grouped(value)]);
      const change = (value) => {
        state.panel = offered.find((panel) => panel.value === value);
        update();
      };
      const chooser = explorers.choice(
        setting,
        Object.fromEntries(values),
        state.panel.value,
        change
      );
      panels.replaceChildren(chooser);
    }
    const names = Object.fromEntries(groups.map(({ name }) => [name, name]));
    const data = explorers.choice("data", names, state.group.name, (name) => {
      state.group = groups.find((group) => group.name === name);
      state.panel = state.group.panels[0];
      offerPanels();
      update();
    });

    offerPanels();
    choose(null, 0);
    stage.append(
      element("div", { class: "explorer-row" }, groups.length > 1 ? data : "", panels),
      canvas,
      readout,
      toggles(),
      explorers.suggestions(
        "Leave one algorithm, and follow it from panel to panel as written, and as run.",
        "Show the training set too. Where do the two curves of a run part?",
        "Take the paper away. The axes fit what is left, and the first samples can be read."
      ),
      explorers.button("Back to the figure", () => close(stage, container))
    );
  }

  explorers.register("learning-curves", { invitation: "Ask the curves for their values", build });
  for (const container of document.querySelectorAll(".explorer-learning-curves")) {
    covers.set(container, container.querySelector(".explorer-cover"));
  }
})();
