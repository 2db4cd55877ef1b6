/* The model of section 2.2 with one latent and one observed dimension, where Eq. 1 can be computed.
 *
 * p(z) = N(0, 1) and p(x|z) = N(x; tanh θz, s²) with one observation; every integral is a sum over
 * a grid of z, bound and divergence each by itself.
 */
(function () {
  "use strict";

  // As the first cell of the chapter has them.
  const X = 0.8;
  const NOISE = 0.5;
  const START = { theta: 2, mean: 0.2, deviation: 0.5 };
  const RANGES = { theta: [0, 5], mean: [-1.5, 2], deviation: [0.2, 1.5] };
  const GRID = 2001;
  const FAR = 10; // the grid's end

  const STEP = (2 * FAR) / (GRID - 1);
  const HALF = 0.5 * Math.log(2 * Math.PI);
  const z = Float64Array.from({ length: GRID }, (_, i) => i * STEP - FAR);

  /** The logarithm of N(value; mean, deviation²). */
  const logNormal = (value, mean, deviation) =>
    -0.5 * ((value - mean) / deviation) ** 2 - Math.log(deviation) - HALF;

  /** log p(x, z) on the grid. */
  const logJoint = (theta) =>
    z.map((at) => logNormal(at, 0, 1) + logNormal(X, Math.tanh(theta * at), NOISE));

  /** log p(x), from the joint density on the grid. */
  function logEvidence(joint) {
    const most = joint.reduce((high, value) => Math.max(high, value), -Infinity);
    return most + Math.log(joint.reduce((sum, value) => sum + Math.exp(value - most), 0) * STEP);
  }

  /** q on the grid as logarithms and as weights. */
  function gaussian(mean, deviation) {
    const log = z.map((at) => logNormal(at, mean, deviation));
    return { log, weight: log.map((value) => Math.exp(value) * STEP) };
  }

  /** The bound of Eq. 2, in nats. */
  const bound = (joint, q) =>
    q.weight.reduce((sum, weight, i) => sum + weight * (joint[i] - q.log[i]), 0);

  /** Both sides of Eq. 1, in nats. */
  function split(theta, mean, deviation) {
    const joint = logJoint(theta);
    const q = gaussian(mean, deviation);
    const evidence = logEvidence(joint);
    const kl = q.weight.reduce(
      (sum, weight, i) => sum + weight * (q.log[i] - (joint[i] - evidence)),
      0
    );
    return { evidence, bound: bound(joint, q), kl };
  }

  /** The values of these parameters, within their ranges, that make `height` largest nearby. */
  function climb(state, names, height) {
    let best = { ...state };
    let top = height(best);
    for (let step = 0.5; step > 1e-5; ) {
      const tried = names.flatMap((name) =>
        [-step, step].map((by) => {
          const [low, high] = RANGES[name];
          return { ...best, [name]: Math.min(Math.max(best[name] + by, low), high) };
        })
      );
      const heights = tried.map(height);
      const place = heights.indexOf(Math.max(...heights));
      if (heights[place] > top) [best, top] = [tried[place], heights[place]];
      else step /= 2;
    }
    return best;
  }

  const bestGaussian = function (state) {
    const joint = logJoint(state.theta);
    return climb(state, ["mean", "deviation"], (at) =>
      bound(joint, gaussian(at.mean, at.deviation))
    );
  };

  const bestSlope = function (state) {
    const q = gaussian(state.mean, state.deviation);
    return climb(state, ["theta"], (at) => bound(logJoint(at.theta), q));
  };

  explorers.oneDimensional = {
    ...{ X, NOISE, START, RANGES, z },
    ...{ logNormal, logJoint, logEvidence, gaussian, bound, split },
    ...{ bestGaussian, bestSlope },
  };
})();
