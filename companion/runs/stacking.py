"""AEVB for several seeds at once: models of one shape, stepped by the same kernels.

One model of Appendix C is too small to fill a GPU. Stacked, the products of all seeds are one
batched product each, and on CUDA the whole step is recorded once as a graph and replayed: data,
noise and parameters never leave the device, and nothing waits for it. On a CPU one model is enough
for a core, and stacking does not pay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from companion.runs.choices import APPENDIX_C
from companion.runs.config import RunConfig
from vaelib.algorithm import unnest
from vaelib.arithmetic.products import fast_products
from vaelib.checks.limits import Positive, Whole, checked
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.training import Trainer, check_finite

# Of Adagrad, as in `torch.optim.Adagrad`.
EPS = 1e-10
# Steps before a recording, in which libraries make their workspaces.
WARM = 3
CHECK_EVERY = 1000
# What `_Bound` and `_Stack` are written for.
STACKED = {
    "algorithm": "aevb",
    "estimator": "B",
    "pixels": "grey",
    "replacement": True,
    "kl_weight": 1.0,
    "precision": "float32",
    "networks": APPENDIX_C,
}


def obstacle(config: RunConfig) -> str | None:
    """Why runs of this configuration cannot be stacked; None if they can."""
    for name, value in STACKED.items():
        if getattr(config, name) != value:
            return (
                f"{name} is {getattr(config, name)!r}: only runs with {name} {value!r} are stacked"
            )
    return None


def pays(config: RunConfig, device: str) -> bool:
    """Whether several seeds of it are sooner done together: where they can be, and on CUDA only."""
    return torch.device(device).type == "cuda" and obstacle(config) is None


@checked
def advance(
    trainers: Sequence[Trainer],
    x: Tensor,
    config: RunConfig,
    *,
    stepsizes: Sequence[Positive],
    until: Whole,
) -> Iterator[int]:
    """Carry several runs on together, as `Trainer.advance` carries each of them alone.

    Every run keeps its own random numbers, the same as alone; its parameters are the same up to
    rounding. The trainers are where their runs are whenever it yields, after `CHECK_EVERY` steps
    and at the end.

    Args:
        trainers: of one configuration with different seeds, from `assembly.make_trainer`, at the
            same number of training samples.
        x: the training set `(N, n_pixels)`, or one for each run `(S, N, n_pixels)`, on their
            device.
        config: the configuration; its seed is not looked at.
        stepsizes: one for each trainer.
        until: training samples of each.

    Yields:
        the training samples that each has evaluated.

    Raises:
        UserError: for settings that are not stacked, or trainers that are not alike.
        DivergedError: if a parameter is not finite; it is looked for at every yield.
    """
    _check(trainers, config, stepsizes)
    states = [trainer.state_dict() for trainer in trainers]
    n_runs, n_train, m = len(states), x.shape[-2], config.minibatch_size
    x = x.expand(n_runs, n_train, x.shape[-1])
    stack = _Stack(trainers[0].algorithm.model, states, config, stepsizes, n_train=n_train)
    indices_of = [_generator(state["trainer/generator"], x) for state in states]
    noise_of = [_generator(state["algorithm/generator/noise"], x) for state in states]
    runs = torch.arange(n_runs, device=x.device).unsqueeze(1)
    indices = torch.empty(n_runs, m, dtype=torch.int64, device=x.device)
    epsilon = x.new_empty(n_runs, config.n_samples, m, config.n_latent)
    step = _Recorded(stack.step) if x.is_cuda else stack.step
    samples = trainers[0].samples
    while samples < until:
        for row, of in zip(indices, indices_of, strict=True):
            torch.randint(n_train, (m,), generator=of, out=row)
        for row, of in zip(epsilon, noise_of, strict=True):
            row.normal_(generator=of)
        stack.count()
        step(x[runs, indices], epsilon)
        samples += m
        if samples >= until or samples // m % CHECK_EVERY == 0:
            for s, trainer in enumerate(trainers):
                streams = {
                    "trainer/generator": indices_of[s].get_state(),
                    "algorithm/generator/noise": noise_of[s].get_state(),
                    "trainer/samples": torch.tensor(samples),
                }
                state = stack.state(s)
                parameters = unnest(state, "model").items()
                check_finite(parameters, samples=samples, step=samples // m)
                trainer.load_state_dict(state | streams)
            yield samples


class _Stack:
    """Parameters and Adagrad's sums of S models, one tensor for each name; their update."""

    def __init__(
        self,
        model: VariationalAutoencoder,
        states: list[dict[str, Tensor]],
        config: RunConfig,
        stepsizes: Sequence[float],
        *,
        n_train: int,
    ) -> None:
        self._bound = _Bound(model)
        self._names = [name for name, _ in model.named_parameters()]
        device = next(model.parameters()).device
        self._parameters, self._sums = (
            {
                name: torch.stack([state[f"{part}/{name}"] for state in states]).to(device)
                for name in self._names
            }
            for part in ("model", "algorithm/optimiser")
        )
        self._decays = {
            name: (config.prior_precision / n_train)
            * (config.prior_on_biases or not name.endswith("bias"))
            for name in self._names
        }
        self._totals = torch.stack([state["trainer/total"] for state in states]).to(device)
        self._totals_since = [state["trainer/total_since"] for state in states]
        self._steps = int(states[0]["algorithm/optimiser/steps"])
        self._warmup = config.warmup
        self._after_warmup = torch.tensor(stepsizes, dtype=torch.float32, device=device)
        # Filled in place, so that a recorded step sees the change.
        self._stepsizes = torch.zeros_like(self._after_warmup)
        if self._steps > self._warmup:
            self._stepsizes.copy_(self._after_warmup)

    def count(self) -> None:
        """Count a step, for `step` to take."""
        self._steps += 1
        if self._steps == self._warmup + 1:
            self._stepsizes.copy_(self._after_warmup)

    @torch.no_grad()
    def step(self, x: Tensor, epsilon: Tensor) -> None:
        """One update of every model.

        Args:
            x: `(S, M, n_pixels)`.
            epsilon: `(S, L, M, n_latent)`.
        """
        with fast_products():
            gradients, losses = vmap(grad_and_value(self._loss))(self._parameters, x, epsilon)
        self._totals.sub_(losses)
        for name in self._names:
            parameter, total = self._parameters[name], self._sums[name]
            whole = gradients[name] + self._decays[name] * parameter
            total.add_(whole.square())
            stepsizes = self._stepsizes.view(-1, *[1] * (parameter.dim() - 1))
            parameter.sub_(stepsizes * whole / (total.sqrt() + EPS))

    def state(self, s: int) -> dict[str, Tensor]:
        """What a trainer holds of model s, but for its random numbers and its count."""
        return {
            **{f"model/{name}": self._parameters[name][s] for name in self._names},
            **{f"algorithm/optimiser/{name}": self._sums[name][s] for name in self._names},
            "algorithm/optimiser/steps": torch.tensor(self._steps),
            "trainer/total": self._totals[s],
            "trainer/total_since": self._totals_since[s],
        }

    def _loss(self, parameters: dict[str, Tensor], x: Tensor, epsilon: Tensor) -> Tensor:
        of_bound = {f"model.{name}": parameter for name, parameter in parameters.items()}
        loss: Tensor = functional_call(self._bound, of_bound, (x, epsilon))
        return loss


class _Bound(nn.Module):
    """Minus the average of Eq. 10, as a module that can be called with other parameters.

    It asks the networks themselves, because the model's checks of its arguments are not for `vmap`.
    """

    def __init__(self, model: VariationalAutoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, epsilon: Tensor) -> Tensor:
        q = self.model.encoder(x).base_dist
        reconstruction = self.model.decoder(q.loc + q.scale * epsilon).log_prob(x).mean()
        twice_kl = (q.loc.square() + q.scale.square() - 2.0 * q.scale.log() - 1.0).sum(-1).mean()
        loss: Tensor = 0.5 * twice_kl - reconstruction
        return loss


class _Recorded:
    """A function of CUDA tensors, recorded as one CUDA graph and from then on replayed.

    The first calls run as they are, on a stream of their own, as a recording demands.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], None]) -> None:
        self._function = function
        self._calls = 0
        self._graph = torch.cuda.CUDAGraph()
        self._inputs: tuple[Tensor, ...] = ()

    def __call__(self, *inputs: Tensor) -> None:
        self._calls += 1
        if self._calls <= WARM:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._function(*inputs)
            torch.cuda.current_stream().wait_stream(stream)
            return
        if not self._inputs:
            self._inputs = tuple(given.clone() for given in inputs)
            # Recording computes nothing: the replay below is this call's step.
            with torch.cuda.graph(self._graph):
                self._function(*self._inputs)
        for static, given in zip(self._inputs, inputs, strict=True):
            static.copy_(given)
        self._graph.replay()


def _generator(state: Tensor, x: Tensor) -> torch.Generator:
    of = torch.Generator(device=x.device)
    of.set_state(state)
    return of


def _check(trainers: Sequence[Trainer], config: RunConfig, stepsizes: Sequence[float]) -> None:
    if not trainers or len(stepsizes) != len(trainers):
        raise UserError(
            f"there are {len(trainers)} trainers and {len(stepsizes)} stepsizes: pass as many of "
            "each, at least one"
        )
    found = obstacle(config)
    if found is not None:
        raise UserError(found)
    if len({trainer.samples for trainer in trainers}) > 1:
        counts = ", ".join(str(trainer.samples) for trainer in trainers)
        raise UserError(f"the trainers are at {counts} samples: carry them to the same number")
