"""Runs are computed once, and are never mistaken for others."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from companion import runs
from companion.runs import lineage
from companion.runs.checkpoint import NEWEST
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import RECORD, RunStore
from tests.small_runs import AEVB, WAKE_SLEEP, ensure
from vaelib import datasets, training
from vaelib.datasets import Dataset
from vaelib.errors import UserError

pytestmark = pytest.mark.usefixtures("small_world")


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


def test_a_checkpoint_of_other_code_is_set_aside(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(store, AEVB, 1000)
    (store.folder(AEVB) / RECORD).unlink()
    monkeypatch.setattr(lineage, "run_source", lambda config: "another")
    assert ensure(store, AEVB, 500).record.samples == 500
    assert "vaelib has changed since" in capsys.readouterr().err


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


@pytest.mark.parametrize("samples", [-1, 1.5, "10", None, True])
def test_samples_that_are_no_number_are_named(tmp_path: Path, samples: Any) -> None:
    config = RunConfig(dataset="mnist", algorithm="aevb", n_latent=1, n_hidden=1, n_train=10)
    for function in (runs.ensure, runs.stored):
        with pytest.raises(UserError, match=r"^samples is .*: give a whole number"):
            function([RunRequest(config, samples)], store=RunStore(tmp_path))
