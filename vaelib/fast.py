"""The three algorithms again, near the speed of their matrix products.

Each is the algorithm that it inherits from, with the same random numbers and, up to rounding, the
same update; only the gradient is computed by `vaelib.backpropagation` instead of autograd. Read
`vaelib.aevb`, `vaelib.wake_sleep` and `vaelib.mcem` to understand them; train with these.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vaelib.aevb import AEVB
from vaelib.algorithm import Batch
from vaelib.backpropagation import Backpropagation
from vaelib.errors import UserError
from vaelib.mcem import MCEM
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import BernoulliMLP, GaussianMLP, draw
from vaelib.sgvb import noise
from vaelib.wake_sleep import WakeSleep


def is_supported(model: VariationalAutoencoder) -> bool:
    """Whether the model consists of Appendix C's networks, with a Gaussian encoder."""
    encoder = model.encoder
    return (
        type(encoder) is GaussianMLP
        and encoder.mean_activation == "identity"
        and type(model.decoder) in (BernoulliMLP, GaussianMLP)
    )


class FastAEVB(AEVB):
    """`AEVB` with estimator B on Appendix C's networks; arguments as there."""

    def __init__(self, model: VariationalAutoencoder, **settings: Any) -> None:
        super().__init__(model, **settings)
        if settings.get("estimator", "B") != "B":
            raise UserError("FastAEVB has estimator 'B' only: use AEVB for 'A'")
        self._kl_weight: float = settings.get("kl_weight", 1.0)
        self._encoder, self._decoder = _networks(model)

    @torch.no_grad()
    def step(self, batch: Batch) -> dict[str, Tensor]:
        """As `AEVB.step`."""
        x, n = batch.x, self.n_samples
        n_rows = n * len(x)
        epsilon = noise(self.model, x, n_samples=n, generator=self._generator)
        mean, log_variance = self._encoder.forward(x)
        variance = log_variance.exp()
        std = variance.sqrt()
        z = torch.addcmul(mean, std, epsilon).flatten(0, 1)
        fit = self._decoder.fit(self._decoder.forward(z), x.repeat(n, 1) if n > 1 else x)
        kl = 0.5 * (mean.square().sum() + variance.sum() - log_variance.sum() - mean.numel())

        by_z = self._decoder.backward([g.div_(n_rows) for g in fit.gradients], to_inputs=True)
        assert by_z is not None
        by_z = by_z.view_as(epsilon)
        weight = self._kl_weight / len(x)
        by_mean = by_z.sum(0).add_(mean, alpha=weight)
        by_log_variance = (by_z * epsilon).sum(0).mul_(std).add_(variance - 1.0, alpha=weight)
        self._encoder.backward([by_mean, by_log_variance.mul_(0.5)])
        self._optimiser.step()
        return {"lower_bound": fit.log_likelihood / n_rows - weight * kl}


class FastWakeSleep(WakeSleep):
    """`WakeSleep` on Appendix C's networks; arguments as there."""

    def __init__(self, model: VariationalAutoencoder, **settings: Any) -> None:
        super().__init__(model, **settings)
        self._encoder, self._decoder = _networks(model)

    @torch.no_grad()
    def _wake(self, x: Tensor) -> tuple[Tensor, Tensor]:
        q = self._encoder.forward(x)
        z = self._encoder.sample(q, generator=self._generator)
        mean, log_variance = q
        kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0).sum() / len(x)
        reconstruction = _climb(self._decoder, z, x)
        self._theta.step()
        return reconstruction, kl

    @torch.no_grad()
    def _sleep(self, n_dreams: int) -> Tensor:
        prior = self.model.prior().expand((n_dreams,))
        z = draw(prior, generator=self._generator)
        x = self._decoder.sample(self._decoder.forward(z), generator=self._generator)
        log_q = _climb(self._encoder, x, z)
        self._phi.step()
        return log_q


class FastMCEM(MCEM):
    """`MCEM` with the M-step on Appendix C's networks; arguments as there."""

    def __init__(self, model: VariationalAutoencoder, **settings: Any) -> None:
        super().__init__(model, **settings)
        _, self._decoder = _networks(model)

    @torch.no_grad()
    def _m_step(self, x: Tensor, z: Tensor) -> Tensor:
        values = []
        for _ in range(self._n_weight_updates):
            values.append(_climb(self._decoder, z, x))
            self._optimiser.step()
        return values[0] + log_standard_normal(z).mean()


def _networks(model: VariationalAutoencoder) -> tuple[Backpropagation, Backpropagation]:
    if not is_supported(model):
        raise UserError(
            "the model is not made of Appendix C's networks with a Gaussian encoder: use the "
            "algorithm of the same name without 'Fast'"
        )
    encoder, decoder = model.encoder, model.decoder
    assert isinstance(encoder, GaussianMLP)
    assert isinstance(decoder, BernoulliMLP | GaussianMLP)
    return Backpropagation(encoder), Backpropagation(decoder)


def _climb(network: Backpropagation, inputs: Tensor, targets: Tensor) -> Tensor:
    """The gradient of −log p(targets|inputs), averaged over rows; returns the average of log p."""
    fit = network.fit(network.forward(inputs), targets)
    network.backward([gradient.div_(len(inputs)) for gradient in fit.gradients])
    return fit.log_likelihood / len(inputs)
