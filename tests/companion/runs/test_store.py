"""What is stored comes back, and what is not ours is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from companion.experiments import readings
from companion.runs.assembly import model_for
from companion.runs.checkpoint import NEWEST
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record, read_record
from companion.runs.store import RECORD, WEIGHTS, Run, RunStore, read_tensors
from vaelib.errors import UserError
from vaelib.model import DecoderKind, build
from vaelib.training import RunningAverage

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
            CurvePoint(300, "test", "lower_bound", -1.75, 0.03),
        ],
        running_averages=[RunningAverage(100, 300, -1.375)],
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
    assert sum('"training_samples"' in line for line in lines) == 3
    assert sum('"since"' in line for line in lines) == 1
    assert sum('"noise"' in line for line in lines) == 1


def test_a_record_from_before_averages_and_noise_is_one_without() -> None:
    fields = json.loads(record().to_json())
    del fields["running_averages"], fields["curve"][2]["noise"]
    found = Record.from_json(json.dumps(fields))
    assert found.running_averages == []
    assert [point.noise for point in found.curve] == [None] * 3
    curve = Run(found, Path()).curve()
    assert curve[["noise", "running_average"]].isna().all(axis=None)
    assert curve["noise"].dtype == curve["running_average"].dtype == np.float64


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
    curve = Run(found, store.folder(CONFIG)).curve()
    assert curve["noise"].fillna(0.0).tolist() == [0.0, 0.0, 0.03]
    assert curve["running_average"].fillna(0.0).tolist() == [0.0, -1.375, 0.0]
    assert found.seconds == 1.5
    weights = run.model().state_dict()
    assert all(
        torch.equal(weights[k.removeprefix("model/")], t)
        for k, t in state().items()
        if k.startswith("model/")
    )


@pytest.mark.parametrize(
    "config",
    {config.choices: config for config in readings.figure2_in("as run")}.values(),
    ids=str,
)
def test_the_model_of_every_reading_is_read_back(config: RunConfig, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    small = dataclasses.replace(config, n_latent=2, n_hidden=5)
    decoder: DecoderKind = "bernoulli" if small.dataset == "mnist" else "gaussian"
    model = model_for(small, n_pixels=6, decoder=decoder)
    own = {f"model/{name}": 1.5 * tensor for name, tensor in model.state_dict().items()}
    written = dataclasses.replace(
        record(small), model={"n_pixels": 6, "decoder": decoder}, running_averages=[]
    )
    store.save(written, own | {"trainer/samples": torch.tensor(300)})
    weights = Run(written, store.folder(small)).model().state_dict()
    assert {f"model/{name}" for name in weights} == set(own)
    assert all(torch.equal(tensor, own[f"model/{name}"]) for name, tensor in weights.items())


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


def test_a_place_may_be_given_as_text(store: RunStore) -> None:
    again = RunStore(str(store.root))
    assert again.record(CONFIG) == record()
    assert again.root == store.root
    assert read_record(str(store.folder(CONFIG) / RECORD)) == record()
    weights = read_tensors(str(store.folder(CONFIG) / WEIGHTS))
    assert weights.keys() == {key.removeprefix("model/") for key in state() if "model/" in key}


@pytest.mark.parametrize("place", ["", None, 3, b"bytes"])
def test_what_is_no_place_is_refused(place: Any) -> None:
    for reader in (RunStore, read_record, read_tensors):
        with pytest.raises(UserError, match=r"is .*: give a path, or the text of one"):
            reader(place)


@pytest.mark.parametrize("below", ["", "deep/below"])
@pytest.mark.parametrize("link", [True, False])
def test_a_store_needs_a_folder(below: str, link: bool, tmp_path: Path) -> None:
    place = tmp_path / "runs"
    place.symlink_to("nowhere") if link else place.write_text("a file")
    with pytest.raises(UserError, match=f"because {place} is no folder: move it away"):
        RunStore(place / below)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("samples", "300"),
        ("samples", None),
        ("curve", {}),
        ("curve", [{"training_samples": 1, "split": "test", "measure": "m", "value": "low"}]),
        ("curve", [{"training_samples": 1, "split": "test", "measure": "m", "value": None}]),
        ("curve", [{"training_samples": "1", "split": "test", "measure": "m", "value": 1.0}]),
        ("curve", [{"training_samples": 1}]),
        (
            "curve",
            [
                {"training_samples": 1, "split": "test", "measure": "m", "value": 1.0, "noise": bad}
                for bad in ("low", float("nan"))
            ],
        ),
        ("running_averages", {}),
        ("running_averages", [{"since": 0, "until": 100}]),
        ("running_averages", [{"since": 100, "until": 100, "value": -1.0}]),
        ("running_averages", [{"since": 0, "until": 100, "value": float("inf")}]),
        ("segments", [3]),
        ("segments", [{"seconds": 1.0}]),
        ("segments", [{"seconds": "1", "environment": {"device": "cpu"}}]),
        ("source", 7),
        ("data", []),
    ],
)
def test_a_record_whose_fields_are_of_another_kind_is_named(
    field: str, value: Any, store: RunStore
) -> None:
    path = store.folder(CONFIG) / RECORD
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(UserError, match=r"record\.json is not a record of a run") as raised:
        store.record(CONFIG)
    assert "\n" not in str(raised.value)
