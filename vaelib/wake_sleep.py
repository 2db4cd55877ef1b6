"""Wake-sleep (Hinton, Dayan, Frey and Neal, 1995), the algorithm that section 5 compares with."""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib.algorithm import Batch, Learner
from vaelib.checks.limits import Count, NotNegative, Positive, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_log_likelihood
from vaelib.elbo import gaussian_kl
from vaelib.model import VariationalAutoencoder
from vaelib.networks import draw
from vaelib.optimiser import MAPAdagrad


class WakeSleep(Learner):
    """Wake-sleep with the same encoder and decoder as AEVB.

    Wake: z ~ q(z|x) for real x, and θ climbs log p(x|z). That is the bound's gradient in θ.
    Sleep: z ~ p(z), x ~ p(x|z) is dreamt, and φ climbs log q(z|x). That is *not* the bound's
    gradient in φ: it minimises the KL divergence the other way round, on dreams instead of data,
    so the two phases together do not climb any one objective.

    Args:
        model: encoder and decoder.
        n_train: N, for the weight of the prior p(θ).
        stepsize: Adagrad's global stepsize, the same for both phases.
        warmup: steps that only accumulate squared gradients.
        prior_precision: of p(θ) = N(0, I/precision) on the weights.
        prior_on_biases: whether it is on the biases too.
        generator: all its randomness, on the model's device.

    Raises:
        UserError: for a number that is none of these.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
    >>> learner = WakeSleep(model, n_train=8, stepsize=0.1, warmup=0, generator=generator(0))
    >>> batch = Batch(torch.tensor([[1.0, 1.0, 0.0, 0.0]]).repeat(8, 1), torch.arange(8))
    >>> bounds = [learner.step(batch)["lower_bound"] for _ in range(30)]
    >>> f"from {bounds[0]:.1f} to {bounds[-1]:.1f}"
    'from -2.8 to -0.5'
    """

    objective = "lower_bound"

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        n_train: Count,
        stepsize: Positive,
        warmup: Whole = 100,
        prior_precision: NotNegative = 1.0,
        prior_on_biases: bool = False,
        generator: torch.Generator,
    ) -> None:
        self._theta, self._phi = (
            MAPAdagrad(
                network.named_parameters(),
                stepsize=stepsize,
                n_datapoints=n_train,
                warmup=warmup,
                prior_precision=prior_precision,
                prior_on_biases=prior_on_biases,
            )
            for network in (model.decoder, model.encoder)
        )
        super().__init__(
            model, n_train=n_train, generator=generator, theta=self._theta, phi=self._phi
        )

    def step(self, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """One wake phase on the minibatch, then one sleep phase on as many dreams.

        Metrics: the minibatch's average bound before the update, log q(z|x) of the dreams.
        """
        reconstruction, kl = self._wake(batch.x)
        return {"lower_bound": reconstruction - kl, "dream_log_q": self._sleep(len(batch.x))}

    def _wake(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            q = self.model.encode(x)
            z = draw(q, generator=self._generator)
            kl = gaussian_kl(q).mean()
        # The prior p(z) has no parameters, so log p(x, z) climbs with log p(x|z) alone.
        reconstruction = self.model.log_likelihood(x, z).mean()
        check_log_likelihood(reconstruction)
        self._theta.zero_grad()
        (-reconstruction).backward()
        self._theta.step()
        return reconstruction.detach(), kl

    def _sleep(self, n_dreams: int) -> Tensor:
        with torch.no_grad():
            z = draw(self.model.prior().expand((n_dreams,)), generator=self._generator)
            x = draw(self.model.decode(z), generator=self._generator)
        log_q: Tensor = self.model.encode(x).log_prob(z).mean()
        self._phi.zero_grad()
        (-log_q).backward()
        self._phi.step()
        return log_q.detach()
