"""The training loop of section 5: minibatches, evaluation, and where it may stop and go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from vaelib.algorithm import Algorithm, Batch, nest, unnest
from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_state, on_cpu
from vaelib.errors import DivergedError, UserError


class RunningAverage(NamedTuple):
    """An algorithm's objective over an interval of training, as in the paper's training curves.

    Attributes:
        since, until: the training samples evaluated at the interval's two ends.
        value: the average over its minibatches, each before the update that it made, in nats per
            datapoint.
    """

    since: int
    until: int
    value: float


class Trainer:
    """An algorithm, its stream of minibatches, and the count of training samples evaluated.

    Minibatches are drawn with replacement, as in the authors' code, or by epochs. The state is
    complete: a trainer that is stored, restored and continued gives the same bits as one never
    stopped.

    Args:
        algorithm: what to step.
        x: the training set `(N, n_pixels)`, on the algorithm's device; floats of another size, and
            NumPy's, are taken.
        minibatch_size: M.
        samples_per_step: what a step adds to the count; M if None. MCEM evaluates its minibatch
            several times in a step.
        generator: draws the minibatches, and the transform's noise; on the device of x.
        replacement: if not, every epoch visits each point once, in a new order; a minibatch that
            the epoch's rest cannot fill is not made.
        transform: applied to each minibatch, such as dynamic binarisation.
        within: gives the context of steps, such as `vaelib.arithmetic.products.fast_products`.

    Raises:
        UserError: for data that `datapoints` refuses, more of them than the algorithm was told, or
            a size that is none.

    >>> from vaelib import AEVB, build, generator
    >>> x = torch.rand(50, 4, generator=generator(0, "x"))
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
    >>> learner = AEVB(model, n_train=50, stepsize=0.1, generator=generator(0, "noise"))
    >>> trainer = Trainer(learner, x, minibatch_size=10, generator=generator(0, "minibatches"))
    >>> list(trainer.advance(2500))
    [1000, 2000, 2500]
    """

    @checked
    def __init__(
        self,
        algorithm: Algorithm,
        x: Data,
        *,
        minibatch_size: Count = 100,
        samples_per_step: Count | None = None,
        generator: torch.Generator,
        replacement: bool = True,
        transform: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        within: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        x = datapoints(algorithm.model, x)
        if len(x) > algorithm.n_train:
            raise UserError(
                f"n_train is {algorithm.n_train}, but there are {len(x)} training points: build "
                f"{type(algorithm).__name__} with n_train={len(x)}"
            )
        self.algorithm = algorithm
        self.minibatch_size = minibatch_size
        self.samples_per_step = samples_per_step or minibatch_size
        self.samples = 0
        self._x = x
        self._generator = generator
        self._transform = transform
        self._within = within
        # In float64 on the device: nothing is rounded to speak of, and nothing waits for it.
        self._total = torch.zeros((), dtype=torch.float64, device=x.device)
        self._total_since = 0
        self._order: Tensor | None = None
        if not replacement:
            if minibatch_size > len(x):
                raise UserError(
                    f"minibatch_size is {minibatch_size}, but there are {len(x)} datapoints: draw "
                    "with replacement, or make it smaller"
                )
            self._order = torch.empty(0, dtype=torch.int64, device=x.device)

    def step(self) -> dict[str, Float[Tensor, ""]]:
        """Draw a minibatch and let the algorithm take one step; return its metrics.

        Raises:
            UserError: on a CPU, if the transform gives what is no data for the model.
        """
        with self._within():
            return self._step()

    def _step(self) -> dict[str, Tensor]:
        indices = self._draw()
        x = self._x.index_select(0, indices)
        if self._transform is not None:
            x = self._transform(x, self._generator)
            if on_cpu(x):
                x = datapoints(self.algorithm.model, x)
        metrics = self.algorithm.step(Batch(x, indices))
        self._total += metrics[self.algorithm.objective]
        self.samples += self.samples_per_step
        return metrics

    def take_average(self) -> RunningAverage | None:
        """The objective over the steps since this was last asked, or the start; None without one.

        The steps of the warm-up count as well.

        >>> from vaelib import AEVB, build, generator
        >>> x = torch.ones(50, 4)
        >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
        >>> learner = AEVB(model, n_train=50, stepsize=0.1, generator=generator(0, "noise"))
        >>> trainer = Trainer(learner, x, minibatch_size=10, generator=generator(0, "minibatches"))
        >>> for until in (1000, 3000):
        ...     _ = list(trainer.advance(until))
        ...     since, until, value = trainer.take_average()
        ...     print(f"{since} to {until}: {value:.1f}")
        0 to 1000: -2.8
        1000 to 3000: -0.4
        """
        n_steps = (self.samples - self._total_since) // self.samples_per_step
        if n_steps == 0:
            return None
        average = RunningAverage(self._total_since, self.samples, self._total.item() / n_steps)
        self._total.zero_()
        self._total_since = self.samples
        return average

    def _draw(self) -> Tensor:
        n, device = len(self._x), self._x.device
        if self._order is None:
            return torch.randint(
                n, (self.minibatch_size,), generator=self._generator, device=device
            )
        if len(self._order) < self.minibatch_size:
            self._order = torch.randperm(n, generator=self._generator, device=device)
        drawn: Tensor = self._order[: self.minibatch_size]
        # A clone: the rest of the epoch must not keep the whole of it in the checkpoint.
        self._order = self._order[self.minibatch_size :].clone()
        return drawn

    @checked
    def advance(self, until: Whole, *, chunk: Count = 100) -> Iterator[int]:
        """Step until `until` samples have been evaluated, yielding the count every `chunk` steps.

        The steps of the algorithm's warm-up count as well, though no weight moves in them: with
        the usual 100 steps of M = 100 a model is after 10 000 samples what it was at its start.

        Raises:
            DivergedError: if a parameter is not finite; it is looked for at every yield.
        """
        while self.samples < until:
            # Once a chunk: to change a setting takes as long as a small product.
            with self._within():
                for _ in range(chunk):
                    self._step()
                    if self.samples >= until:
                        break
            step = self.samples // self.samples_per_step
            parameters = self.algorithm.model.named_parameters()
            check_finite(parameters, samples=self.samples, step=step)
            yield self.samples

    def state_dict(self) -> dict[str, Tensor]:
        """Weights, algorithm, minibatch stream and count: all that a bit-identical resume needs."""
        return nest(
            {
                "model": self.algorithm.model.state_dict(),
                "algorithm": self.algorithm.state_dict(),
                "trainer": {
                    "generator": self._generator.get_state(),
                    "samples": torch.tensor(self.samples),
                    "total": self._total.clone(),
                    "total_since": torch.tensor(self._total_since),
                    **({} if self._order is None else {"order": self._order}),
                },
            }
        )

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave.

        A state from before averages were kept begins one where it stands.

        Raises:
            UserError, DivergedError: as `check_state`; nothing is changed then.
        """
        own_now = self.state_dict()
        begun = {
            "trainer/total": torch.zeros_like(self._total),
            "trainer/total_since": state.get("trainer/samples", own_now["trainer/samples"]),
        }
        state = begun | dict(state)
        if self._order is not None and "trainer/order" in state:
            # An epoch's rest may have any length.
            own_now["trainer/order"] = state["trainer/order"]
        check_state(f"trainer of {type(self.algorithm).__name__}", own_now, state)
        self.algorithm.model.load_state_dict(unnest(state, "model"))
        self.algorithm.load_state_dict(unnest(state, "algorithm"))
        own = unnest(state, "trainer")
        self._generator.set_state(own["generator"])
        self.samples = int(own["samples"])
        self._total.copy_(own["total"])
        self._total_since = int(own["total_since"])
        if self._order is not None:
            self._order = own["order"].to(self._order)


def check_finite(parameters: Iterable[tuple[str, Tensor]], *, samples: int, step: int) -> None:
    """Look for the first of the named parameters with a NaN or an infinity, after `step` steps.

    Raises:
        DivergedError: naming it.

    >>> check_finite([("bias", torch.tensor([torch.nan]))], samples=200, step=2)
    Traceback (most recent call last):
    vaelib.errors.DivergedError: parameter bias is not finite after 200 training samples ...
    """
    for name, parameter in parameters:
        if not torch.isfinite(parameter).all():
            raise DivergedError(
                f"parameter {name} is not finite after {samples} training samples (step {step}): "
                "use a smaller stepsize"
            )
