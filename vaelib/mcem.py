"""Monte Carlo EM with Hybrid Monte Carlo, Appendix E: the algorithm that needs no encoder."""

from __future__ import annotations

import torch
from torch import Tensor

from vaelib import hmc
from vaelib.algorithm import Batch, Learner, nest
from vaelib.checks.limits import Count, NotNegative, OpenUnit, Positive, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.errors import DivergedError, UserError
from vaelib.hmc.latent_density import latent_density
from vaelib.hmc.stepsize import start_tuning, tune
from vaelib.model import VariationalAutoencoder
from vaelib.networks import draw
from vaelib.optimiser import MAPAdagrad

TRACKING_GAIN = 0.2
"""The tuning's gain in the long run: a minibatch of 100 keeps the acceptance to about 0.002."""


class MCEM(Learner):
    """Monte Carlo EM (Wei and Tanner, 1990), Appendix E; the encoder is neither used nor moved.

    E-step: each datapoint of the minibatch has one value of z, kept from the last time the
    datapoint was met. One HMC transition of `n_leapfrog` steps moves it towards p(z|x). M-step:
    with that z held, θ takes `n_weight_updates` Adagrad steps on the average of log p(x, z).

    The stepsize of HMC is one number for all datapoints. It is tuned at every step, so that it
    follows the posterior as the model sharpens, to the target acceptance.

    What the paper leaves open: the chains start at draws of the prior and persist (starting anew
    at each visit would never reach a sharp posterior in ten leapfrog steps), and z has unit mass.
    A datapoint that comes twice in one minibatch moves twice from the same place, and its first
    result is kept. With all N datapoints as the minibatch, drawn without replacement, this is the
    algorithm whose curves Fig. 3 shows, as far as can be told from them.

    One step evaluates each of its M training samples n_leapfrog + n_weight_updates times (fewer
    where the updates go by blocks), and the axis of Fig. 3 counts them all. With N datapoints a
    chain moves once in N/M steps: that, not the cost of a step, is why the method is not on-line.

    Args:
        model: only its prior and decoder are used.
        n_train: N, the number of chains, and the weight of the prior p(θ).
        stepsize: Adagrad's global stepsize.
        n_leapfrog: 10 in the paper.
        n_weight_updates: 5 in the paper.
        m_step_points: datapoints in each update of the weights, one block of the minibatch after
            the other; the whole minibatch if None. The authors' library goes by blocks.
        target_acceptance: 0.9 in the paper.
        hmc_stepsize: where the tuning begins.
        warmup: weight updates (not steps) that only accumulate squared gradients.
        prior_precision: of p(θ) = N(0, I/precision) on the weights.
        prior_on_biases: whether it is on the biases too.
        generator: all its randomness, on the model's device.

    Attributes:
        z: the chains, `(N, n_latent)`.

    Raises:
        UserError: for a number that is none of these; at a step, for a block larger than the
            minibatch.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
    >>> learner = MCEM(model, n_train=8, stepsize=0.1, warmup=0, generator=generator(0, "chains"))
    >>> batch = Batch(torch.tensor([[1.0, 1.0, 0.0, 0.0]]).repeat(8, 1), torch.arange(8))
    >>> fits = [learner.step(batch)["log_joint"] for _ in range(30)]
    >>> f"from {fits[0]:.1f} to {fits[-1]:.1f} with chains of shape {tuple(learner.z.shape)}"
    'from -5.6 to -3.1 with chains of shape (8, 2)'
    """

    objective = "log_joint"

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        n_train: Count,
        stepsize: Positive,
        n_leapfrog: Count = 10,
        n_weight_updates: Count = 5,
        m_step_points: Count | None = None,
        target_acceptance: OpenUnit = 0.9,
        hmc_stepsize: Positive = 0.1,
        warmup: Whole = 100,
        prior_precision: NotNegative = 1.0,
        prior_on_biases: bool = False,
        generator: torch.Generator,
    ) -> None:
        self.z = draw(model.prior().expand((n_train,)), generator=generator)
        self._n_leapfrog = n_leapfrog
        self._n_weight_updates = n_weight_updates
        self._m_step_points = m_step_points
        self._target_acceptance = target_acceptance
        self._tuning = start_tuning(hmc_stepsize, like=self.z)
        self._log_joint_of = latent_density
        self._optimiser = MAPAdagrad(
            model.decoder.named_parameters(),
            stepsize=stepsize,
            n_datapoints=n_train,
            warmup=warmup,
            prior_precision=prior_precision,
            prior_on_biases=prior_on_biases,
        )
        super().__init__(model, n_train=n_train, generator=generator, optimiser=self._optimiser)

    def step(self, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """One E-step and one M-step on the minibatch.

        Metrics: the average log p(x, z) at the new z before the update, in nats per datapoint;
        the mean acceptance probability; the stepsize of HMC that it was reached with.

        Raises:
            DivergedError: if log p(x, z) is not finite.
            UserError: on a CPU, for a training point beyond n_train.
        """
        z, acceptance, hmc_stepsize = self._e_step(batch)
        return {
            "log_joint": self._m_step(batch.x, z),
            "acceptance": acceptance,
            "hmc_stepsize": hmc_stepsize,
        }

    def _e_step(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        try:
            positions = self.z[batch.indices]
        except IndexError:
            raise UserError(
                f"n_train is {len(self.z)}, but the minibatch has training points up to "
                f"{int(batch.indices.max())}: build MCEM with the size of the training set"
            ) from None
        log_joint = self._log_joint_of(self.model, batch.x)
        transition = hmc.kernel(log_joint, n_leapfrog=self._n_leapfrog, generator=self._generator)
        stepsize = self._tuning.stepsize
        try:
            start = hmc.init(positions, log_joint)
        except UserError as error:
            raise DivergedError(f"{error} In MCEM: use a smaller stepsize.") from None
        state, info = transition(start, stepsize)
        self._tuning = tune(
            self._tuning,
            info.acceptance_probability,
            target=self._target_acceptance,
            smallest_gain=TRACKING_GAIN,
        )
        first = _first_occurrences(batch.indices)
        self.z[batch.indices[first]] = state.position[first]
        return state.position, info.acceptance_probability.mean(), stepsize

    def _m_step(self, x: Tensor, z: Tensor) -> Tensor:
        values = []
        for _ in range(self._n_weight_updates):
            block = self._block(len(x))
            log_joint = self.model.log_joint(x[block], z[block]).mean()
            values.append(log_joint.detach())
            self._optimiser.zero_grad()
            (-log_joint).backward()
            self._optimiser.step()
        return values[0]

    def _block(self, n: int) -> slice:
        """The datapoints of the minibatch that the next update of the weights looks at."""
        size = self._m_step_points
        if size is None:
            return slice(None)
        if size > n:
            raise UserError(
                f"m_step_points is {size}, but the minibatch has {n} datapoints: make it smaller"
            )
        first = self._optimiser.steps % (n // size) * size
        return slice(first, first + size)

    def tensors(self) -> dict[str, Tensor]:
        """The chains and the tuning."""
        return nest({"chains": {"z": self.z}, "tuning": self._tuning._asdict()})


def _first_occurrences(indices: Tensor) -> Tensor:
    """Positions of the first occurrence of each value, without which a write would be a race."""
    ordered, order = indices.sort(stable=True)
    is_first = torch.ones_like(ordered, dtype=torch.bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return order[is_first]
