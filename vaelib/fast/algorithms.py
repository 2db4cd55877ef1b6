"""The three algorithms again, near the speed of their matrix products.

Each is the algorithm that it inherits from, with the same random numbers and, up to rounding, the
same update; only the gradient is computed by `vaelib.fast.backpropagation` instead of autograd, and
the whole update can be compiled. Read `vaelib.aevb`, `vaelib.wake_sleep` and `vaelib.mcem` to
understand them; train with these, by a `Trainer(…, within=fast_products)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from vaelib.aevb import AEVB
from vaelib.algorithm import Batch
from vaelib.arithmetic.compiling import compiled
from vaelib.arithmetic.products import Precision
from vaelib.checks.limits import checked
from vaelib.errors import UserError
from vaelib.fast.backpropagation import Backpropagation
from vaelib.hmc.compiled_density import compiled_latent_density
from vaelib.mcem import MCEM
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import BernoulliMLP, GaussianMLP, draw
from vaelib.optimiser import MAPAdagrad
from vaelib.sgvb import noise
from vaelib.wake_sleep import WakeSleep


def is_supported(model: VariationalAutoencoder) -> bool:
    """Whether the model consists of Appendix C's networks, however deep, and encodes to a Gaussian.

    >>> from vaelib.model import build
    >>> is_supported(build(n_pixels=6, n_hidden=8, n_latent=2, generator=torch.Generator()))
    True
    """
    encoder = model.encoder
    return (
        type(encoder) is GaussianMLP
        and encoder.mean_activation == "identity"
        and type(model.decoder) in (BernoulliMLP, GaussianMLP)
    )


class FastAEVB(AEVB):
    """`AEVB` with estimator B on Appendix C's networks; arguments as there, and two more.

    Args:
        compile_step: make machine code of the whole update; see `vaelib.arithmetic.compiling`.
        precision: of the matrix products; parameters and Adagrad's sums stay in float32.

    >>> from vaelib.model import build
    >>> from vaelib.randomness import generator
    >>> x, bounds = torch.ones(4, 6), []
    >>> for kind in (AEVB, FastAEVB):
    ...     vae = build(n_pixels=6, n_hidden=8, n_latent=2, generator=generator(0, "init"))
    ...     algorithm = kind(vae, n_train=4, stepsize=0.1, generator=generator(0, "noise"))
    ...     bounds.append(algorithm.step(Batch(x, torch.arange(4)))["lower_bound"])
    >>> bool((bounds[0] - bounds[1]).abs() < 1e-4)
    True
    """

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        compile_step: bool = False,
        precision: Precision = "float32",
        **settings: Any,
    ) -> None:
        super().__init__(model, **settings)
        if settings.get("estimator", "B") != "B":
            raise UserError("FastAEVB has estimator 'B' only: use AEVB for 'A'")
        self._kl_weight: float = settings.get("kl_weight", 1.0)
        self._encoder, self._decoder = _networks(model, precision)
        self._update = self._climb
        if compile_step:
            self._encoder.join_heads(self._optimiser)
            self._decoder.join_heads(self._optimiser)
            self._update = compiled(self._climb)

    @torch.no_grad()
    def step(self, batch: Batch) -> dict[str, Tensor]:
        """As `AEVB.step`."""
        epsilon = noise(self.model, batch.x, n_samples=self.n_samples, generator=self._generator)
        return {"lower_bound": self._update(batch.x, epsilon, self._optimiser.advance())}

    def _climb(self, x: Tensor, epsilon: Tensor, stepsize: Tensor) -> Tensor:
        n = self.n_samples
        n_rows = n * len(x)
        q = self._encoder.forward(x)
        mean, log_variance = q.heads
        variance = log_variance.exp()
        std = variance.sqrt()
        z = torch.addcmul(mean, std, epsilon).flatten(0, 1)
        p = self._decoder.forward(z)
        fit = self._decoder.fit(p.heads, x.repeat(n, 1) if n > 1 else x)
        kl = 0.5 * (mean.square().sum() + variance.sum() - log_variance.sum() - mean.numel())

        theta = self._decoder.backward(p, [g.div_(n_rows) for g in fit.gradients])
        by_z = self._decoder.to_inputs(theta).view_as(epsilon)
        weight = self._kl_weight / len(x)
        by_mean = by_z.sum(0).add_(mean, alpha=weight)
        by_log_variance = (by_z * epsilon).sum(0).mul_(std).add_(variance - 1.0, alpha=weight)
        phi = self._encoder.backward(q, [by_mean, by_log_variance.mul_(0.5)])
        self._optimiser.apply(phi.parameters + theta.parameters, stepsize)
        return fit.log_likelihood / n_rows - weight * kl


class FastWakeSleep(WakeSleep):
    """`WakeSleep` on Appendix C's networks; arguments as there and of `FastAEVB`.

    >>> from vaelib.model import build
    >>> numbers = torch.Generator().manual_seed(0)
    >>> vae = build(n_pixels=6, n_hidden=8, n_latent=2, generator=numbers)
    >>> algorithm = FastWakeSleep(vae, n_train=4, stepsize=0.1, generator=numbers)
    >>> sorted(algorithm.step(Batch(torch.ones(4, 6), torch.arange(4))))
    ['dream_log_q', 'lower_bound']
    """

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        compile_step: bool = False,
        precision: Precision = "float32",
        **settings: Any,
    ) -> None:
        super().__init__(model, **settings)
        self._encoder, self._decoder = _networks(model, precision)
        self._update_theta, self._update_phi = self._climb_theta, self._climb_phi
        if compile_step:
            self._decoder.join_heads(self._theta)
            self._encoder.join_heads(self._phi)
            self._update_theta = compiled(self._climb_theta)
            self._update_phi = compiled(self._climb_phi)

    @torch.no_grad()
    def _wake(self, x: Tensor) -> tuple[Tensor, Tensor]:
        noise = self._encoder.noise(x, generator=self._generator)
        return self._update_theta(x, noise, self._theta.advance())

    def _climb_theta(self, x: Tensor, noise: Tensor, stepsize: Tensor) -> tuple[Tensor, Tensor]:
        q = self._encoder.forward(x).heads
        mean, log_variance = q
        kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0).sum() / len(x)
        z = self._encoder.sample(q, noise)
        return _climb(self._decoder, z, x, self._theta, stepsize), kl

    @torch.no_grad()
    def _sleep(self, n_dreams: int) -> Tensor:
        z = draw(self.model.prior().expand((n_dreams,)), generator=self._generator)
        noise = self._decoder.noise(z, generator=self._generator)
        return self._update_phi(z, noise, self._phi.advance())

    def _climb_phi(self, z: Tensor, noise: Tensor, stepsize: Tensor) -> Tensor:
        x = self._decoder.sample(self._decoder.forward(z).heads, noise)
        return _climb(self._encoder, x, z, self._phi, stepsize)


class FastMCEM(MCEM):
    """`MCEM` on Appendix C's networks; arguments as there and of `FastAEVB`.

    The precision is that of the M-step; HMC's energies are differences of large numbers, and stay
    in float32.

    >>> from vaelib.model import build
    >>> numbers = torch.Generator().manual_seed(0)
    >>> vae = build(n_pixels=6, n_hidden=8, n_latent=2, generator=numbers)
    >>> algorithm = FastMCEM(vae, n_train=4, stepsize=0.1, generator=numbers)
    >>> sorted(algorithm.step(Batch(torch.ones(4, 6), torch.arange(4))))
    ['acceptance', 'hmc_stepsize', 'log_joint']
    """

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        compile_step: bool = False,
        precision: Precision = "float32",
        **settings: Any,
    ) -> None:
        super().__init__(model, **settings)
        _, self._decoder = _networks(model, precision)
        self._update = self._climb
        if compile_step:
            self._decoder.join_heads(self._optimiser)
            self._log_joint_of = compiled_latent_density
            self._update = compiled(self._climb)

    @torch.no_grad()
    def _m_step(self, x: Tensor, z: Tensor) -> Tensor:
        values = []
        for _ in range(self._n_weight_updates):
            block = self._block(len(x))
            prior = log_standard_normal(z[block]).mean()
            values.append(prior + self._update(x[block], z[block], self._optimiser.advance()))
        return values[0]

    def _climb(self, x: Tensor, z: Tensor, stepsize: Tensor) -> Tensor:
        return _climb(self._decoder, z, x, self._optimiser, stepsize)


def _networks(model: VariationalAutoencoder, precision: Precision) -> Sequence[Backpropagation]:
    """Encoder and decoder, forward and back."""
    if not is_supported(model):
        raise UserError(
            "the model is not made of Appendix C's networks with a Gaussian encoder: use the "
            "algorithm of the same name without 'Fast'"
        )
    networks = cast(tuple[GaussianMLP, BernoulliMLP | GaussianMLP], (model.encoder, model.decoder))
    return [Backpropagation(network, precision=precision) for network in networks]


def _climb(
    network: Backpropagation,
    inputs: Tensor,
    targets: Tensor,
    optimiser: MAPAdagrad,
    stepsize: Tensor,
) -> Tensor:
    """One step up the average of log p(targets|inputs) over rows; returns it as it was before."""
    activations = network.forward(inputs)
    fit = network.fit(activations.heads, targets)
    gradients = network.backward(activations, [g.div_(len(inputs)) for g in fit.gradients])
    optimiser.apply(gradients.parameters, stepsize)
    return fit.log_likelihood / len(inputs)
