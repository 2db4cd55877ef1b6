"""The loop stops and goes on without a trace, and notices what is no longer a number."""

from __future__ import annotations

import pytest
import torch

from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import Algorithm, Batch
from vaelib.errors import DivergedError, UserError
from vaelib.fast.algorithms import FastAEVB, FastWakeSleep
from vaelib.model import build
from vaelib.training import RunningAverage, Trainer, check_finite
from vaelib.wake_sleep import WakeSleep

DATA = torch.rand(50, 6, generator=rng(9))


def binarise(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.bernoulli(x, generator=generator)


def trainer(kind: type[AEVB] | type[WakeSleep], *, replacement: bool = True) -> Trainer:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=0.5, generator=rng(2))
    algorithm: Algorithm = kind(model, n_train=50, stepsize=0.1, warmup=2, generator=rng(3))
    return Trainer(
        algorithm,
        DATA,
        minibatch_size=10,
        generator=rng(4),
        replacement=replacement,
        transform=binarise,
    )


@pytest.mark.parametrize("kind", [AEVB, WakeSleep])
@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("stop", [10, 70])
def test_resume_is_bit_identical(
    kind: type[AEVB] | type[WakeSleep], replacement: bool, stop: int
) -> None:
    through = trainer(kind, replacement=replacement)
    list(through.advance(150))
    before, after = (trainer(kind, replacement=replacement) for _ in range(2))
    list(before.advance(stop))
    after.load_state_dict({k: v.clone() for k, v in before.state_dict().items()})
    list(after.advance(150))
    expected, found = through.state_dict(), after.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_an_average_is_that_of_the_steps_since_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a known sequence: the k-th step's bound is k², and the warm-up counts as well."""
    run, squares = trainer(AEVB), (torch.tensor(float(k * k)) for k in range(1, 100))
    monkeypatch.setattr(run.algorithm, "step", lambda _: {"lower_bound": next(squares)})
    assert run.take_average() is None
    list(run.advance(30, chunk=2))
    assert run.take_average() == RunningAverage(since=0, until=30, value=(1 + 4 + 9) / 3)
    assert run.take_average() is None
    list(run.advance(50))
    assert run.take_average() == (30, 50, (16 + 25) / 2)


@pytest.mark.parametrize("kind", [AEVB, WakeSleep, FastAEVB, FastWakeSleep])
def test_an_average_is_of_what_the_steps_report(kind: type[AEVB] | type[WakeSleep]) -> None:
    stepped, advanced = trainer(kind), trainer(kind)
    bounds = [stepped.step()["lower_bound"].item() for _ in range(7)]
    list(advanced.advance(70))
    average = advanced.take_average()
    assert average is not None
    assert average.value == pytest.approx(sum(bounds) / 7, abs=1e-12)
    assert stepped.take_average() == average


def test_a_state_from_before_averages_were_kept_begins_one() -> None:
    run, older = trainer(AEVB), trainer(AEVB)
    list(run.advance(40))
    kept = {k: v.clone() for k, v in run.state_dict().items() if "total" not in k}
    older.load_state_dict(kept)
    assert older.take_average() is None
    list(older.advance(60))
    run.take_average()
    list(run.advance(60))
    average = older.take_average()
    assert average is not None
    assert average == run.take_average()


def test_advance_counts_samples_and_reports() -> None:
    run = trainer(AEVB)
    assert list(run.advance(70, chunk=3)) == [30, 60, 70]
    assert list(run.advance(70)) == []
    assert list(run.advance(75)) == [80]


def test_without_replacement_an_epoch_visits_every_point_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """50 points make 7 minibatches of 7; the last point of the epoch is left out."""
    run = trainer(AEVB, replacement=False)
    run.minibatch_size = run.samples_per_step = 7
    seen: list[torch.Tensor] = []

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        seen.append(batch.indices)
        return {"lower_bound": torch.tensor(0.0)}

    monkeypatch.setattr(run.algorithm, "step", step)
    list(run.advance(2 * 49))
    first, second = torch.cat(seen[:7]), torch.cat(seen[7:])
    assert len(first) == len(second) == 49
    assert len(first.unique()) == len(second.unique()) == 49
    assert not torch.equal(first, second)


def test_an_epoch_must_hold_a_minibatch() -> None:
    algorithm = trainer(AEVB).algorithm
    with pytest.raises(UserError, match="minibatch_size is 60, but there are 50 datapoints"):
        Trainer(algorithm, DATA, minibatch_size=60, generator=rng(), replacement=False)


@pytest.mark.statistical(1e-7)
def test_minibatches_are_drawn_with_replacement_from_all_data() -> None:
    """100 x 10 draws miss one of 50 points with probability below 1e-7."""
    seen: list[torch.Tensor] = []

    class Spy(AEVB):
        def step(self, batch):  # type: ignore[no-untyped-def]
            assert torch.equal(batch.x, DATA[batch.indices])
            seen.append(batch.indices)
            return super().step(batch)

    model = build(n_pixels=6, n_hidden=5, n_latent=2, generator=rng(2))
    spy = Spy(model, n_train=50, stepsize=0.1, generator=rng(3))
    list(Trainer(spy, DATA, minibatch_size=10, generator=rng(4)).advance(1000))
    assert len(torch.cat(seen).unique()) == 50
    assert any(len(indices.unique()) < 10 for indices in seen)


def test_a_parameter_that_is_not_finite_is_named() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, generator=rng())
    check_finite(model.named_parameters(), samples=100, step=1)
    with torch.no_grad():
        model.decoder.hidden.weight[0, 0] = float("nan")
    with pytest.raises(DivergedError, match=r"decoder\.hidden\.weight is not finite after 100"):
        check_finite(model.named_parameters(), samples=100, step=1)


def test_divergence_stops_the_training() -> None:
    run = trainer(AEVB)
    with torch.no_grad():
        run.algorithm.model.encoder.mean.bias[0] = float("inf")
    with pytest.raises(DivergedError, match="q has standard deviations"):
        run.step()


def test_a_parameter_that_diverges_stops_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no step looks at its own numbers, as on a GPU."""
    run = trainer(AEVB)
    weight = run.algorithm.model.encoder.mean.weight

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            weight[0, 0] = torch.nan
        return {"lower_bound": torch.tensor(0.0)}

    monkeypatch.setattr(run.algorithm, "step", step)
    with pytest.raises(DivergedError, match=r"encoder\.mean\.weight is not finite after 1000"):
        list(run.advance(2000))
    assert run.samples == 1000


@pytest.mark.parametrize("kind", [AEVB, WakeSleep, FastAEVB, FastWakeSleep])
def test_what_a_transform_gives_is_looked_at(kind: type[AEVB] | type[WakeSleep]) -> None:
    vae = build(n_pixels=6, n_hidden=4, n_latent=2, generator=rng(0))
    algorithm = kind(vae, n_train=10, stepsize=0.05, generator=rng(1))
    x = torch.rand(10, 6, generator=rng(2))
    standardised = Trainer(
        algorithm, x, generator=rng(3), transform=lambda x, _: (x - x.mean()) / x.std()
    )
    with pytest.raises(UserError, match=r"x has pixels from -.* intensities in \[0, 1\]: rescale"):
        standardised.step()
