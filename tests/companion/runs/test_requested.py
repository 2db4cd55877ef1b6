"""Runs are computed once, grow without a trace, and are never mistaken for others."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import multiprocessing
import os
import random
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from companion import runs
from companion.runs import carrying, lineage, stacking, underway
from companion.runs.checkpoint import NEWEST
from companion.runs.config import RunConfig, RunRequest
from companion.runs.record import Record
from companion.runs.store import RECORD, WEIGHTS, Run, RunStore
from tests.helpers import six_pixels
from vaelib import datasets, training
from vaelib.arithmetic.compiling import is_available
from vaelib.datasets import Dataset
from vaelib.errors import DivergedError, UserError

AEVB = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)
WAKE_SLEEP = dataclasses.replace(AEVB, algorithm="wake_sleep")
DYNAMIC = dataclasses.replace(AEVB, pixels="dynamic")
MCEM = dataclasses.replace(AEVB, algorithm="mcem", measure="marginal_likelihood")


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty images of six pixels, and an evaluation every 1000 samples."""

    def load(name: str, **settings: Any) -> Dataset:
        small = six_pixels(settings["n_train"])
        return dataclasses.replace(small, name=name, requested=name, pixels=settings["pixels"])

    monkeypatch.setattr(datasets, "load", load)
    monkeypatch.setattr(carrying, "grid", lambda config, limit: list(range(1000, limit + 1, 1000)))


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def ensure(store: RunStore, config: RunConfig, samples: int) -> Run:
    return runs.ensure([RunRequest(config, samples)], store=store, progress=False)[0]


def stored(store: RunStore, config: RunConfig) -> tuple[Record, dict[str, Tensor]]:
    found = store.checkpoint(config)
    assert found is not None
    return found


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


def test_what_is_there_is_not_computed_again(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ensure(store, AEVB, 2000)
    monkeypatch.setattr(training.Trainer, "step", lambda self: pytest.fail("computed again"))
    assert ensure(store, AEVB, 2000).record == first.record
    shorter = ensure(store, AEVB, 1000)
    assert shorter.record == first.record
    assert shorter.curve()["training_samples"].max() == 1000


def test_stepsize_is_chosen_by_the_training_objective(store: RunStore) -> None:
    record = ensure(store, dataclasses.replace(AEVB, stepsize="auto"), 500).record
    compared = {float(k): v for k, v in record.stepsizes_compared.items()}
    assert set(compared) == {0.01, 0.02, 0.1}
    assert record.stepsize == max(compared, key=lambda k: compared[k])
    assert ensure(store, AEVB, 500).record.stepsizes_compared == {}


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


def test_provenance_is_recorded(store: RunStore) -> None:
    record = ensure(store, AEVB, 500).record
    assert record.data["sha256"] == "0" * 64
    assert record.source == lineage.run_source(AEVB)
    assert record.segments[0]["environment"]["torch"] == torch.__version__
    assert record.seconds > 0


def test_changed_code_sets_the_old_run_aside(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(store, AEVB, 1000)
    monkeypatch.setattr(lineage, "run_source", lambda config: "another")
    assert ensure(store, AEVB, 500).record.samples == 500
    aside = list((store.root / "superseded").iterdir())
    assert len(aside) == 1
    assert (aside[0] / NEWEST).is_file()
    assert "vaelib has changed since" in capsys.readouterr().err


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


def test_a_device_that_is_not_there_writes_nothing(store: RunStore) -> None:
    with pytest.raises(UserError, match="cuda:99"):
        runs.ensure([RunRequest(AEVB, 500)], device="cuda:99", store=store)
    assert not store.root.exists()


def test_the_name_says_what_data_was_used(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    load = datasets.load

    def stand_in(name: str, **settings: Any) -> Dataset:
        return dataclasses.replace(load(name, **settings), name="mnist_5k", stand_in=True)

    monkeypatch.setattr(datasets, "load", stand_in)
    run = ensure(store, AEVB, 500)
    assert run.config.dataset == "mnist_5k"
    assert run.folder.name.startswith("mnist_5k-aevb")
    assert run.record.data["stand_in"] is True


def test_curves_of_several_runs_make_one_table(store: RunStore) -> None:
    table = runs.curves([ensure(store, AEVB, 2000), ensure(store, WAKE_SLEEP, 1000)])
    assert len(table) == 2 * 2 + 2
    assert set(table["algorithm"]) == {"aevb", "wake_sleep"}
    assert (table["n_latent"] == 2).all()


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


def test_a_run_of_which_only_the_checkpoint_was_written_goes_on(store: RunStore) -> None:
    """As after a kill between the first checkpoint and the first record."""
    expected = ensure(store, AEVB, 3000).record.curve
    (store.folder(AEVB) / RECORD).unlink()
    (store.folder(AEVB) / WEIGHTS).unlink()
    found = ensure(store, AEVB, 3000)
    assert found.record.curve == expected
    assert found.record.samples == 3000
    found.model()


def test_a_checkpoint_of_other_code_is_set_aside(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(store, AEVB, 1000)
    (store.folder(AEVB) / RECORD).unlink()
    monkeypatch.setattr(lineage, "run_source", lambda config: "another")
    assert ensure(store, AEVB, 500).record.samples == 500
    assert "vaelib has changed since" in capsys.readouterr().err


DISK = ((Path, "mkdir"), (tempfile, "mkstemp"), (os, "fsync"), (Path, "chmod"), (Path, "replace"))


def fail_at(call: int, error: OSError, patch: pytest.MonkeyPatch, *, from_then_on: bool) -> None:
    """Let a call that writes to the disk fail: the first is number 1."""
    calls = itertools.count(1)

    def failing(function: Any) -> Any:
        def maybe(*given: Any, **settings: Any) -> Any:
            number = next(calls)
            if number == call or (from_then_on and number > call):
                raise error
            return function(*given, **settings)

        return maybe

    for owner, name in DISK:
        patch.setattr(owner, name, failing(getattr(owner, name)))


@pytest.mark.parametrize("from_then_on", [True, False])
@pytest.mark.parametrize("begun", [0, 1000])
def test_whichever_write_fails_the_run_goes_on_with_the_same_bits(
    begun: int, from_then_on: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call that makes, fills, flushes or renames a file of the store, one after another."""
    whole = RunStore(tmp_path / "whole")
    expected, (_, expected_state) = ensure(whole, AEVB, 2000).record, stored(whole, AEVB)
    full = OSError(errno.ENOSPC, "No space left on device")
    for call in itertools.count(1):
        store = RunStore(tmp_path / f"failing-{call}")
        kept = ensure(store, AEVB, begun).record if begun else None
        with monkeypatch.context() as patch:
            fail_at(call, full, patch, from_then_on=from_then_on)
            said = complaint(lambda store=store: ensure(store, AEVB, 2000))
        if said is None:
            break
        assert "(No space left on device): make room there" in said
        record = store.record(AEVB)
        assert record == kept or (record is not None and record.curve == expected.curve)
        assert not list(store.root.rglob(".*.safetensors.*"))
        assert ensure(store, AEVB, 2000).record.curve == expected.curve
        _, state = stored(store, AEVB)
        assert all(torch.equal(state[key], tensor) for key, tensor in expected_state.items())
        written = [(found.folder(AEVB) / WEIGHTS).read_bytes() for found in (store, whole)]
        assert written[0] == written[1]
    # Two folders, three files that are made, flushed, published and renamed, and a checkpoint.
    assert call > 2 + 3 * 4 + 1


def complaint(action: Callable[[], object]) -> str | None:
    """The sentence with which an action is refused, or None if it is not."""
    try:
        action()
    except UserError as error:
        return str(error)
    return None


def write_with_a_limit(store: RunStore, limit: int) -> None:
    """Exit with 7 if no file may be longer than `limit` bytes and that is one sentence."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    said = complaint(lambda: ensure(store, AEVB, 2000)) or ""
    raise SystemExit(7 if "cannot be written to" in said and "File too large" in said else 1)


@pytest.mark.parametrize("limit", [0, 100, 2000])
def test_a_file_that_the_system_cuts_short_is_never_taken_for_a_whole_one(
    limit: int, store: RunStore
) -> None:
    """No file of so many bytes holds a checkpoint: the limit is the system's own."""
    kept = ensure(store, AEVB, 1000).record
    process = multiprocessing.get_context("fork").Process(
        target=write_with_a_limit, args=(store, limit)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 7
    assert store.record(AEVB) == kept
    whole = RunStore(store.root / "whole")
    assert ensure(store, AEVB, 2000).record.curve == ensure(whole, AEVB, 2000).record.curve


@pytest.mark.parametrize(
    "place", [".", AEVB.slug, ".locks"], ids=["the store", "the run", "the locks"]
)
def test_a_file_in_the_place_of_a_folder_is_one_sentence(place: str, store: RunStore) -> None:
    path = store.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    with pytest.raises(UserError, match=r"cannot be written to .* make it writable"):
        ensure(store, AEVB, 1000)
    assert path.read_text() == "a file"


def test_an_earlier_run_that_cannot_be_moved_is_one_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(store, AEVB, 1000)
    monkeypatch.setattr(lineage, "run_source", lambda config: "another")
    (store.root / "superseded").write_text("a file")
    with pytest.raises(UserError, match=r"the earlier run mnist-aevb.* cannot be written to"):
        ensure(store, AEVB, 1000)
    assert store.record(AEVB) is not None


def test_stored_runs_are_read_and_nothing_else_is_done(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [RunRequest(AEVB, 1000)]
    with pytest.raises(runs.MissingRuns, match=r"^0 of 1 runs are stored"):
        runs.stored(asked, store=store)
    assert not store.root.exists()
    found = ensure(store, AEVB, 1000)
    assert runs.stored(asked, store=store) == [found]
    with pytest.raises(runs.MissingRuns, match=r"^0 of 1 runs"):
        runs.stored([RunRequest(AEVB, 2000)], store=store)
    monkeypatch.setattr(lineage, "run_source", lambda config: "another")
    with pytest.raises(runs.MissingRuns, match=r"^0 of 1 runs"):
        runs.stored(asked, store=store)
    assert store.record(AEVB) == found.record


def test_of_two_processes_one_computes_and_the_other_waits(
    store: RunStore, capfd: pytest.CaptureFixture[str]
) -> None:
    fork = multiprocessing.get_context("fork")
    both = [fork.Process(target=ensure, args=(store, AEVB, 20_000)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert "another process computes it, waiting for it" in capfd.readouterr().err
    assert len(stored(store, AEVB)[0].segments) == 1


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


@pytest.mark.slow
@pytest.mark.parametrize("config", [AEVB, MCEM])
def test_fifty_kills_leave_no_trace(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL after random times, most of them spent in writing checkpoints."""
    whole, killed = RunStore(tmp_path / "whole"), RunStore(tmp_path / "killed")
    samples = 150_000 if config is AEVB else 450_000
    expected = ensure(whole, config, samples)
    monkeypatch.setattr(carrying, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(carrying, "LARGEST_SHARE_OF_TIME", 1e9)
    fork, moments = multiprocessing.get_context("fork"), random.Random(1)
    kills = 0
    while kills < 50:
        process = fork.Process(target=ensure, args=(killed, config, samples))
        process.start()
        process.join(timeout=moments.uniform(0.01, 0.15))
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
        else:
            # It came to its end before the fiftieth kill: begin anew.
            shutil.rmtree(killed.folder(config))
    found = ensure(killed, config, samples)
    assert found.record.curve == expected.record.curve
    (_, expected_state), (_, state) = (stored(store, config) for store in (whole, killed))
    assert all(torch.equal(state[key], tensor) for key, tensor in expected_state.items())
    weights = [(store.folder(config) / WEIGHTS).read_bytes() for store in (whole, killed)]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("samples", [-1, 1.5, "10", None, True])
def test_samples_that_are_no_number_are_named(tmp_path: Path, samples: Any) -> None:
    config = RunConfig(dataset="mnist", algorithm="aevb", n_latent=1, n_hidden=1, n_train=10)
    for function in (runs.ensure, runs.stored):
        with pytest.raises(UserError, match=r"^samples is .*: give a whole number"):
            function([RunRequest(config, samples)], store=RunStore(tmp_path))
