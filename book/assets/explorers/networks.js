/* The networks of Appendix C in JavaScript: one tanh layer each way. */
(function () {
  "use strict";

  /** The tensors of a loaded file by name; each character of its numbers counts steps from zero. */
  explorers.tensors = function ({ tensors, zero, numbers }) {
    let at = 0;
    const found = {};
    for (const [name, { shape, step }] of Object.entries(tensors)) {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      for (let i = 0; i < values.length; i += 1) {
        values[i] = (numbers.charCodeAt(at + i) - zero) * step;
      }
      at += values.length;
      found[name] = values;
    }
    return found;
  };

  /** weight · input + bias, with the weight `(outputs, inputs)` by rows. */
  function linear(weight, bias, input) {
    const output = new Float32Array(bias.length);
    const n = input.length;
    const fours = n - (n % 4);
    for (let row = 0; row < output.length; row += 1) {
      const at = row * n;
      // Four sums side by side: the processor need not wait for each before the next.
      let [a, b, c, d] = [bias[row], 0, 0, 0];
      let i = 0;
      for (; i < fours; i += 4) {
        a += weight[at + i] * input[i];
        b += weight[at + i + 1] * input[i + 1];
        c += weight[at + i + 2] * input[i + 2];
        d += weight[at + i + 3] * input[i + 3];
      }
      for (; i < n; i += 1) a += weight[at + i] * input[i];
      output[row] = a + b + c + d;
    }
    return output;
  }

  /** The decoder p(x|z): `logits(z)` and `mean(z)`, each of all pixels. */
  explorers.decoder = function (file) {
    const layer = explorers.tensors(file);
    const logits = function (z) {
      const hidden = linear(layer["hidden.weight"], layer["hidden.bias"], z).map(Math.tanh);
      return linear(layer["out.weight"], layer["out.bias"], hidden);
    };
    const mean = (z) => logits(z).map((logit) => 1 / (1 + Math.exp(-logit)));
    return { ...file, codes: layer.codes, logits, mean };
  };

  /** The encoder q(z|x): `encode(x)` gives the mean μ and the deviation σ. */
  explorers.encoder = function (file) {
    const layer = explorers.tensors(file);
    const kept = [...file.kept].flatMap((bit, at) => (bit === "1" ? [at] : []));
    const encode = function (x) {
      const seen = Float32Array.from(kept, (at) => x[at]);
      const hidden = linear(layer["hidden.weight"], layer["hidden.bias"], seen).map(Math.tanh);
      const logs = linear(layer["log_variance.weight"], layer["log_variance.bias"], hidden);
      return {
        mean: linear(layer["mean.weight"], layer["mean.bias"], hidden),
        deviation: logs.map((log) => Math.exp(log / 2)),
      };
    };
    return { ...file, encode };
  };

  /** log p(x|z) of Eq. 11 in nats, from the logits. */
  explorers.logLikelihood = function (x, logits) {
    let sum = 0;
    for (let i = 0; i < x.length; i += 1) {
      const logit = logits[i];
      sum += x[i] * logit - Math.max(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)));
    }
    return sum;
  };

  /** KL(N(μ, σ²) ‖ N(0, 1)) of each dimension in nats, Appendix B. */
  explorers.divergence = ({ mean, deviation }) =>
    Array.from(mean, (mu, j) => {
      const sigma = deviation[j];
      return 0.5 * (mu * mu + sigma * sigma - 1) - Math.log(sigma);
    });

  /** Paint intensities in [0, 1] into a canvas of one pixel each. */
  explorers.image = function (intensities, [rows, columns], canvas) {
    const painted = canvas || explorers.element("canvas", { width: columns, height: rows });
    const context = painted.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    for (let i = 0; i < rows * columns; i += 1) {
      const grey = Math.round(255 * intensities[i]);
      pixels.data.set([grey, grey, grey, 255], 4 * i);
    }
    context.putImageData(pixels, 0, 0);
    return painted;
  };
})();
