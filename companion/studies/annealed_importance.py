"""Annealed importance sampling: log p(x) in any dimension, and bracketed on simulated data.

Between a density that can be sampled, f_0(z), and f_1(z) = p(x, z) lies the geometric path
f_β(z) = f_0(z)^(1−β) p(x, z)^β. Chains start at f_0, and a transition of HMC follows each small
step of β. The product of the ratios f_β'(z) / f_β(z) met on the way is a weight w with
E[w] = p(x) exactly, for every number of steps: the more steps, the more even the weights. So
log mean w lies below log p(x) on average.

Backwards, from an *exact* draw of p(z|x), the same chain gives E[1/w] = 1/p(x), and −log mean 1/w
lies above. Such a draw exists where z was drawn first and x from it (bidirectional Monte Carlo).

Sources: Neal (2001), Statistics and Computing 11; Grosse, Ghahramani and Adams (2015),
arXiv:1511.02543; Wu, Burda, Salakhutdinov and Grosse (2017), arXiv:1611.04273.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from vaelib import hmc
from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, checked
from vaelib.elbo import gaussian_parameters
from vaelib.hmc.effective_sample_size import of_log_weights, standard_error
from vaelib.hmc.latent_density import latent_density
from vaelib.hmc.log_density import LogDensity, with_gradient
from vaelib.hmc.stepsize import start_tuning, tune
from vaelib.likelihood.marginal_likelihood import ImportanceDiagnostics, log_mean_exp
from vaelib.model import VariationalAutoencoder
from vaelib.networks import Gaussian, draw

Base = Literal["prior", "recognition"]
N_TUNING_CHAINS = 4
SMALLEST_GAIN = 0.5  # of the tuning, whose target changes from step to step
SIGMOID_ENDS = 4.0  # as in Wu et al. (2017): small steps of β near both ends


class Bracket(NamedTuple):
    """Data drawn from the model, and log p(x) of each from both sides, in nats."""

    x: Tensor  # (M, n_pixels)
    lower: Tensor  # (M,), below log p(x) on average
    upper: Tensor  # (M,), above log p(x) on average


@checked
def annealed_importance_sampling(
    model: VariationalAutoencoder,
    x: Data,
    *,
    generator: torch.Generator,
    n_steps: Count = 100,
    n_chains: Count = 10,
    n_leapfrog: Count = 4,
    base: Base = "recognition",
    chunk_size: Count = 50,
) -> tuple[Tensor, ImportanceDiagnostics]:
    """log p(x) ≈ log of the mean over chains of the annealed weight, a stochastic lower bound.

    The stepsize of each transition is tuned on other chains beforehand, so that the mean weight
    stays unbiased for p(x). A datapoint costs n_steps (n_leapfrog + 2) decodings for each chain.

    Args:
        model: any; its encoder is used by base="recognition" only.
        x: `(M, n_pixels)`.
        generator: on the model's device. The draws depend on `chunk_size`.
        n_steps: from β = 0 to 1; one step is importance sampling from the base.
        n_chains: weights for each datapoint.
        n_leapfrog: leapfrog steps in a transition.
        base: f_0. "prior" asks nothing of the encoder and needs more steps; "recognition" begins
            at q(z|x).
        chunk_size: datapoints treated together: bounds the memory.

    Returns:
        the estimates, `(M,)` in nats, and how even their weights were.

    Raises:
        UserError: for settings out of range, or data that `datapoints` refuses.

    >>> from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
    >>> from vaelib.randomness import generator
    >>> exact = ProbabilisticPCA.example()
    >>> x = exact.sample(3, generator(0, "x"))
    >>> estimate, _ = annealed_importance_sampling(
    ...     exact.best_model(), x, base="prior", generator=generator(0)
    ... )
    >>> bool((estimate - exact.log_evidence(x)).abs().max() < 0.2)
    True
    """
    x = datapoints(model, x)
    betas = schedule(n_steps)
    parts = []
    for chunk in x.split(chunk_size):
        path = _path(model, chunk, base)
        stepsizes = _tuned(path, betas, n_leapfrog, generator)
        start = path.draw_base(n_chains, generator)
        parts.append(_travel(path, betas, stepsizes, start, n_leapfrog, generator))
    log_weight = torch.cat(parts, dim=1)
    size = of_log_weights(log_weight)
    diagnostics = ImportanceDiagnostics(size, standard_error(size, n_chains))
    return log_mean_exp(log_weight), diagnostics


@checked
def bidirectional(
    model: VariationalAutoencoder,
    *,
    n_datapoints: Count,
    generator: torch.Generator,
    n_steps: Count = 100,
    n_chains: Count = 10,
    n_leapfrog: Count = 4,
    base: Base = "prior",
) -> Bracket:
    """Bidirectional Monte Carlo: log p(x) from below and above, for x drawn from the model.

    The data are the model's own, for only then is an exact draw of p(z|x) at hand. The arguments
    are those of `annealed_importance_sampling`, and n_datapoints is M.

    Raises:
        UserError: for settings out of range.

    >>> from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
    >>> exact, generator = ProbabilisticPCA.example(), torch.Generator().manual_seed(0)
    >>> bracket = bidirectional(exact.best_model(), n_datapoints=20, generator=generator)
    >>> truth = exact.log_evidence(bracket.x).mean()
    >>> bool(bracket.lower.mean() - 0.05 < truth < bracket.upper.mean() + 0.05)
    True
    """
    with torch.no_grad():
        z = draw(model.prior().expand((n_datapoints,)), generator=generator)
        x = draw(model.decode(z), generator=generator)
    path, betas = _path(model, x, base), schedule(n_steps)
    stepsizes = _tuned(path, betas, n_leapfrog, generator)
    start = path.draw_base(n_chains, generator)
    forward = _travel(path, betas, stepsizes, start, n_leapfrog, generator)
    end = z.expand(n_chains, *z.shape)
    backward = _travel(path, betas[::-1], stepsizes, end, n_leapfrog, generator)
    return Bracket(x, log_mean_exp(forward), -log_mean_exp(backward))


@checked
def schedule(n_steps: Count) -> list[float]:
    """`n_steps` + 1 values of β from 0 to 1, equally spaced on a logistic curve.

    >>> [round(beta, 2) for beta in schedule(4)]
    [0.0, 0.1, 0.5, 0.9, 1.0]
    """
    curve = torch.linspace(-SIGMOID_ENDS, SIGMOID_ENDS, n_steps + 1, dtype=torch.float64).sigmoid()
    rescaled: list[float] = ((curve - curve[0]) / (curve[-1] - curve[0])).tolist()
    return rescaled


class _Path(NamedTuple):
    """From a diagonal Gaussian to p(x, z), for the datapoints of a chunk."""

    base: Gaussian  # over (M, n_latent)
    target: LogDensity

    def draw_base(self, n: int, generator: torch.Generator) -> Tensor:
        """`(n, M, n_latent)`."""
        return draw(self.base.expand((n, *self.base.batch_shape)), generator=generator)

    def log_ratio(self, z: Tensor) -> Tensor:
        """log p(x, z) − log f_0(z), `(n, M, n_latent)` to `(n, M)`."""
        with torch.no_grad():
            ratio: Tensor = self.target(z) - self.base.log_prob(z)
        return ratio


class _Density:
    """log f_β, with its gradient, so that a target that brings its own is used as it is."""

    def __init__(self, path: _Path, beta: float) -> None:
        self._path, self._beta = path, beta
        self._mean, self._scale = gaussian_parameters(path.base)

    def __call__(self, z: Tensor) -> Tensor:
        return torch.lerp(self._path.base.log_prob(z), self._path.target(z), self._beta)

    def gradient(self, z: Tensor) -> Tensor:
        return self.value_and_gradient(z)[1]

    def value_and_gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
        value, gradient = with_gradient(self._path.target).value_and_gradient(z)
        base_gradient = (self._mean - z) / self._scale.square()
        return (
            torch.lerp(self._path.base.log_prob(z), value, self._beta),
            torch.lerp(base_gradient, gradient, self._beta),
        )


def _path(model: VariationalAutoencoder, x: Tensor, base: Base) -> _Path:
    with torch.no_grad():
        start = model.encode(x) if base == "recognition" else model.prior().expand((len(x),))
    return _Path(start, latent_density(model, x))


def _tuned(
    path: _Path, betas: list[float], n_leapfrog: int, generator: torch.Generator
) -> dict[float, Tensor]:
    """A stepsize `(M,)` for each β between the ends, followed along the path by other chains."""
    z = path.draw_base(N_TUNING_CHAINS, generator)
    stepsizes: dict[float, Tensor] = {}
    tuning = None
    for beta in betas[1:-1]:
        density = _Density(path, beta)
        state = hmc.init(z, density)
        if tuning is None:
            slope = state.gradient.square().sum(-1).mean(0)
            tuning = start_tuning((z.shape[-1] / slope).sqrt(), like=slope)
        transition = hmc.kernel(density, n_leapfrog=n_leapfrog, generator=generator)
        state, info = transition(state, tuning.stepsize)
        tuning = tune(tuning, info.acceptance_probability, smallest_gain=SMALLEST_GAIN)
        stepsizes[beta], z = tuning.stepsize, state.position
    return stepsizes


def _travel(
    path: _Path,
    betas: list[float],
    stepsizes: dict[float, Tensor],
    z: Tensor,
    n_leapfrog: int,
    generator: torch.Generator,
) -> Tensor:
    """The log weights `(n, M)` of chains that start at z and meet the βs in the order given.

    HMC is reversible at each β, so the way back is the same with the βs reversed.
    """
    log_weight = torch.zeros_like(z[..., 0])
    for beta, following in pairwise(betas):
        log_weight += (following - beta) * path.log_ratio(z)
        if following in stepsizes:
            density = _Density(path, following)
            transition = hmc.kernel(density, n_leapfrog=n_leapfrog, generator=generator)
            z = transition(hmc.init(z, density), stepsizes[following])[0].position
    return log_weight
