"""The plan holds what it should, in order, and what is exported can be trusted."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
import torch

from companion import runs
from companion.experiments import paper_grid, readings, reference
from companion.runs.config import RunConfig, RunRequest
from companion.runs.record import read_record
from companion.runs.store import RECORD, WEIGHTS, RunStore
from companion.wording import number
from tests.helpers import load_six_pixels
from vaelib import datasets, saving
from vaelib.errors import UserError

SUFFIXES = (".json", ".safetensors")
SMALL = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    monkeypatch.setattr(reference, "plan", lambda: [RunRequest(SMALL, 20_000)])
    return RunStore(tmp_path / "runs")


def test_every_run_of_the_figures_is_planned_and_none_goes_back() -> None:
    plan = reference.plan()
    reached: dict[str, int] = {}
    for config, samples in plan:
        assert samples > reached.get(config.slug, 0), config.slug
        reached[config.slug] = samples
    for config in paper_grid.figure2():
        assert reached[config.slug] >= 10**7
        for seed in range(1, 5):
            assert reached[dataclasses.replace(config, seed=seed).slug] == 10**6
    for config in paper_grid.figure3():
        short = config.algorithm == "mcem" and config.n_train == 50_000
        assert reached[config.slug] >= (10**7 if short else 6 * 10**7)
        if config.n_train == 1000:
            for seed in range(1, 3):
                assert reached[dataclasses.replace(config, seed=seed).slug] == 6 * 10**7
    for config in [*paper_grid.figure4(), *paper_grid.figure5()]:
        assert reached[config.slug] >= 10**7
    assert [reached[paper_grid.frey_face(n).slug] for n in (20, 10)] == [10**8] * 2


def test_every_run_as_run_is_planned_with_seeds_and_each_change_by_itself() -> None:
    reached = {config.slug: samples for config, samples in reference.plan()}
    for config in [*readings.figure2_in("as run"), *readings.figure3_in("as run")]:
        assert reached[config.slug] >= 10**7
    for seed in range(3):
        for written in paper_grid.figure2(seed):
            run = readings.in_reading(written, "as run")
            assert reached[run.slug] >= 10**6
            asleep = (run.dataset, run.algorithm) == ("mnist", "wake_sleep")
            if asleep and run.n_latent in (20, 200):
                assert reached[run.slug] >= 10**7
            if run.n_latent in readings.CHOSEN_ON[run.dataset]:
                assert all(reached[one.slug] >= 10**6 for one in readings.alone(written))


def test_what_is_published_stays_where_the_store_does_not_go_further(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(SMALL, seed=1)
    requests = [RunRequest(SMALL, 20_000), RunRequest(other, 20_000)]
    monkeypatch.setattr(reference, "plan", lambda: requests)
    monkeypatch.setattr(paper_grid, "figure5", lambda: [SMALL])
    monkeypatch.setattr(reference, "WEIGHTS_FROM", 10_000)
    folder, later = tmp_path / "reference", RunStore(tmp_path / "later")
    runs.ensure(requests[:1], store=store, progress=False)
    reference.publish(store, folder)
    runs.ensure([RunRequest(SMALL, 10_000), requests[1]], store=later, progress=False)
    names = reference.publish(later, folder)
    assert names == sorted(
        f"{config.slug}/{name}"
        for config, files in ((SMALL, (RECORD, WEIGHTS)), (other, (RECORD,)))
        for name in files
    )
    assert read_record(folder / SMALL.slug / RECORD) == store.record(SMALL)
    assert set(json.loads((folder / reference.MANIFEST).read_text())) == set(names)


def test_export_writes_records_weights_and_a_manifest(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_grid, "figure5", lambda: [SMALL])
    monkeypatch.setattr(reference, "WEIGHTS_FROM", 20_000)
    runs.ensure(reference.plan(), store=store, progress=False)
    folder = tmp_path / "reference"
    names = reference.publish(store, folder)
    assert names == [f"{SMALL.slug}/record.json", f"{SMALL.slug}/weights.safetensors"]
    assert read_record(folder / names[0]) == store.record(SMALL)
    published, own = (
        saving.read(folder / names[1]).encoder,
        reference.Run(read_record(folder / names[0]), store.folder(SMALL)).model().encoder,
    )
    for rounded, exact in zip(published.parameters(), own.parameters(), strict=True):
        assert torch.equal(rounded, exact.half().float())
    monkeypatch.setattr(reference, "WEIGHTS_FROM", 20_101)
    assert reference.publish(store, tmp_path / "short") == names[:1]
    manifest = json.loads((folder / reference.MANIFEST).read_text())
    assert manifest == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
    }


def test_what_is_published_is_what_the_manifest_says() -> None:
    root = reference.published().root
    manifest = json.loads((root / reference.MANIFEST).read_text())
    present = {
        str(path.relative_to(root)) for path in root.rglob("*") if path.suffix in SUFFIXES
    } - {reference.MANIFEST}
    assert present == set(manifest)
    for name, digest in manifest.items():
        assert hashlib.sha256((root / name).read_bytes()).hexdigest() == digest, name
    assert sum((root / name).stat().st_size for name in manifest) < 40e6


def test_published_runs_are_read_by_their_settings(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_grid, "figure5", lambda: [SMALL])
    monkeypatch.setattr(reference, "WEIGHTS_FROM", 20_000)
    runs.ensure(reference.plan(), store=store, progress=False)
    reference.publish(store, tmp_path / "reference")
    monkeypatch.setattr(reference, "published", lambda: RunStore(tmp_path / "reference"))
    other = dataclasses.replace(SMALL, seed=1)
    (run,) = reference.known([other, SMALL])
    assert run.record == store.record(SMALL)
    # Published as float16.
    assert {parameter.dtype for parameter in run.model().parameters()} == {torch.float32}


def test_a_run_whose_weights_are_not_kept_is_published_without(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_grid, "figure5", lambda: [SMALL])
    monkeypatch.setattr(reference, "WEIGHTS_FROM", 20_000)
    runs.ensure(reference.plan(), store=store, progress=False)
    (store.folder(SMALL) / WEIGHTS).unlink()
    assert reference.publish(store, tmp_path / "reference") == [f"{SMALL.slug}/record.json"]


def test_weights_are_published_of_every_curve_and_manifold() -> None:
    wanted = {(c.dataset, c.algorithm, c.n_latent) for c in reference.with_weights()}
    both = ("aevb", "wake_sleep")
    assert wanted == {
        *(("mnist", algorithm, n) for algorithm in both for n in (3, 5, 10, 20, 200)),
        *(("frey_face", algorithm, n) for algorithm in both for n in (2, 5, 10, 20)),
        ("mnist", "aevb", 2),
    }
    assert {config.seed for config in reference.with_weights()} == {0}


def test_published_models_are_those_that_learn_the_same(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [
        dataclasses.replace(SMALL, stepsize=0.05),
        dataclasses.replace(SMALL, n_latent=3),
        dataclasses.replace(SMALL, seed=1),
    ]
    requests = [RunRequest(SMALL, 3000), *(RunRequest(other, 1000) for other in others)]
    found = runs.ensure(requests, store=store, progress=False)
    (store.folder(others[2]) / "weights.safetensors").unlink()
    monkeypatch.setattr(reference, "published", lambda: store)
    models = reference.published_models(found[0])
    assert [run.config for run in models] == [others[0], SMALL]
    assert [run.samples for run in models] == [1000, 3000]
    found[0].record.data["stand_in"] = True
    assert reference.published_models(found[0]) == []


def test_there_must_be_something_to_export(store: RunStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run of the plan"):
        reference.publish(store, tmp_path / "reference")
    assert not (tmp_path / "reference").exists()


def test_a_caption_says_whose_models_are_shown(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own,) = runs.ensure([RunRequest(SMALL, 500)], store=store, progress=False)
    monkeypatch.setattr(reference, "published", lambda: RunStore(tmp_path / "reference"))
    other = dataclasses.replace(
        own,
        folder=tmp_path / "reference" / SMALL.slug,
        record=dataclasses.replace(own.record, samples=10**7),
        until=None,
    )
    assert reference.origin([own], "quick") == "Profile quick, 500 training samples"
    assert reference.origin([other], "quick") == f"Reference run, {number(10**7)} training samples"
    assert reference.origin([other, other], "quick").startswith(f"Reference runs, {number(10**7)}")
    assert reference.origin([other, own], "quick") == (
        f"Some of them reference runs, 500 to {number(10**7)} training samples"
    )
