"""A run goes on under changed code only where that code repeats it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from companion import runs
from companion.runs import adoption, lineage
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import RunStore
from tests.helpers import load_six_pixels
from vaelib import datasets

CONFIG = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    store = RunStore(tmp_path)
    runs.ensure([RunRequest(CONFIG, 17_000)], store=store, progress=False)
    return store


def change_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "run_source", lambda config: "changed")


def test_an_adopted_run_grows(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    change_the_code(monkeypatch)
    assert adoption.adopt(CONFIG, store)
    (run,) = runs.ensure([RunRequest(CONFIG, 18_000)], store=store, progress=False)
    assert [segment["until"] for segment in run.record.segments] == [17_000, 18_000]
    assert run.record.source == "changed"


def test_code_that_gives_other_numbers_adopts_nothing(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.record(CONFIG)
    change_the_code(monkeypatch)
    curve_points = adoption.curve_points

    def other(*arguments: Any, **settings: Any) -> Any:
        points = curve_points(*arguments, **settings)
        return [
            point._replace(value=point.value + 2 * adoption.REPEAT_TOLERANCE) for point in points
        ]

    monkeypatch.setattr(adoption, "curve_points", other)
    assert not adoption.adopt(CONFIG, store)
    assert store.record(CONFIG) == before


def test_another_choice_of_the_stepsize_is_another_run(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_the_code(monkeypatch)
    begin = adoption.begin
    monkeypatch.setattr(
        adoption, "begin", lambda *given: dataclasses.replace(begin(*given), stepsize=0.02)
    )
    assert not adoption.adopt(CONFIG, store)


def test_there_must_be_a_run_with_a_point(store: RunStore) -> None:
    other = dataclasses.replace(CONFIG, seed=1)
    assert not adoption.adopt(other, store)
    runs.ensure([RunRequest(other, 1_000)], store=store, progress=False)
    assert adoption.adopt(other, store)
    record = store.record(other)
    assert record is not None
    assert not adoption.repeats(record)
