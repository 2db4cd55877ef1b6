"""What a run records on its way: the points of its learning curve."""

from __future__ import annotations

from itertools import chain, count
from typing import NamedTuple

from torch import Tensor

from companion.runs.config import RunConfig
from vaelib import elbo
from vaelib.arithmetic.products import fast_products
from vaelib.checks.limits import Whole, checked
from vaelib.likelihood.marginal_likelihood import posterior_density_estimator
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator

# Appendix E: the first 1000 points of either set, 50 posterior samples each.
MARGINAL_LIKELIHOOD_POINTS = 1000


class CurvePoint(NamedTuple):
    """One point of a learning curve, in nats per datapoint.

    Attributes:
        training_samples: training samples evaluated so far.
        split: "train" or "test".
        measure: "lower_bound" or "marginal_log_likelihood".
        value: the average over the split's datapoints.
        noise: the standard deviation of the value over the noise of its draws, of a test bound; it
            is estimated from other draws. None elsewhere, and in records from before it was kept.
    """

    training_samples: int
    split: str
    measure: str
    value: float
    noise: float | None = None


@checked
def grid(config: RunConfig, limit: Whole) -> list[int]:
    """The sample counts at which the run is evaluated, up to `limit`."""
    if config.measure == "lower_bound":
        return evaluation_grid(limit)
    return figure3_grid(limit)


def keeps_running_averages(config: RunConfig) -> bool:
    """Whether the objective of its minibatches, averaged, is what its curve shows: the bound."""
    return config.measure == "lower_bound" and config.kl_weight == 1


@checked
def curve_points(
    config: RunConfig,
    model: VariationalAutoencoder,
    splits: dict[str, Tensor],
    *,
    samples: Whole,
    compile_step: bool = False,
) -> list[CurvePoint]:
    """Measure the model on each split; Appendix D's chains in compiled steps where asked for.

    The noise is a function of seed, split and samples alone, so that evaluating more or less
    often changes neither the training nor the other evaluations. A bound is the average over one
    draw for each datapoint; on 10 000 test images that leaves it a noise of some 0.03 nats, which
    is recorded with it.
    """
    points = []
    for split, x in splits.items():
        noise = generator(config.seed, "evaluation", split, samples, device=x.device)
        with fast_products():
            if config.measure == "lower_bound":
                value = elbo.evaluate(model, x, generator=noise)
                spread = None
                if split == "test":
                    beside = generator(config.seed, "evaluation noise", samples, device=x.device)
                    spread = elbo.evaluation_noise(model, x, generator=beside)
                points.append(CurvePoint(samples, split, "lower_bound", value, spread))
                continue
            # Chains start at the prior for every algorithm alike: MCEM has no encoder to start at.
            log_likelihood, _ = posterior_density_estimator(
                model,
                x[:MARGINAL_LIKELIHOOD_POINTS],
                start="prior",
                compile_step=compile_step,
                generator=noise,
            )
            value = log_likelihood.double().mean().item()
            points.append(CurvePoint(samples, split, "marginal_log_likelihood", value))
    return points


@checked
def evaluation_grid(limit: Whole) -> list[int]:
    """Where Fig. 2 is evaluated, up to `limit`: 10 points a decade from 10⁵ on, as in the paper.

    Below, where the paper shows nothing, 5 points a decade from the end of the warm-up on. Every
    point is a multiple of 100, the minibatch size of the paper.
    """
    grid: list[int] = []
    for tenth in chain(range(42, 50, 2), count(50)):
        point = round(10 ** (tenth / 10) / 100) * 100
        if point > limit:
            break
        grid.append(point)
    return grid


@checked
def figure3_grid(limit: Whole) -> list[int]:
    """Where Fig. 3 is evaluated: as the paper to 10 M and beyond, and some points before.

    The paper's first point is at half a million; the earlier ones let a short run be compared.
    """
    early = [20_000, 50_000, 100_000, 200_000]
    middle = range(500_000, 10_000_001, 500_000)
    late = range(12_000_000, max(limit, 12_000_000) + 1, 2_000_000)
    return [point for point in (*early, *middle, *late) if point <= limit]
