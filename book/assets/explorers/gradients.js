/* Two unbiased estimators of the derivative of E[f(z)], z = μ + σε, and what is exact about them.
 *
 * The pathwise one averages the slope of f along the path z(ε); the score function's averages f(z)
 * times the derivative of log q(z).
 */
(function () {
  "use strict";

  const TESTS = {
    square: { label: "z²", f: (z) => z * z, slope: (z) => 2 * z, range: [0, 7] },
    well: {
      label: "(z² − 1)²",
      f: (z) => (z * z - 1) ** 2,
      slope: (z) => 4 * z * (z * z - 1),
      range: [0, 7],
    },
    logistic: {
      label: "log sigmoid z",
      f: (z) => -Math.log1p(Math.exp(-z)),
      slope: (z) => 1 / (1 + Math.exp(z)),
      range: [-5, 0],
    },
    ripple: {
      label: "sin 10z",
      f: (z) => Math.sin(10 * z),
      slope: (z) => 10 * Math.cos(10 * z),
      range: [-1.5, 1.5],
    },
  };

  // What each parameter contributes to one draw of either estimator.
  const PARAMETERS = {
    mu: { symbol: "μ", path: () => 1, score: (epsilon, sigma) => epsilon / sigma },
    sigma: {
      symbol: "σ",
      path: (epsilon) => epsilon,
      score: (epsilon, sigma) => (epsilon * epsilon - 1) / sigma,
    },
  };

  /** `n` standard normal numbers from a seed; a longer list begins the same. */
  function normals(seed, n) {
    const next = explorers.normal(seed);
    return Float64Array.from({ length: n }, () => next());
  }

  /** The exact derivative, and the standard deviation of either estimator from one draw.
   *
   * The trapezoidal rule converges faster than any power of its step for these integrands.
   */
  function exact(test, parameter, mu, sigma) {
    const step = 1 / 64;
    let [mean, pathwise, score] = [0, 0, 0];
    for (let epsilon = -10; epsilon <= 10; epsilon += step) {
      const weight = (step * Math.exp(-0.5 * epsilon * epsilon)) / Math.sqrt(2 * Math.PI);
      const z = mu + sigma * epsilon;
      const along = test.slope(z) * parameter.path(epsilon);
      mean += weight * along;
      pathwise += weight * along ** 2;
      score += weight * (test.f(z) * parameter.score(epsilon, sigma)) ** 2;
    }
    const spread = (square) => Math.sqrt(Math.max(0, square - mean ** 2));
    return { gradient: mean, pathwise: spread(pathwise), score: spread(score) };
  }

  /** As many estimates as the noise gives with `draws` draws each; both from the same noise. */
  function estimates(noise, test, parameter, mu, sigma, draws) {
    const n = Math.floor(noise.length / draws);
    const found = { pathwise: new Float64Array(n), score: new Float64Array(n) };
    for (let i = 0; i < n; i += 1) {
      let [pathwise, score] = [0, 0];
      for (let l = i * draws; l < (i + 1) * draws; l += 1) {
        const z = mu + sigma * noise[l];
        pathwise += test.slope(z) * parameter.path(noise[l]);
        score += test.f(z) * parameter.score(noise[l], sigma);
      }
      found.pathwise[i] = pathwise / draws;
      found.score[i] = score / draws;
    }
    return found;
  }

  /** Mean and standard deviation of a list. */
  function moments(list) {
    const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
    const square = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(square / (list.length - 1)) };
  }

  /** The range that holds the middle 99 % of each list. */
  function middle(lists) {
    const sorted = lists.map((list) => Float64Array.from(list).sort());
    const ends = (share) => sorted.map((list) => list[Math.round(share * (list.length - 1))]);
    return [Math.min(...ends(0.005)), Math.max(...ends(0.995))];
  }

  /** Counts in `bins` equal bins of a range; what lies outside goes to the first and the last. */
  function histogram(list, [low, high], bins) {
    const counts = new Array(bins).fill(0);
    for (const value of list) {
      const bin = Math.floor(((value - low) / (high - low)) * bins);
      counts[Math.min(bins - 1, Math.max(0, bin))] += 1;
    }
    return counts;
  }

  const mathematics = { normals, exact, estimates, moments, middle, histogram };
  explorers.gradients = { TESTS, PARAMETERS, ...mathematics };
})();
