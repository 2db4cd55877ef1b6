/* How an explorer starts: in the place of a still picture, when the reader touches it.
 *
 * Until then nothing is built and nothing is loaded; without JavaScript the picture and its words
 * are all there is.
 */
(function () {
  "use strict";

  const { element } = explorers;
  const folder = new URL(".", document.currentScript.src).href;

  const received = {};
  const loading = {};

  /** Called by a file of data with what it carries: its header and its numbers, a character each. */
  explorers.receive = (name, header, numbers) => (received[name] = { ...header, numbers });

  /** What `name`.js hands to `receive`, loaded once and only when asked for. */
  explorers.load = function (name) {
    loading[name] =
      loading[name] ||
      new Promise((resolve, reject) => {
        const script = element("script", {
          src: `${folder}${name}.js`,
          load: () => resolve(received[name]),
          error: () => {
            delete loading[name];
            script.remove();
            reject(new Error(`${name}.js could not be loaded`));
          },
        });
        document.head.append(script);
      });
    return loading[name];
  };

  /** Put an explorer in the place of the picture in each container of class explorer-`name`.
   *
   * `invitation` is written below the picture. `build(stage, container)` fills the stage when the
   * reader accepts. It may return a promise; then it fills the stage first, and loads after, so
   * that nothing moves later. By an error it says that it cannot. `caption` takes the place of the
   * picture's words, which need not be true of what the reader chooses; without one they stay.
   */
  explorers.register = function (name, { invitation, caption, build }) {
    for (const container of document.querySelectorAll(`.explorer-${name}`)) {
      const figure = container.querySelector("figure");
      const picture = figure.querySelector("img");
      const words = figure.querySelector(".caption-text");
      const stage = element("div", { class: "explorer-stage" });
      const invite = explorers.button(invitation, start, { class: "explorer-invitation" });
      const cover = element("div", { class: "explorer-cover", click: start });
      figure.prepend(cover);
      cover.append(picture.closest(".picture") || picture, invite);
      async function start(event) {
        event.preventDefault();
        event.stopPropagation();
        cover.replaceWith(stage);
        const wait = element("p", { class: "explorer-wait", role: "status" }, "Loading …");
        stage.append(wait);
        try {
          await build(stage, container);
          wait.remove();
          if (caption && words) words.replaceChildren(caption);
          stage.dataset.ready = "";
          const first = stage.querySelector("canvas[tabindex]") || stage.querySelector("input");
          first?.focus({ preventScroll: true });
        } catch (error) {
          wait.textContent = `This explorer cannot start: ${error.message}.`;
          stage.replaceChildren(wait);
          stage.before(picture);
        }
      }
    }
  };
})();
