"""Estimates of log p(x) against an exact answer, and what each costs: Appendix D."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from companion.studies.fitted_proposal import posterior_importance_sampling
from companion.studies.quadrature import quadrature
from vaelib.checks.limits import Count, checked
from vaelib.elbo import gaussian_parameters, lower_bound
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.marginal_likelihood import (
    N_PRIOR_DRAWS,
    Density,
    Start,
    posterior_density_estimator,
)
from vaelib.likelihood.pairs import ROWS_AT_ONCE
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.sgvb import noise

BOUND, IMPORTANCE, APPENDIX_D = "lower bound", "importance sampling", "Appendix D"
REFERENCE = "fitted proposal"
BOUND_DRAWS = 100
IMPORTANCE_SAMPLES = (1, 10, 100, 1000, 5000)
LARGEST_ERROR_OF_QUADRATURE = 0.01  # nats
AT_ONCE = 50  # datapoints
N_CHAINS, N_BURN_IN = 5, 6
REFERENCE_SETTINGS = (1000, 100, 4)  # weighted draws, posterior draws, leapfrog steps


class Setting(NamedTuple):
    """Settings of Appendix D's estimator; as they stand, those of Fig. 3."""

    n_samples: int = 50  # L
    n_leapfrog: int = 4
    density: Density = "gaussian"
    start: Start = "prior"

    def __str__(self) -> str:
        words = [f"$L = {self.n_samples}$", f"{self.n_leapfrog} leapfrog"]
        if self.density == "kde":
            words.append("kernel density")
        if self.start == "recognition":
            words.append("started by the encoder")
        return ", ".join(words)

    @checked
    def decodings(self, n_datapoints: Count) -> float:
        """Evaluations of the decoder for each datapoint, with or without its gradient.

        The draws of the prior are shared by the datapoints treated together.
        """
        transitions = N_BURN_IN + math.ceil(self.n_samples / N_CHAINS)
        shared = N_PRIOR_DRAWS * math.ceil(n_datapoints / AT_ONCE) / n_datapoints
        chains = 2 * N_CHAINS * (2 + transitions * self.n_leapfrog)
        return chains + self.n_samples + (shared if self.start == "prior" else 0.0)


OTHER_SETTINGS = ("n_leapfrog", "density", "start")
SETTINGS = (
    Setting(n_samples=10),
    Setting(),
    Setting(n_samples=200),
    Setting(n_leapfrog=1),
    Setting(n_leapfrog=2),
    Setting(n_leapfrog=8),
    Setting(density="kde"),
    Setting(start="recognition"),
)


class _Estimate(NamedTuple):
    estimator: str
    setting: str
    n_samples: int
    of_appendix_d: Setting | None
    value: Tensor  # (repetitions, M)
    decodings: float  # for each datapoint and repetition
    seconds: float  # of the processor, likewise


@kept
@checked
def likelihood_estimators(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    generator: torch.Generator,
    importance_samples: Sequence[Count] = IMPORTANCE_SAMPLES,
    settings: Sequence[Setting] = SETTINGS,
    repetitions: Count = 2,
) -> pd.DataFrame:
    """Appendix D: estimates of log p(x) against quadrature, datapoint by datapoint.

    The bound; importance sampling from q(z|x); Appendix D's estimator in several settings; and the
    reference that stands for quadrature in more dimensions
    (`companion.studies.fitted_proposal`). A datapoint whose quadrature is not known to 0.01 nat
    is left out.

    Args:
        model: with at most three latent dimensions.
        x: `(M, n_pixels)`.
        importance_samples: the values of k. The largest is drawn once, and its draws in groups of
            k serve the others.
        settings: of Appendix D.
        repetitions: of each estimate; of importance sampling at most as many as there are groups.

    Returns:
        columns estimator, setting (in words), n_samples (k or L), n_leapfrog, density and start
        (Appendix D's; missing elsewhere), repetition, datapoint (its row in x), value, exact,
        error = value − exact (nats), lattice_points (of the quadrature), and for each datapoint
        decodings (evaluations of the decoder, with its gradient or not) and seconds (of the
        processor).
    """
    exact, diagnostics = quadrature(model, x, tolerance=LARGEST_ERROR_OF_QUADRATURE)
    known = diagnostics.converged
    x, exact, datapoint = x[known], exact[known].double(), known.nonzero().flatten()
    tables = [
        pd.DataFrame({"datapoint": datapoint, "value": value.double(), "exact": exact}).assign(
            estimator=estimate.estimator,
            setting=estimate.setting,
            n_samples=estimate.n_samples,
            **{name: getattr(estimate.of_appendix_d, name, None) for name in OTHER_SETTINGS},
            repetition=repetition,
            lattice_points=diagnostics.n_points[known].numpy(),
            decodings=estimate.decodings,
            seconds=estimate.seconds,
        )
        for estimate in _estimates(model, x, importance_samples, settings, repetitions, generator)
        for repetition, value in enumerate(estimate.value)
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(error=table["value"] - table["exact"])


def _estimates(
    model: VariationalAutoencoder,
    x: Tensor,
    importance_samples: Sequence[int],
    settings: Sequence[Setting],
    repetitions: int,
    generator: torch.Generator,
) -> Iterator[_Estimate]:
    def bound() -> Tensor:
        epsilon = noise(model, x, n_samples=BOUND_DRAWS, generator=generator)
        with torch.no_grad():
            return lower_bound(model, x, epsilon).bound

    def repeated(estimate: Callable[[], Tensor]) -> tuple[Tensor, float]:
        values, seconds = zip(*(_timed(estimate) for _ in range(repetitions)), strict=True)
        return torch.stack(values), sum(seconds) / repetitions / len(x)

    value, seconds = repeated(bound)
    yield _Estimate(BOUND, f"{BOUND_DRAWS} draws", BOUND_DRAWS, None, value, BOUND_DRAWS, seconds)

    most = max(importance_samples)
    log_weight, seconds = _timed(lambda: _log_weights(model, x, most, generator))
    for k in importance_samples:
        groups = min(repetitions, most // k)
        value = log_weight[: groups * k].unflatten(0, (groups, k)).logsumexp(1) - math.log(k)
        each = seconds * k / most / len(x)
        yield _Estimate(IMPORTANCE, f"$k = {k}$", k, None, value, k, each)

    for setting in settings:
        value, seconds = repeated(partial(_appendix_d, model, x, setting, generator))
        n, cost = setting.n_samples, setting.decodings(len(x))
        yield _Estimate(APPENDIX_D, str(setting), n, setting, value, cost, seconds)

    n, n_draws, n_leapfrog = REFERENCE_SETTINGS
    value, seconds = repeated(
        lambda: posterior_importance_sampling(
            model,
            x,
            n_samples=n,
            n_draws=n_draws,
            n_chains=N_CHAINS,
            n_leapfrog=n_leapfrog,
            n_burn_in=N_BURN_IN,
            generator=generator,
        )[0]
    )
    cost = n + N_CHAINS * (2 + (N_BURN_IN + math.ceil(n_draws / N_CHAINS)) * n_leapfrog)
    yield _Estimate(REFERENCE, f"$K = {n}$", n, None, value, cost, seconds)


def _appendix_d(
    model: VariationalAutoencoder, x: Tensor, setting: Setting, generator: torch.Generator
) -> Tensor:
    value, _ = posterior_density_estimator(
        model,
        x,
        n_chains=N_CHAINS,
        n_burn_in=N_BURN_IN,
        chunk_size=AT_ONCE,
        generator=generator,
        **setting._asdict(),
    )
    return value


@torch.no_grad()
def _log_weights(
    model: VariationalAutoencoder, x: Tensor, n: int, generator: torch.Generator
) -> Tensor:
    """log p(x, z) − log q(z|x) at `n` draws of q(z|x), `(n, M)`."""
    mean, scale = gaussian_parameters(model.encode(x))
    log_joint = latent_density(model, x)
    parts = []
    for size in torch.arange(n).split(max(1, ROWS_AT_ONCE // len(x))):
        epsilon = x.new_empty((len(size), *mean.shape)).normal_(generator=generator)
        log_q = log_standard_normal(epsilon) - scale.log().sum(-1)
        parts.append(log_joint(mean + scale * epsilon) - log_q)
    return torch.cat(parts)


def _timed(compute: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """What it computes, and the seconds of the processor."""
    began = time.process_time()
    result = compute()
    return result, time.process_time() - began
