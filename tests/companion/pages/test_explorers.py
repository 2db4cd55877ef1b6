"""What the explorers load: the right model, only what it needs, and nothing that changes it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from companion import runs
from companion.experiments import paper_grid, reference
from companion.pages import explorers
from companion.pages.explorers import Trained
from companion.runs.config import RunConfig, RunRequest
from companion.runs.store import RunStore
from tests.browser.test_files import read
from tests.helpers import rng, six_pixels
from vaelib import datasets
from vaelib.datasets import Dataset
from vaelib.model import build

SMALL = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)
REQUEST = RunRequest(SMALL, 500)


def labelled() -> Dataset:
    """Images of six pixels with a digit for each, the last pixel always black."""
    data = six_pixels()
    shade = torch.tensor([1.0, 1, 1, 1, 1, 0])
    return dataclasses.replace(
        data,
        train=data.train * shade,
        test=data.test * shade,
        train_labels=torch.arange(80) % 10,
        test_labels=torch.arange(20) % 10,
    )


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setattr(datasets, "load", lambda *_, **__: labelled())
    return RunStore(tmp_path / "runs")


@pytest.fixture(autouse=True)
def references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the published reference runs."""
    monkeypatch.setattr(reference, "published", lambda: RunStore(tmp_path / "reference"))
    return tmp_path / "reference"


def publish(folder: Path, store: RunStore, samples: int) -> dict[str, Tensor]:
    """Put a run with weights of its own, which has seen so many samples, among the references."""
    record = store.record(SMALL)
    assert record is not None
    weights = build(n_pixels=6, n_hidden=5, n_latent=2, generator=rng(5)).state_dict()
    (folder / SMALL.slug).mkdir(parents=True)
    text = dataclasses.replace(record, samples=samples).to_json()
    (folder / SMALL.slug / "record.json").write_text(text)
    safetensors.torch.save_file(weights, folder / SMALL.slug / "weights.safetensors")
    return weights


def furthest(store: RunStore) -> Trained:
    return explorers.furthest_network(REQUEST, device="cpu", store=store)


def test_the_explorers_show_a_plane_of_each_data_set_and_twenty_dimensions() -> None:
    shown = [(r.config.dataset, r.config.n_latent) for r in paper_grid.explorers("quick")]
    assert sorted(shown) == [("frey_face", 2), ("mnist", 2), ("mnist", 20)]


def test_without_a_reference_the_reader_s_own_run_is_shown(store: RunStore) -> None:
    trained = furthest(store)
    (own,) = runs.ensure([REQUEST], store=store, progress=False)
    assert trained.samples == own.record.samples >= 500
    assert torch.equal(
        trained.model.encoder.get_parameter("hidden.weight"),
        own.model().encoder.get_parameter("hidden.weight"),
    )


@pytest.mark.parametrize("samples", [100, 10**7])
def test_the_model_that_has_seen_more_is_shown(
    store: RunStore, references: Path, samples: int
) -> None:
    own = furthest(store)
    other = publish(references, store, samples)
    trained = furthest(store)
    assert trained.samples == max(samples, own.samples)
    weights = trained.model.state_dict()
    expected = other if samples > own.samples else own.model.state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_reference_without_weights_is_passed_over(store: RunStore, references: Path) -> None:
    own = furthest(store)
    publish(references, store, 10**7)
    (references / SMALL.slug / "weights.safetensors").unlink()
    assert furthest(store).samples == own.samples


def test_a_stand_in_is_not_shown_to_a_model_of_the_real_data(
    store: RunStore, references: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = dataclasses.replace(labelled(), stand_in=True)
    monkeypatch.setattr(datasets, "load", lambda *_, **__: replaced)
    own = furthest(store)
    publish(references, store, 10**7)
    assert furthest(store).samples == own.samples


def test_an_export_is_complete_and_the_same_each_time(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(paper_grid, "explorers", lambda *_, **__: [REQUEST])
    sizes = explorers.export_networks(tmp_path / "a", "quick")
    assert set(sizes) == {"mnist_2_decoder", "mnist_2_encoder", "digits"}
    assert explorers.export_networks(tmp_path / "b", "quick") == sizes
    for name, size in sizes.items():
        content = (tmp_path / "a" / f"{name}.js").read_bytes()
        assert len(content) == size
        assert (tmp_path / "b" / f"{name}.js").read_bytes() == content
    images = (tmp_path / "a" / "digits.js").read_text()
    assert images.count('", "') == 9


def test_a_decoder_brings_its_map_and_an_encoder_what_to_compare_with() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, init_std=1.0, generator=rng(0))
    files = explorers.network_files("small", Trained(model, 1234, labelled()))
    assert set(files) == {"small_decoder", "small_encoder"}
    name, header, tensors = read(files["small_decoder"])
    assert name == "small_decoder"
    assert (header["samples"], header["latent"], header["shape"]) == (1234, 2, [2, 3])
    assert header["labels"] == "01234567890123456789"
    with torch.no_grad():
        codes = model.encode(labelled().test).mean.double()
    torch.testing.assert_close(tensors["codes"], codes, atol=1e-4, rtol=0)
    _, header, _ = read(files["small_encoder"])
    test: Any = header["test"]
    assert test["reconstruction"] < 0 < test["kl"]


def test_faces_have_no_encoder_and_no_labels() -> None:
    model = build(n_pixels=6, n_hidden=5, n_latent=2, decoder="gaussian", generator=rng(0))
    data = dataclasses.replace(six_pixels(), decoder="gaussian")
    files = explorers.network_files("small", Trained(model, 1, data))
    assert set(files) == {"small_decoder"}
    _, header, tensors = read(files["small_decoder"])
    assert header["labels"] == ""
    # The mean's layer, and not the variance's.
    assert torch.allclose(tensors["out.bias"].float(), model.decoder.mean.bias, atol=1e-4)
    assert list(tensors) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias", "codes"]


def test_an_encoder_sees_the_pixels_that_are_lit_most_often() -> None:
    x = torch.tensor([[0.1, 0, 0, 1], [0.2, 0, 0.5, 0], [0, 0, 0.5, 0]])
    assert explorers.bits(explorers.lit_pixels(x, 2)) == "1010"
    assert explorers.bits(explorers.lit_pixels(x, 9)) == "1111"
    model = build(n_pixels=4, n_hidden=5, n_latent=2, generator=rng(0))
    tensors = explorers.encoder_tensors(model, explorers.lit_pixels(x, 2))
    assert torch.equal(tensors["hidden.weight"], model.encoder.hidden.weight[:, [0, 2]])


def test_few_of_mnist_s_pixels_are_lit_outside_of_what_encoders_see() -> None:
    data = datasets.load("mnist_5k")
    left_out = ~explorers.lit_pixels(data.train)
    assert float((data.train[:, left_out] > 0).float().mean(0).max()) < 0.004 * 1.5
