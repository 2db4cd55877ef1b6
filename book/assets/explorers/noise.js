/* Noise that is the same for the same seed, in every browser. */
(function () {
  "use strict";

  /** Uniform numbers in (0, 1) from a seed: the generator sfc32, the same in every browser. */
  function uniform(seed) {
    let [a, b, c, counter] = [0, 0, seed | 0, 1];
    const next = () => {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      return ((sum >>> 0) + 0.5) / 2 ** 32;
    };
    for (let i = 0; i < 15; i += 1) next(); // until the seed has reached all of the state
    return next;
  }

  /** A generator of standard normal numbers, by Box and Muller. */
  explorers.normal = function (seed) {
    const random = uniform(seed);
    let spare = null;
    return function () {
      if (spare !== null) {
        const kept = spare;
        spare = null;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(random()));
      const angle = 2 * Math.PI * random();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    };
  };
})();
