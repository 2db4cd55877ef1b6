"""Appendix F: full variational Bayes, with a variational posterior over θ as well as over z.

log p_α(X) = KL(q_φ(θ) ‖ p_α(θ|X)) + L(φ; X)  (Eq. 13), so L(φ; X) is a lower bound on the log
evidence of the model, in nats for the whole data set. Both posteriors are Gaussian here (F.1).
"""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib.algorithm import Batch, Learner
from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, Positive, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_log_likelihood, check_pixels
from vaelib.elbo import gaussian_kl, gaussian_parameters
from vaelib.errors import UserError
from vaelib.global_posterior import GlobalPosterior
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.optimiser import MAPAdagrad
from vaelib.reparameterization import gaussian
from vaelib.sgvb import Estimator


@checked
def full_estimator_a(
    model: VariationalAutoencoder,
    posterior: GlobalPosterior,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "M n_latent"],
    zeta: Float[Tensor, "L J"],
    *,
    n_datapoints: Count,
) -> Float[Tensor, ""]:
    """Eq. 22: the mean of Eq. 21 over the draws, unbiased for Eqs 14 and 20 with 18 in them.

    Those have log p_θ(x) where this has its lower bound, Eq. 18: what is estimated is below them by
    the divergences of Eq. 15, and a looser bound on the evidence.

    The datapoints are dealt out to the draws of θ, M/L to each. L = M is Algorithm 2 as printed;
    L = 1 shares one θ in the minibatch, which costs a single pass of the decoder.

    Args:
        model: its encoder is q_φ(z|x).
        posterior: q_φ(θ), over the model's decoder.
        x: `(M, n_pixels)`, drawn at random from the data set.
        epsilon: standard normal noise `(M, n_latent)`.
        zeta: standard normal noise `(L, J)`, L a divisor of M.
        n_datapoints: N, the size of the data set.

    Returns:
        a 0-d tensor, in nats for the whole data set, differentiable in φ.

    Raises:
        UserError: if L does not divide M.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> q_theta = GlobalPosterior(model.decoder)
    >>> epsilon, zeta = torch.zeros(8, 2), q_theta.noise(4, generator=generator(0, "zeta"))
    >>> bound = full_estimator_a(model, q_theta, torch.ones(8, 4), epsilon, zeta, n_datapoints=100)
    >>> f"{bound:.0f}"
    '-340'
    """
    mean, scale = gaussian_parameters(model.encode(x))
    z = gaussian(mean, scale, epsilon)
    log_q = log_standard_normal(epsilon) - scale.log().sum(-1)
    log_joint = _log_likelihood(posterior, x, z, zeta) + log_standard_normal(z)
    return n_datapoints * (log_joint - log_q).mean() + posterior.log_ratio(zeta).mean()


@checked
def full_estimator_b(
    model: VariationalAutoencoder,
    posterior: GlobalPosterior,
    x: Float[Tensor, "M n_pixels"],
    epsilon: Float[Tensor, "M n_latent"],
    zeta: Float[Tensor, "L J"],
    *,
    n_datapoints: Count,
) -> Float[Tensor, ""]:
    """Eq. 24: as `full_estimator_a`, with four of the five terms of Eq. 21 in closed form.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> q_theta = GlobalPosterior(model.decoder)
    >>> epsilon, zeta = torch.zeros(8, 2), q_theta.noise(1, generator=generator(0, "zeta"))
    >>> bound = full_estimator_b(model, q_theta, torch.ones(8, 4), epsilon, zeta, n_datapoints=100)
    >>> f"{bound:.0f}"
    '-347'
    """
    q = model.encode(x)
    mean, scale = gaussian_parameters(q)
    log_likelihood = _log_likelihood(posterior, x, gaussian(mean, scale, epsilon), zeta)
    return n_datapoints * (log_likelihood - gaussian_kl(q)).mean() - posterior.kl()


def _log_likelihood(posterior: GlobalPosterior, x: Tensor, z: Tensor, zeta: Tensor) -> Tensor:
    """log p_θ(x|z), `(M,)`, each group of M/L datapoints under its own θ."""
    n_theta = len(zeta)
    if n_theta == 0 or len(x) % n_theta:
        raise UserError(
            f"{n_theta} draws of theta cannot share a minibatch of {len(x)} equally: "
            "let their number divide the minibatch size"
        )
    found = []
    for rows, z_l, theta in zip(
        x.chunk(n_theta), z.chunk(n_theta), posterior.reparameterize(zeta), strict=True
    ):
        likelihood = posterior(z_l, theta)
        check_pixels(rows, likelihood.event_shape[-1])
        found.append(likelihood.log_prob(rows))
    log_likelihood = torch.cat(found)
    check_log_likelihood(log_likelihood)
    return log_likelihood


_ESTIMATORS = {"A": full_estimator_a, "B": full_estimator_b}


@checked
@torch.no_grad()
def predictive_bound(
    model: VariationalAutoencoder,
    posterior: GlobalPosterior,
    x: Data,
    *,
    n_samples: Count = 10,
    generator: torch.Generator,
) -> Float[Tensor, "M"]:
    """E_q(θ)[L(θ, φ; x)] by Monte Carlo, Eqs 16 and 18 averaged over θ; `(M,)`, in nats.

    It bounds log ∫ q_φ(θ) p_θ(x) dθ, the predictive density, from below. Its sum over the training
    set, less `posterior.kl()`, is L(φ; X).

    Args:
        x: `(M, n_pixels)`.
        n_samples: draws of θ, each shared by all of x and with fresh ε.
        generator: on the device of x.

    Raises:
        UserError: if n_samples is below one, or for data that `datapoints` refuses.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
    >>> q_theta = GlobalPosterior(model.decoder, initial_std=0.01)
    >>> bound = predictive_bound(model, q_theta, torch.ones(1, 4), generator=generator(0, "noise"))
    >>> f"{bound.item():.1f}"
    '-2.8'
    """
    x = datapoints(model, x)
    q = model.encode(x)
    mean, scale = gaussian_parameters(q)
    total = torch.zeros_like(x[:, 0])
    for zeta in posterior.noise(n_samples, generator=generator):
        epsilon = torch.empty_like(mean).normal_(generator=generator)
        total += _log_likelihood(posterior, x, gaussian(mean, scale, epsilon), zeta[None])
    return total / n_samples - gaussian_kl(q)


class FullVB(Learner):
    """Algorithm 2 with Adagrad: stochastic gradients of L(φ; X) for the encoder, μ_θ and σ_θ.

    The model's decoder holds μ_θ: after training it is the posterior mean.

    Args:
        model: encoder and decoder.
        n_train: N, the size of the training set.
        stepsize: Adagrad's global stepsize.
        n_theta: L, draws of θ a step; the minibatch is dealt out to them.
        estimator: "A" for Eq. 22, "B" for Eq. 24.
        initial_std: σ_θ at the start.
        warmup: steps that only accumulate squared gradients.
        generator: the noise ε and ζ, on the model's device.

    Raises:
        UserError: for an unknown estimator, or a number that is none of these.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
    >>> learner = FullVB(model, n_train=8, stepsize=0.1, warmup=0, generator=generator(0, "noise"))
    >>> batch = Batch(torch.tensor([[1.0, 1.0, 0.0, 0.0]]).repeat(8, 1), torch.arange(8))
    >>> bounds = [learner.step(batch)["full_bound"] for _ in range(30)]
    >>> f"from {bounds[0]:.0f} to {bounds[-1]:.0f}"
    'from -11 to -6'
    """

    objective = "full_bound"

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        n_train: Count,
        stepsize: Positive,
        n_theta: Count = 1,
        estimator: Estimator = "B",
        initial_std: Positive = 0.05,
        warmup: Whole = 100,
        generator: torch.Generator,
    ) -> None:
        self.posterior = GlobalPosterior(model.decoder, initial_std=initial_std)
        self.n_theta = n_theta
        self._estimator = _ESTIMATORS[estimator]
        # The prior on θ is inside the bound, and φ has none.
        self._optimiser = MAPAdagrad(
            [*model.named_parameters(), ("log_std", self.posterior.log_std)],
            stepsize=stepsize,
            n_datapoints=n_train,
            warmup=warmup,
            prior_precision=0.0,
        )
        super().__init__(model, n_train=n_train, generator=generator, optimiser=self._optimiser)

    def step(self, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """One update. Metrics, from before it: L(φ; X)/N and KL(q(θ) ‖ p(θ))/N, in nats."""
        epsilon = batch.x.new_empty(len(batch.x), self.model.n_latent)
        epsilon.normal_(generator=self._generator)
        zeta = self.posterior.noise(self.n_theta, generator=self._generator)
        bound = self._estimator(
            self.model, self.posterior, batch.x, epsilon, zeta, n_datapoints=self.n_train
        )
        self._optimiser.zero_grad()
        # Per datapoint, as in every algorithm here; Adagrad cannot tell the difference.
        (-bound / self.n_train).backward()
        self._optimiser.step()
        with torch.no_grad():
            kl = self.posterior.kl()
        return {"full_bound": bound.detach() / self.n_train, "kl_theta": kl / self.n_train}

    def tensors(self) -> dict[str, Tensor]:
        """log σ_θ; μ_θ is in the model."""
        return {"posterior/log_std": self.posterior.log_std.detach()}
