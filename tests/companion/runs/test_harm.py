"""Whatever fails or is killed, a run goes on with the same bits."""

from __future__ import annotations

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

from companion.runs import carrying, lineage
from companion.runs.config import RunConfig
from companion.runs.store import RECORD, WEIGHTS, RunStore
from tests.small_runs import AEVB, MCEM, ensure, stored
from vaelib.errors import UserError

pytestmark = pytest.mark.usefixtures("small_world")
DISK = ((Path, "mkdir"), (tempfile, "mkstemp"), (os, "fsync"), (Path, "chmod"), (Path, "replace"))


def test_a_run_of_which_only_the_checkpoint_was_written_goes_on(store: RunStore) -> None:
    """As after a kill between the first checkpoint and the first record."""
    expected = ensure(store, AEVB, 3000).record.curve
    (store.folder(AEVB) / RECORD).unlink()
    (store.folder(AEVB) / WEIGHTS).unlink()
    found = ensure(store, AEVB, 3000)
    assert found.record.curve == expected
    assert found.record.samples == 3000
    found.model()


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
