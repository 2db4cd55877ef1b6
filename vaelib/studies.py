"""Small measurements that the chapters show: how right, and how noisy, an estimator is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from vaelib.elbo import evaluate, lower_bound
from vaelib.errors import UserError
from vaelib.marginal_likelihood import importance_sampling, posterior_density_estimator
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.quadrature import quadrature
from vaelib.sgvb import estimator_a, estimator_b, noise, score_function_surrogate

SCORE, BASELINE = "score function", "score function with baseline"
A, B = "estimator A", "estimator B"


class Decomposition(NamedTuple):
    """Eq. 1 for one q: log_evidence = kl + bound, each of q's leading shape `(...)`, in nats."""

    log_evidence: Tensor
    bound: Tensor
    kl: Tensor


class OneDimensional:
    """A model with one latent and one observed dimension, where Eq. 1 can be computed and drawn.

    p(z) = N(0, 1) and p(x|z) = N(x; tanh(2z), noise²): the mean saturates, so the posterior is
    skewed and no Gaussian q fits it exactly. Every integral is a sum over a fine grid of z.

    Args:
        noise: standard deviation of p(x|z).
        n_grid: grid points over z in [−10, 10].

    Raises:
        UserError: if the noise is not positive.
    """

    def __init__(self, *, noise: float = 0.5, n_grid: int = 2001) -> None:
        if not noise > 0:
            raise UserError(f"noise is {noise}: give a positive standard deviation")
        self.noise = noise
        self.z = torch.linspace(-10.0, 10.0, n_grid, dtype=torch.float64)
        self._step = float(self.z[1] - self.z[0])

    def log_joint(self, x: float) -> Tensor:
        """log p(x, z) on the grid, `(n_grid,)`, in nats."""
        likelihood = torch.distributions.Normal(torch.tanh(2 * self.z), self.noise)
        log_likelihood: Tensor = likelihood.log_prob(torch.tensor(x, dtype=torch.float64))
        return log_standard_normal(self.z.unsqueeze(-1)) + log_likelihood

    def log_evidence(self, x: float) -> Tensor:
        """log p(x), 0-d, in nats."""
        return torch.logsumexp(self.log_joint(x), 0) + torch.tensor(self._step).log()

    def posterior(self, x: float) -> Tensor:
        """The exact posterior density p(z|x) on the grid, `(n_grid,)`."""
        return torch.exp(self.log_joint(x) - self.log_evidence(x))

    def decompose(self, x: float, mean: Tensor, std: Tensor) -> Decomposition:
        """Both sides of Eq. 1 for q = N(mean, std²), the bound and the KL computed separately.

        Args:
            x: the observation.
            mean, std: float64 tensors that broadcast to `(...)`; keep q well inside the grid.
        """
        mean, std = torch.broadcast_tensors(mean, std)
        log_q: Tensor = torch.distributions.Normal(mean.unsqueeze(-1), std.unsqueeze(-1)).log_prob(
            self.z
        )
        q = log_q.exp() * self._step
        log_posterior = self.log_joint(x) - self.log_evidence(x)
        bound = (q * (self.log_joint(x) - log_q)).sum(-1)
        kl = (q * (log_q - log_posterior)).sum(-1)
        return Decomposition(self.log_evidence(x).expand_as(bound), bound, kl)


def gradient_variance(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: int = 200,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C1: mean and variance of each component of the bound's gradient in φ, by estimator.

    The gradient is of the minibatch average with respect to the encoder's mean and log-variance
    layers, for L = 1. The baseline is the average of f(z) over the minibatch's other datapoints.

    Args:
        x: a fixed minibatch `(M, n_pixels)`, M at least 2, so that only the noise varies.
        repetitions: gradients drawn from each estimator.

    Returns:
        columns estimator, parameter, component, mean, variance; nats per datapoint and unit of
        the parameter.
    """
    if len(x) < 2:
        raise UserError(f"the minibatch has {len(x)} datapoints: the baseline needs at least 2")

    def pathwise(estimator: Callable[..., Tensor]) -> Callable[[], Tensor]:
        return lambda: estimator(model, x, noise(model, x, generator=generator))

    def score(with_baseline: bool) -> Callable[[], Tensor]:
        def surrogate() -> Tensor:
            baseline: Tensor | float = 0.0
            if with_baseline:
                baseline = _leave_one_out_mean(model, x, generator)
            return score_function_surrogate(model, x, baseline=baseline, generator=generator)

        return surrogate

    estimators = {
        SCORE: score(False),
        BASELINE: score(True),
        A: pathwise(estimator_a),
        B: pathwise(estimator_b),
    }
    parameters = {
        name: parameter
        for name, parameter in model.encoder.named_parameters()
        if name.startswith(("mean.", "log_variance."))
    }
    tables = []
    for estimator, draw in estimators.items():
        for name, draws in _gradients(draw, parameters, repetitions):
            table = pd.DataFrame({"mean": draws.mean(0), "variance": draws.var(0)})
            table = table.rename_axis("component").reset_index()
            tables.append(table.assign(estimator=estimator, parameter=name))
    return pd.concat(tables, ignore_index=True)


def _leave_one_out_mean(
    model: VariationalAutoencoder, x: Tensor, generator: torch.Generator
) -> Tensor:
    # Drawn with its own noise: the baseline must not depend on the z that it stands beside.
    with torch.no_grad():
        value = estimator_a(model, x, noise(model, x, generator=generator))
    return (value.sum() - value) / (len(value) - 1)


def _gradients(
    draw: Callable[[], Tensor], parameters: dict[str, torch.nn.Parameter], repetitions: int
) -> Iterator[tuple[str, Tensor]]:
    """For each parameter the gradients of `draw().mean()`, `(repetitions, components)`."""
    rows = [
        torch.autograd.grad(draw().mean(), list(parameters.values())) for _ in range(repetitions)
    ]
    for name, column in zip(parameters, zip(*rows, strict=True), strict=True):
        yield name, torch.stack([gradient.flatten() for gradient in column])


@torch.no_grad()
def estimator_variance(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: int = 500,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C2: mean and variance over the noise of the estimates A and B of each bound, L = 1.

    Both see the same noise.

    Args:
        x: `(M, n_pixels)`.

    Returns:
        columns datapoint, estimator ("A" or "B"), mean (nats), variance (nats²).
    """
    epsilon = [noise(model, x, generator=generator) for _ in range(repetitions)]
    tables = []
    for name, estimator in (("A", estimator_a), ("B", estimator_b)):
        draws = torch.stack([estimator(model, x, e) for e in epsilon]).double()
        table = pd.DataFrame({"mean": draws.mean(0), "variance": draws.var(0)})
        tables.append(table.rename_axis("datapoint").reset_index().assign(estimator=name))
    return pd.concat(tables, ignore_index=True)


def bound_noise(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    repetitions: int = 20,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Claim C6: repeated evaluations of the average bound of one data set, only the noise differs.

    Returns:
        columns repetition, value (nats per datapoint).
    """
    values = [evaluate(model, x, generator=generator) for _ in range(repetitions)]
    return pd.DataFrame({"value": values}).rename_axis("repetition").reset_index()


def likelihood_estimators(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    importance_samples: int = 1000,
    generator: torch.Generator,
) -> pd.DataFrame:
    """Appendix D: three estimates of log p(x) against quadrature, datapoint by datapoint.

    The estimators are the bound (100 noise draws), importance sampling, and Appendix D's own.

    Args:
        model: with at most three latent dimensions.
        x: `(M, n_pixels)`.
        importance_samples: draws for each datapoint.

    Returns:
        columns datapoint, estimator, value, exact, error; in nats, error = value − exact.
    """
    exact, _ = quadrature(model, x)
    epsilon = noise(model, x, n_samples=100, generator=generator)
    with torch.no_grad():
        bound = lower_bound(model, x, epsilon).bound
    weighted, _ = importance_sampling(model, x, n_samples=importance_samples, generator=generator)
    fitted, _ = posterior_density_estimator(model, x, generator=generator)
    estimates = {
        "lower bound": bound,
        "importance sampling": weighted,
        "Appendix D": fitted,
    }
    tables = [
        pd.DataFrame({"value": value.double(), "exact": exact.double()})
        .rename_axis("datapoint")
        .reset_index()
        .assign(estimator=estimator)
        for estimator, value in estimates.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(error=table["value"] - table["exact"])
