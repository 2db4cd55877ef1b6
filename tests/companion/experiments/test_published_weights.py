"""Weights take half the room where the test bound does not notice, and say so themselves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import safetensors.torch
import torch

from companion import runs
from companion.experiments import published_weights as module
from companion.experiments.published_weights import half_changes_bound, published_weights
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import WEIGHTS, Run, RunStore
from tests.helpers import load_six_pixels, six_pixels
from vaelib import datasets, saving
from vaelib.errors import UserError

SMALL = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    store = RunStore(tmp_path / "runs")
    return runs.ensure([RunRequest(SMALL, 5000)], store=store, progress=False)[0]


def dtypes(content: bytes) -> set[torch.dtype]:
    return {tensor.dtype for tensor in safetensors.torch.load(content).values()}


@pytest.mark.parametrize("within", [0.01, 0.0])
def test_the_bound_decides(
    within: float, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HALF_WITHIN", within)
    content = published_weights(run, tmp_path / "none")
    change = half_changes_bound(run, run.model())
    assert change is not None
    assert 0 < abs(change) < 0.01
    assert dtypes(content) == {torch.float16 if within else torch.float32}
    saved = saving.unpack(content, "it")
    about = saved.about
    assert (about["run"], about["samples"]) == (SMALL.slug, run.record.samples)
    assert about["half_changes_bound"] == change
    for own, theirs in zip(saved.encoder.parameters(), run.model().encoder.parameters()):  # noqa: B905
        assert torch.equal(own, theirs.half().float() if within else theirs)


def test_without_the_run_s_own_data_nothing_is_rounded(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(six_pixels(), sha256="1" * 64)
    monkeypatch.setattr(datasets, "load", lambda *_, **__: other)
    content = published_weights(run, tmp_path / "none")
    assert dtypes(content) == {torch.float32}
    assert saving.unpack(content, "it").about["half_changes_bound"] is None


def test_weights_that_float16_cannot_hold_stay_as_they_are(run: Run, tmp_path: Path) -> None:
    weights = safetensors.torch.load_file(run.folder / WEIGHTS)
    weights["encoder.mean.weight"] *= 1e6
    safetensors.torch.save_file(weights, run.folder / WEIGHTS)
    assert half_changes_bound(run, run.model()) is None
    assert dtypes(published_weights(run, tmp_path / "none")) == {torch.float32}


def test_what_was_made_from_the_same_weights_is_not_made_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / WEIGHTS
    before.write_bytes(published_weights(run, before))
    monkeypatch.setattr(module, "half_changes_bound", lambda *given: pytest.fail("measured again"))
    assert published_weights(run, before) == before.read_bytes()


@pytest.mark.parametrize("content", [b"", b"other"])
def test_another_file_in_its_place_is_made_anew(content: bytes, run: Run, tmp_path: Path) -> None:
    before = tmp_path / WEIGHTS
    before.write_bytes(content)
    assert dtypes(published_weights(run, before)) == {torch.float16}


def test_damaged_weights_are_not_published(run: Run, tmp_path: Path) -> None:
    (run.folder / WEIGHTS).write_bytes(b"")
    with pytest.raises(UserError, match="cannot be read"):
        published_weights(run, tmp_path / "none")
