"""Runs grow without a trace, alone and several seeds together."""

from __future__ import annotations

import dataclasses
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from companion import runs
from companion.runs import carrying, stacking, underway
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import WEIGHTS, Run, RunStore
from tests.small_runs import AEVB, DYNAMIC, MCEM, WAKE_SLEEP, ensure, stored
from vaelib import datasets
from vaelib.arithmetic.compiling import is_available
from vaelib.datasets import Dataset
from vaelib.errors import DivergedError, UserError

pytestmark = pytest.mark.usefixtures("small_world")


@pytest.mark.skipif(not is_available(), reason="there is no C++ compiler")
def test_a_compiled_run_begins_as_any_other_and_grows_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled from 2000 samples on, wherever it was stopped in between."""
    for module in (carrying, underway):
        monkeypatch.setattr(module, "COMPILED_FROM", 2000)
    compiled: list[int] = []
    make_trainer = underway.make_trainer

    def noted(*given: Any, compile_step: bool = False, **settings: Any) -> Any:
        compiled.append(compile_step)
        return make_trainer(*given, compile_step=compile_step, **settings)

    monkeypatch.setattr(underway, "make_trainer", noted)
    plain, whole, grown = (RunStore(tmp_path / name) for name in ("plain", "whole", "grown"))
    ensure(plain, AEVB, 2000)
    expected = runs.ensure(
        [RunRequest(AEVB, 4000)], store=whole, progress=False, compile_step=True
    )[0]
    assert compiled == [False, False, True]
    for samples in (1500, 2000, 2700, 4000):
        request = RunRequest(AEVB, samples)
        found = runs.ensure([request], store=grown, progress=False, compile_step=True)[0]
    assert found.record.curve == expected.record.curve
    for key, tensor in stored(whole, AEVB)[1].items():
        assert torch.equal(stored(grown, AEVB)[1][key], tensor), key
    begun = stored(plain, AEVB)[0].curve
    assert begun == expected.record.curve[: len(begun)]


@pytest.mark.parametrize("config", [AEVB, WAKE_SLEEP, DYNAMIC, MCEM])
def test_a_run_that_grows_is_bit_identical_to_one_that_never_stopped(
    config: RunConfig, tmp_path: Path
) -> None:
    whole, grown = RunStore(tmp_path / "whole"), RunStore(tmp_path / "grown")
    expected = ensure(whole, config, 4000)
    for samples in (500, 2000, 2700, 4000):
        found = ensure(grown, config, samples)
    assert found.record.curve == expected.record.curve
    assert found.record.running_averages == expected.record.running_averages
    step = config.samples_per_step
    reached = [-(-point // step) * step for point in (1000, 2000, 3000, 4000)]
    seen = [p.training_samples for p in found.record.curve if p.split == "test"]
    assert seen == sorted(set(reached))
    assert list(found.curve()["training_samples"].unique()) == seen
    same = [(store.folder(config) / WEIGHTS).read_bytes() for store in (whole, grown)]
    assert same[0] == same[1]
    (_, expected_state), (_, state) = (stored(store, config) for store in (whole, grown))
    assert expected_state.keys() == state.keys()
    assert all(torch.equal(state[key], tensor) for key, tensor in expected_state.items())


def test_running_averages_lie_between_the_points_of_the_curve(store: RunStore) -> None:
    run = ensure(store, WAKE_SLEEP, 3500)
    assert [each[:2] for each in run.record.running_averages] == [
        (0, 1000),
        (1000, 2000),
        (2000, 3000),
    ]
    curve = run.curve()
    train = curve[curve["split"] == "train"]
    assert train["running_average"].tolist() == [each.value for each in run.record.running_averages]
    assert curve.loc[curve["split"] == "test", "running_average"].isna().all()
    # While the bound rises an average over the past lies below it, far at first and less later.
    behind = (train["value"] - train["running_average"]).tolist()
    assert behind[0] > behind[-1] > 0


@pytest.mark.parametrize("config", [MCEM, dataclasses.replace(AEVB, kl_weight=0.5)])
def test_what_is_no_bound_has_no_running_average(config: RunConfig, store: RunStore) -> None:
    run = ensure(store, config, 2000)
    assert run.record.running_averages == []
    assert run.curve()["running_average"].isna().all()


def test_stopping_between_training_and_evaluation_loses_no_point(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ensure(store, AEVB, 2000).record.curve
    store.set_aside(ensure(store, AEVB, 2000).record)
    monkeypatch.setattr(carrying, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    evaluate = underway.curve_points

    def stop(*arguments: Any, **settings: Any) -> Any:
        if settings["samples"] == 2000:
            raise KeyboardInterrupt
        return evaluate(*arguments, **settings)

    monkeypatch.setattr(underway, "curve_points", stop)
    with pytest.raises(KeyboardInterrupt):
        ensure(store, AEVB, 2000)
    monkeypatch.setattr(underway, "curve_points", evaluate)
    assert ensure(store, AEVB, 2000).record.curve == expected


def test_a_run_that_is_moved_says_so_and_records_where_each_part_was_computed(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(store, AEVB, 500)
    ensure(store, AEVB, 700)
    assert capsys.readouterr().err == ""
    at_home = underway.environment

    def elsewhere(*, device: str) -> dict[str, Any]:
        found = at_home(device=device)
        return found | {"rounding": found["rounding"] | {"capability": "ELSEWHERE"}}

    monkeypatch.setattr(underway, "environment", elsewhere)
    record = ensure(store, AEVB, 1000).record
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"{AEVB}: goes on from 700 samples, and its last bits may be others")
    assert said.endswith("capability AVX512, now ELSEWHERE\n".replace("AVX512", capability()))
    parts = [segment["environment"]["rounding"]["capability"] for segment in record.segments]
    assert parts == [capability(), capability(), "ELSEWHERE"]


def capability() -> str:
    return torch.backends.cpu.get_cpu_capability()


def test_a_run_from_before_rounding_was_recorded_goes_on_with_a_word(
    store: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ensure(store, AEVB, 500).record
    del record.segments[0]["environment"]["rounding"]
    store.save(record, stored(store, AEVB)[1])
    assert ensure(store, AEVB, 1000).record.samples == 1000
    assert "what rounded its earlier part is not recorded" in capsys.readouterr().err


def test_ctrl_c_saves_and_the_run_goes_on(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ensure(RunStore(store.root / "whole"), AEVB, 3000)
    evaluate = underway.curve_points

    def press(*arguments: Any, **settings: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return evaluate(*arguments, **settings)

    monkeypatch.setattr(underway, "curve_points", press)
    with pytest.raises(KeyboardInterrupt):
        ensure(store, AEVB, 3000)
    record, _ = stored(store, AEVB)
    assert record.samples == 1000
    assert {p.training_samples for p in record.curve} == {1000}
    monkeypatch.setattr(underway, "curve_points", evaluate)
    assert ensure(store, AEVB, 3000).record.curve == expected.record.curve


def test_divergence_keeps_what_was_stored(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ensure(store, AEVB, 1000).record
    evaluate = underway.curve_points

    def diverge(*arguments: Any, **settings: Any) -> Any:
        return [point._replace(value=float("nan")) for point in evaluate(*arguments, **settings)]

    monkeypatch.setattr(underway, "curve_points", diverge)
    with pytest.raises(DivergedError, match="lower_bound is nan after 2000"):
        ensure(store, AEVB, 3000)
    assert store.record(AEVB) == kept


def test_another_kind_of_device_is_refused(store: RunStore) -> None:
    record = ensure(store, AEVB, 500).record
    record.segments[0]["environment"]["device"] = "cuda"
    store.save(record, stored(store, AEVB)[1])
    with pytest.raises(UserError, match="was started on cuda"):
        ensure(store, AEVB, 1000)
    assert store.record(AEVB) == record


def seeds(config: RunConfig, samples: int, number: int = 3) -> list[RunRequest]:
    return [RunRequest(dataclasses.replace(config, seed=seed), samples) for seed in range(number)]


def stack(store: RunStore, requests: list[RunRequest]) -> list[Run]:
    return runs.ensure(requests, store=store, progress=False, stack_seeds=True)


def test_seeds_that_take_their_steps_together_are_stored_like_any_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, stacked = RunStore(tmp_path / "alone"), RunStore(tmp_path / "stacked")
    expected = stack(alone, seeds(AEVB, 4000))
    assert capsys.readouterr().err == ""
    assert all("together" not in part for run in expected for part in run.record.segments)
    monkeypatch.setattr(stacking, "pays", lambda config, device: True)
    monkeypatch.setattr(stacking, "CHECK_EVERY", 7)
    monkeypatch.setattr(carrying, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    # Together, then one of them alone and further, then those that are left together.
    stack(stacked, seeds(AEVB, 1500))
    assert "seeds 0, 1, 2 take their steps together" in capsys.readouterr().err
    ensure(stacked, AEVB, 2300)
    found = stack(stacked, seeds(AEVB, 4000))
    assert [[part.get("together") for part in run.record.segments] for run in found] == [
        [3, None, None],
        [3, 2],
        [3, 2],
    ]
    for one, other in zip(found, expected, strict=True):
        assert one.samples == 4000
        for point, theirs in zip(one.record.curve, other.record.curve, strict=True):
            assert point[:3] == theirs[:3]
            assert point.value == pytest.approx(theirs.value, abs=1e-3)
        averages = [run.record.running_averages for run in (one, other)]
        for average, of_other in zip(*averages, strict=True):
            assert average == pytest.approx(of_other, abs=1e-3)
        torch.testing.assert_close(
            one.model().state_dict(), other.model().state_dict(), atol=1e-3, rtol=1e-3
        )
    assert stack(stacked, seeds(AEVB, 4000)) == found


def test_seeds_whose_data_differ_keep_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Frey Face's, which are shuffled by seed."""
    load = datasets.load

    def shuffled(name: str, *, seed: int, **settings: Any) -> Dataset:
        data = load(name, seed=seed, **settings)
        return dataclasses.replace(data, train=data.train.roll(seed, dims=1))

    monkeypatch.setattr(datasets, "load", shuffled)
    expected = stack(RunStore(tmp_path / "alone"), seeds(AEVB, 2000))
    monkeypatch.setattr(stacking, "pays", lambda config, device: True)
    found = stack(RunStore(tmp_path / "stacked"), seeds(AEVB, 2000))
    for one, other in zip(found, expected, strict=True):
        assert one.record.segments[0]["together"] == 3
        torch.testing.assert_close(
            one.model().state_dict(), other.model().state_dict(), atol=1e-3, rtol=1e-3
        )


def test_ctrl_c_saves_every_seed(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacking, "pays", lambda config, device: True)
    curve_points = underway.curve_points

    def press(*arguments: Any, **settings: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        monkeypatch.setattr(underway, "curve_points", curve_points)
        return curve_points(*arguments, **settings)

    monkeypatch.setattr(underway, "curve_points", press)
    with pytest.raises(KeyboardInterrupt):
        stack(store, seeds(AEVB, 3000))
    records = [store.record(request.config) for request in seeds(AEVB, 3000)]
    assert [record and record.samples for record in records] == [1000] * 3
    assert all(run.samples == 3000 for run in stack(store, seeds(AEVB, 3000)))


def test_stacking_pays_on_cuda_and_for_what_can_be_stacked() -> None:
    assert stacking.pays(AEVB, "cuda:1")
    assert not stacking.pays(AEVB, "cpu")
    assert not any(stacking.pays(config, "cuda") for config in (WAKE_SLEEP, DYNAMIC, MCEM))
