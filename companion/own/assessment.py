"""What a trained model is worth, on points that it was not trained on; and what to be warned of."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Independent, Normal

from companion.runs.store import Run
from companion.wording import number, significant
from vaelib.arithmetic.products import fast_products
from vaelib.datasets import Dataset
from vaelib.elbo import gaussian_kl, lower_bound
from vaelib.likelihood.marginal_likelihood import importance_sampling
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator
from vaelib.sgvb import noise

# log p(x) takes a thousand decodings a datapoint, and is estimated for some of them.
N_POINTS, N_WEIGHTS = 300, 1000
DRAWS_A_POINT = 20
MOST_POINTS = 10_000
POINTS_AT_ONCE = 2000
# Burda, Grosse and Salakhutdinov (2016), section 5.2: a unit is active if its posterior mean has a
# larger variance over the data.
ACTIVE = 0.01
# Of the deviation of the data: a decoder that is surer than this has nowhere to stop.
FLOOR = 0.01
# A bound falls, or still rises, by this share of itself, and by half a nat at least.
NOTABLE = 0.005
FEW_WEIGHTS = 10
NORMAL_95 = 1.96


class Mean(NamedTuple):
    """An average over n datapoints, in nats, and its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Assessment:
    """A run's worth; nats per datapoint.

    Attributes:
        samples: training samples that the model has seen.
        train_bound, test_bound: the bound on training and on held-out points.
        log_likelihood: log p(x) of held-out points by importance sampling.
        bound_there: the bound on the same points.
        effective_sample_size: of the importance weights, the median over those points.
        variances: of the posterior mean over held-out points, for each latent dimension.
        kl: KL(q(z|x) ‖ p(z)) of each latent dimension, averaged over held-out points.
        n_active: latent dimensions that are used, with a variance above 0.01.
        smallest_deviation: of a Gaussian decoder, by the deviation of the data; None of others.
    """

    samples: int
    train_bound: Mean
    test_bound: Mean
    log_likelihood: Mean
    bound_there: Mean
    effective_sample_size: float
    variances: tuple[float, ...]
    kl: tuple[float, ...]
    n_active: int
    smallest_deviation: float | None

    def to_json(self) -> str:
        """As text; averages with their fields by name."""
        fields: dict[str, Any] = dataclasses.asdict(self)
        named = {
            name: value._asdict() if isinstance(value, Mean) else value
            for name, value in ((name, getattr(self, name)) for name in fields)
        }
        return json.dumps(named, indent=1) + "\n"


@torch.no_grad()
def assess(run: Run, model: VariationalAutoencoder, data: Dataset) -> Assessment:
    """Measure a model on the points that were held out, and on those that it was trained on.

    Args:
        run: which it is, for the seed of the noise.
        model: its model, on the CPU.
        data: what it was trained on, and what was held out.
    """
    numbers = generator(run.config.seed, "assessment")
    few = data.test[:N_POINTS]
    with fast_products():
        test = _bounds(model, data.test[:MOST_POINTS], numbers)
        train = _bounds(model, data.train[:MOST_POINTS], numbers)
        log_likelihood, weights = importance_sampling(
            model, few, n_samples=N_WEIGHTS, generator=numbers
        )
        q = model.encode(data.test[:MOST_POINTS])
        # A Gaussian over each dimension alone.
        each = Independent(Normal(q.base_dist.loc[..., None], q.base_dist.scale[..., None]), 1)
        variances = q.mean.var(0, correction=0)
        deviation = _smallest_deviation(model, data.test[:POINTS_AT_ONCE])
    return Assessment(
        samples=run.record.samples,
        train_bound=_mean(train),
        test_bound=_mean(test),
        log_likelihood=_mean(log_likelihood),
        bound_there=_mean(test[:N_POINTS]),
        effective_sample_size=weights.effective_sample_size.median().item(),
        variances=tuple(variances.tolist()),
        kl=tuple(gaussian_kl(each).mean(0).tolist()),
        n_active=int((variances > ACTIVE).sum()),
        smallest_deviation=deviation,
    )


def warnings_of(run: Run, found: Assessment) -> list[str]:
    """What the numbers warn of, one paragraph each; none if all is well."""
    warnings = []
    n_latent = len(found.kl)
    if found.n_active == 0:
        warnings.append(
            "Posterior collapse: no latent dimension is used. The encoder says the same of every "
            "datapoint, and the decoder has learned no more than an average. Train for longer, or "
            "with another stepsize."
        )
    elif found.n_active <= n_latent / 2:
        warnings.append(
            f"Posterior collapse in part: {found.n_active} of {n_latent} latent dimensions are "
            "used, and the others say nothing. As few would do, unless longer training wakes more."
        )
    if found.smallest_deviation is not None and found.smallest_deviation < FLOOR:
        warnings.append(
            "Variance at its floor: a standard deviation of the decoder has fallen to "
            f"{significant(found.smallest_deviation)} of the deviation of the data. A Gaussian "
            "bound has no upper end where values repeat exactly, so that it says little here. "
            "Leave out values that never change, or add noise as wide as the rounding."
        )
    test = [point for point in run.record.curve if point.split == "test"]
    if test:
        best = max(test, key=lambda point: point.value)
        last = found.test_bound.value
        notable = max(0.5, NOTABLE * abs(best.value))
        if best.value - last > notable:
            warnings.append(
                f"Overfitting: the test bound was highest, {number(best.value, 1)} nats, after "
                f"{number(best.training_samples)} training samples, and has fallen by "
                f"{number(best.value - last, 1)} since. Train on more data, or stop there."
            )
        elif len(test) > 1 and test[-1].value - test[-2].value > notable:
            warnings.append(
                "Not at its end: the test bound was still rising. Give more samples, and the run "
                "goes on from here."
            )
    if found.effective_sample_size < FEW_WEIGHTS:
        warnings.append(
            f"Of {number(N_WEIGHTS)} importance weights about "
            f"{number(found.effective_sample_size, 1)} count: the estimate of log p(x) may be too "
            "low by several nats."
        )
    return warnings


def _bounds(model: VariationalAutoencoder, x: Tensor, numbers: torch.Generator) -> Tensor:
    """The bound of each datapoint, `(N,)`."""
    parts = []
    for batch in x.split(POINTS_AT_ONCE // DRAWS_A_POINT):
        epsilon = noise(model, batch, n_samples=DRAWS_A_POINT, generator=numbers)
        parts.append(lower_bound(model, batch, epsilon).bound)
    return torch.cat(parts)


def _mean(values: Tensor) -> Mean:
    values = values.double()
    mean, half = values.mean().item(), NORMAL_95 * values.std().item() / math.sqrt(len(values))
    return Mean(mean, mean - half, mean + half, len(values))


def _smallest_deviation(model: VariationalAutoencoder, x: Tensor) -> float | None:
    """Of a Gaussian decoder at the codes of x, by the deviation of all values of x together."""
    p = model.decode(model.encode(x).mean)
    base = p.base_dist if isinstance(p, Independent) else p
    if not isinstance(base, Normal):
        return None
    return (base.scale.min() / x.std()).item()
