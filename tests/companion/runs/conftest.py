"""A small world for runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from companion.runs import carrying
from companion.runs.store import RunStore
from tests.helpers import six_pixels
from vaelib import datasets
from vaelib.datasets import Dataset


@pytest.fixture
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
