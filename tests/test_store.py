"""What is stored comes back, and what is not ours is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from vaelib.checkpoint import NEWEST
from vaelib.config import RunConfig
from vaelib.errors import UserError
from vaelib.evaluation import CurvePoint
from vaelib.model import build
from vaelib.record import Record
from vaelib.store import RECORD, WEIGHTS, Run, RunStore

CONFIG = RunConfig(dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=50)


def record(config: RunConfig = CONFIG) -> Record:
    return Record(
        config=config,
        samples=300,
        stepsize=0.02,
        stepsizes_compared={"0.01": -200.5, "0.02": -100.25},
        data={"name": "mnist", "source": "a folder", "sha256": "ab", "stand_in": False},
        model={"n_pixels": 6, "decoder": "bernoulli"},
        source="0123456789abcdef",
        curve=[
            CurvePoint(100, "train", "lower_bound", -1.5),
            CurvePoint(300, "train", "lower_bound", -1.25),
        ],
        segments=[{"until": 300, "seconds": 1.5, "environment": {"device": "cpu"}}],
    )


def state() -> dict[str, torch.Tensor]:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, generator=torch.Generator().manual_seed(3))
    weights = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    return {**weights, "trainer/samples": torch.tensor(300)}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "runs")
    store.save(record(), state())
    return store


def test_record_round_trip() -> None:
    assert Record.from_json(record().to_json()) == record()
    empty = dataclasses.replace(record(), curve=[], segments=[])
    assert Record.from_json(empty.to_json()) == empty


def test_record_is_text_with_a_line_for_each_point() -> None:
    lines = record().to_json().splitlines()
    assert sum('"training_samples"' in line for line in lines) == 2


def test_what_is_saved_comes_back(store: RunStore) -> None:
    assert store.record(CONFIG) == record()
    assert store.records() == [record()]
    held = store.checkpoint(CONFIG)
    assert held is not None
    assert held[0] == record()
    found = held[1]
    assert found.keys() == state().keys()
    assert all(torch.equal(found[key], tensor) for key, tensor in state().items())


def test_saving_leaves_three_files_and_no_other(store: RunStore) -> None:
    names = {path.name for path in store.folder(CONFIG).iterdir()}
    assert names == {RECORD, WEIGHTS, NEWEST}


def test_run_gives_curve_and_model(store: RunStore) -> None:
    found = store.record(CONFIG)
    assert found is not None
    run = Run(found, store.folder(CONFIG), until=200)
    assert list(run.curve()["training_samples"]) == [100]
    assert len(Run(found, store.folder(CONFIG)).curve()) == 2
    assert found.seconds == 1.5
    weights = run.model().state_dict()
    assert all(
        torch.equal(weights[k.removeprefix("model/")], t)
        for k, t in state().items()
        if k.startswith("model/")
    )


def test_there_is_no_record_of_what_was_not_run(store: RunStore) -> None:
    assert store.record(dataclasses.replace(CONFIG, seed=1)) is None


def test_another_configuration_in_the_folder_is_named(store: RunStore) -> None:
    path = store.folder(CONFIG) / RECORD
    changed = json.loads(path.read_text())
    changed["config"]["n_latent"] = 7
    path.write_text(json.dumps(changed))
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"another configuration .*n_latent is 7, not 2"):
        store.record(CONFIG)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": {"dataset": "mnist"}}'])
def test_a_file_that_is_no_record_is_named(store: RunStore, text: str) -> None:
    path = store.folder(CONFIG) / RECORD
    path.write_text(text)
    with pytest.raises(UserError, match=r"record\.json is not a record"):
        store.record(CONFIG)


def test_damaged_weights_are_named(store: RunStore) -> None:
    path = store.folder(CONFIG) / WEIGHTS
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match=WEIGHTS):
        Run(record(), store.folder(CONFIG)).model()


def test_a_checkpoint_of_another_configuration_is_named(store: RunStore) -> None:
    other = dataclasses.replace(CONFIG, seed=1)
    store.folder(CONFIG).rename(store.folder(other))
    with pytest.raises(UserError, match=r"another configuration .*seed is 0, not 1"):
        store.checkpoint(other)


def test_setting_aside_deletes_nothing(store: RunStore) -> None:
    first = store.set_aside(record())
    store.save(record(), state())
    second = store.set_aside(record())
    assert first != second
    assert not store.folder(CONFIG).exists()
    assert all((aside / NEWEST).is_file() for aside in (first, second))
    assert store.records() == []


def test_default_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAELIB_RUNS", str(tmp_path))
    assert RunStore.default().root == tmp_path / "cpu"
    assert RunStore.default("cuda:1").root == tmp_path / "cuda"
    monkeypatch.delenv("VAELIB_RUNS")
    assert RunStore.default().root.parts[-3:] == ("_build", "runs", "cpu")
