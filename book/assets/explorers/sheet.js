/* The sheet of Fig. 4: a decoder's images over the whole plane. */
(function () {
  "use strict";

  const { element } = explorers;
  const COLUMNS = 20;

  /** The sheet as a canvas that fills itself, a few images in each frame. */
  explorers.sheet = function (decoder, unit, reach, progress) {
    const [height, width] = decoder.shape;
    const rows = Math.round((COLUMNS * width) / height);
    const canvas = element("canvas", { width: COLUMNS * width, height: rows * height });
    const context = canvas.getContext("2d");
    const at = (share) => (unit ? explorers.quantile(share) : (2 * share - 1) * reach);
    const cells = [];
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < COLUMNS; column += 1) cells.push([row, column]);
    }
    // From the middle outwards.
    const far = ([row, column]) =>
      Math.hypot((row + 0.5) / rows - 0.5, (column + 0.5) / COLUMNS - 0.5);
    cells.sort((a, b) => far(b) - far(a));
    let told = performance.now();
    const some = function () {
      const until = performance.now() + 10;
      while (cells.length && performance.now() < until) {
        const [row, column] = cells.pop();
        const z = [(column + 0.5) / COLUMNS, 1 - (row + 0.5) / rows].map(at);
        const painted = explorers.image(decoder.mean(z), decoder.shape);
        context.drawImage(painted, column * width, row * height);
      }
      // All around it is painted anew, so not each time.
      if (!cells.length || performance.now() - told > 150) {
        told = performance.now();
        progress();
      }
      if (cells.length) requestAnimationFrame(some);
    };
    some();
    return canvas;
  };
})();
