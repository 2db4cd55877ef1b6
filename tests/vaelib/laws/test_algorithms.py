"""Laws of every learning algorithm in every form: plain, fast and compiled, on every device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from tests.helpers import rng
from tests.vaelib.laws.registry import ALGORITHMS, DEVICES, parameters, stream
from vaelib.algorithm import Algorithm, Batch, nest, unnest
from vaelib.errors import DivergedError, UserError
from vaelib.model import build
from vaelib.training import Trainer

every_form = pytest.mark.parametrize("name", parameters(ALGORITHMS))
every_device = pytest.mark.parametrize("device", DEVICES)

N, N_PIXELS, M = 40, 9, 10
OF_MODEL = ("decoder", "encoder_log_variance", "output_bias", "decoder_layers")
Metrics = dict[str, Tensor]


def fixed(seed: int) -> torch.Generator:
    """For the problem: it stays the same where VAELIB_TEST_SEED changes the noise."""
    return torch.Generator().manual_seed(seed)


def pixels() -> Tensor:
    """Two patterns, and three pixels in a hundred of the other colour."""
    on = torch.arange(N_PIXELS) % 2 == torch.arange(N).unsqueeze(1) % 2
    return torch.bernoulli(torch.where(on, 0.97, 0.03), generator=fixed(20)).double()


def make(name: str, *, seed: int = 0, device: str = "cpu", **settings: Any) -> Algorithm:
    """The algorithm of this entry, on a small model whose numbers the seed decides."""
    of_model = {k: settings.pop(k) for k in OF_MODEL if k in settings}
    model = build(
        n_pixels=N_PIXELS,
        n_hidden=7,
        n_latent=2,
        init_std=0.5,
        generator=fixed(seed),
        **of_model,
    )
    entry = ALGORITHMS[name]
    common = {"n_train": N, "stepsize": 0.1, "warmup": 3, "generator": stream(seed + 1, device)}
    algorithm: Algorithm = entry.of(
        model.double().to(device), **{**common, **entry.settings, **settings}
    )
    return algorithm


def plain(name: str) -> str:
    """The form that the book shows."""
    return ALGORITHMS[name].plain or name


def batches(n: int, device: str = "cpu") -> list[Batch]:
    """Minibatches with replacement, so that some hold a datapoint twice."""
    x, generator = pixels(), rng(21)
    drawn = [torch.randint(N, (M,), generator=generator) for _ in range(n)]
    return [Batch(x[indices].to(device), indices.to(device)) for indices in drawn]


def walk(algorithm: Algorithm, over: list[Batch]) -> list[Metrics]:
    return [algorithm.step(batch) for batch in over]


def everything(algorithm: Algorithm) -> dict[str, Tensor]:
    parts = {"model": algorithm.model.state_dict(), "algorithm": algorithm.state_dict()}
    return {key: tensor.clone() for key, tensor in nest(parts).items()}


def take(algorithm: Algorithm, state: dict[str, Tensor]) -> None:
    algorithm.model.load_state_dict(unnest(state, "model"))
    algorithm.load_state_dict(unnest(state, "algorithm"))


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for key, tensor in one.items():
        assert torch.equal(tensor, other[key]), key


@every_device
@every_form
def test_resume_is_bit_identical(name: str, device: str) -> None:
    """Stopped, stored as safetensors, taken up by another that was elsewhere: never stopped.

    It is stopped in the warm-up of all algorithms but MCEM, whose M-steps have ended it.
    """
    over = batches(6, device)
    whole = make(name, device=device)
    walk(whole, over[:2])
    stored = safetensors.torch.load(safetensors.torch.save(everything(whole)))
    expected = walk(whole, over[2:])
    other = make(name, seed=5, device=device)
    walk(other, over[:1])
    take(other, stored)
    for found, metrics in zip(walk(other, over[2:]), expected, strict=True):
        assert_same(found, metrics)
    assert_same(everything(other), everything(whole))


@every_device
@every_form
def test_the_same_generator_gives_the_same_bits_and_another_does_not(
    name: str, device: str
) -> None:
    algorithm = make(name, device=device)
    start = everything(algorithm)
    ends = []
    for seed in (1, 1, 2):
        start["algorithm/generator/noise"] = stream(seed, device).get_state()
        take(algorithm, start)
        walk(algorithm, batches(5, device))
        ends.append(everything(algorithm))
    assert_same(ends[0], ends[1])
    assert any(not torch.equal(tensor, ends[2][key]) for key, tensor in ends[0].items())


@pytest.mark.statistical(1e-8)
@every_device
@every_form
def test_the_objective_rises(name: str, device: str) -> None:
    """The last twenty of sixty steps against the first ten; metrics are numbers.

    Over six seeds it rose by 2.9 to 4.1 nats, each with a deviation of a ninth of that or less.
    """
    algorithm = make(name, device=device, stepsize=0.03)
    metrics = walk(algorithm, batches(60, device))
    for value in metrics[-1].values():
        assert value.ndim == 0
        assert value.isfinite()
        assert not value.requires_grad
    objective = torch.stack([each[algorithm.objective] for each in metrics])
    assert objective[-20:].mean() > objective[:10].mean()


def assert_same_steps(name: str, device: str, settings: dict[str, Any]) -> None:
    """Eight steps in float64, parameters and metrics compared: equal but for rounding.

    Trajectories of HMC drive rounding errors apart, so that more steps would compare chaos: after
    ten a number was 5e-10 off.
    """
    over = batches(8, device)
    book, other = (make(each, device=device, **settings) for each in (plain(name), name))
    torch.testing.assert_close(walk(other, over), walk(book, over), atol=1e-8, rtol=1e-8)
    torch.testing.assert_close(everything(other), everything(book), atol=1e-8, rtol=1e-8)


@every_device
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"decoder": "gaussian"},
        {"encoder_log_variance": "slow", "prior_on_biases": True},
        {
            "decoder": "gaussian",
            "decoder_layers": 2,
            "encoder_log_variance": "from zero",
            "output_bias": "from zero",
        },
    ],
)
@pytest.mark.parametrize("name", parameters({k: e for k, e in ALGORITHMS.items() if e.plain}))
def test_same_steps_as_the_algorithm_in_the_book(
    name: str, settings: dict[str, Any], device: str
) -> None:
    assert_same_steps(name, device, settings)


@every_device
@pytest.mark.parametrize(
    "settings",
    [
        {"n_samples": 3, "decoder": "gaussian", "encoder_log_variance": "slow"},
        {"kl_weight": 0.0},
        {"kl_weight": 2.5, "n_samples": 2, "prior_precision": 0.0},
    ],
)
def test_same_steps_as_aevb_with_settings_of_its_own(settings: dict[str, Any], device: str) -> None:
    assert_same_steps("AEVB, fast", device, settings)


@every_device
@pytest.mark.parametrize("name", parameters({k: e for k, e in ALGORITHMS.items() if "MCEM" in k}))
@pytest.mark.parametrize("m_step_points", [M, 5, 4])
def test_same_steps_as_mcem_with_an_m_step_by_blocks(
    m_step_points: int, name: str, device: str
) -> None:
    assert_same_steps(name, device, {"m_step_points": m_step_points, "n_weight_updates": 3})


def trainer(algorithm: Algorithm, *, replacement: bool = True) -> Trainer:
    return Trainer(
        algorithm, pixels(), minibatch_size=M, generator=rng(22), replacement=replacement
    )


def stepped(run: Trainer) -> Trainer:
    for _ in range(2):
        run.step()
    return run


def copied(run: Trainer) -> Metrics:
    return {key: tensor.clone() for key, tensor in run.state_dict().items()}


@every_form
def test_a_state_goes_into_its_own_algorithm_only(name: str) -> None:
    """In whatever form: a reader may watch in the one what the other has trained."""
    own = trainer(make(name))
    before = copied(own)
    kind = ALGORITHMS[name].of.__name__
    for other, entry in ALGORITHMS.items():
        if entry.settings.get("compile_step"):
            continue  # Its state is that of the fast form, and takes longer to come by.
        state = copied(stepped(trainer(make(other))))
        if ALGORITHMS[plain(other)].of is ALGORITHMS[plain(name)].of:
            own.load_state_dict(state)
            assert_same(copied(own), state)
            own.load_state_dict(before)
            continue
        with pytest.raises(UserError, match=rf"no state of this {kind}: it lacks .* and has \S+"):
            own.algorithm.load_state_dict(unnest(state, "algorithm"))
        with pytest.raises(UserError, match=rf"no state of this trainer of {kind}"):
            own.load_state_dict(state)
        assert_same(copied(own), before)


Fault = Callable[[dict[str, Tensor], str], dict[str, Tensor]]
FAULTS: dict[str, tuple[Fault, str]] = {
    "a key is missing": (
        lambda state, key: {k: t for k, t in state.items() if k != key},
        r"it lacks \S+ and has nothing besides",
    ),
    "a key too many": (
        lambda state, key: {**state, "colour": torch.zeros(1)},
        "it lacks nothing and has colour besides",
    ),
    "nothing at all": (lambda state, key: {}, r"it lacks \S+ and \d+ more"),
    "another shape": (
        lambda state, key: {**state, key: state[key][..., :1]},
        r"of the state is torch\.float64 of shape .* build it with the settings",
    ),
    "another dtype": (
        lambda state, key: {**state, key: state[key].float()},
        r"of the state is torch\.float32 of shape",
    ),
    "a NaN": (
        lambda state, key: {**state, key: state[key] * torch.nan},
        "of the state holds a NaN: take an earlier state",
    ),
    "a generator of another device": (
        lambda state, key: {
            k: t[:16] if k.endswith(("generator", "noise")) else t for k, t in state.items()
        },
        r"shape \(16,\), .* on the kind of device",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@every_form
def test_a_state_with_a_fault_is_named_and_nothing_is_changed(name: str, fault: str) -> None:
    make_fault, message = FAULTS[fault]
    for replacement in (True, False):
        state = copied(stepped(trainer(make(plain(name)), replacement=replacement)))
        begun = trainer(make(name), replacement=replacement)
        before = copied(begun)
        key = max(k for k, t in state.items() if t.is_floating_point() and t.ndim == 2)
        with pytest.raises(DivergedError if fault == "a NaN" else UserError, match=message):
            begun.load_state_dict(make_fault(state, key))
        assert_same(copied(begun), before)


@every_form
def test_fewer_training_points_announced_than_given_are_named(name: str) -> None:
    with pytest.raises(UserError, match=r"n_train is 39, but there are 40 training points: build "):
        trainer(make(name, n_train=N - 1))
    trainer(make(name, n_train=N + 1))  # A stand-in has fewer than what it stands for.
