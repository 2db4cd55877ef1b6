"""The data sets are the paper's, split as stated; a stand-in is never silent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from vaelib import datasets, sources
from vaelib.datasets import StandInWarning, binarise
from vaelib.errors import UserError

real = pytest.mark.skipif(
    not os.environ.get("VAELIB_DATA"), reason="needs the real data in $VAELIB_DATA"
)


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with neither data nor network."""
    monkeypatch.delenv("VAELIB_DATA", raising=False)
    monkeypatch.setenv("VAELIB_OFFLINE", "1")
    monkeypatch.setattr(sources, "raw_folder", lambda root=None: tmp_path / "raw")
    return tmp_path


@real
def test_mnist_is_mnist() -> None:
    data = datasets.load("mnist")
    assert data.name == "mnist"
    assert not data.stand_in
    assert data.train.shape == (50_000, 784)
    assert data.test.shape == (10_000, 784)
    assert (data.train.min(), data.train.max()) == (0.0, 1.0)
    assert data.train_labels is not None
    assert data.test_labels is not None
    # Well-known facts of the files: the first labels, and the mean intensity.
    assert data.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert data.train.mean().item() == pytest.approx(0.1307, abs=1e-3)


@real
def test_fewer_training_points_are_the_first() -> None:
    few, all_points = datasets.load("mnist", n_train=1000), datasets.load("mnist")
    assert torch.equal(few.train, all_points.train[:1000])
    assert torch.equal(few.test, all_points.test)
    with pytest.raises(UserError, match="n_train is 60000"):
        datasets.load("mnist", n_train=60_000)


@real
def test_frey_face_is_split_without_overlap() -> None:
    data = datasets.load("frey_face")
    assert data.train.shape == (1500, 560)
    assert data.test.shape == (465, 560)
    assert data.image_shape == (28, 20)
    assert data.decoder == "gaussian"
    # Grey levels over 256.
    levels = torch.cat([data.train, data.test]) * 256
    assert torch.equal(levels, levels.round())
    assert len(levels.unique(dim=0)) == 1965


@real
def test_static_pixels_are_drawn_once_by_seed() -> None:
    first = datasets.load("mnist", pixels="binarised", n_train=500, seed=1)
    again = datasets.load("mnist", pixels="binarised", n_train=500, seed=1)
    other = datasets.load("mnist", pixels="binarised", n_train=500, seed=2)
    assert set(first.train.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(first.train, again.train)
    assert not torch.equal(first.train, other.train)
    assert datasets.load("mnist", pixels="dynamic", n_train=500).train.unique().numel() > 2


def test_binarised_pixels_keep_their_mean() -> None:
    """Over 40000 draws a pixel strays by 6 standard errors with probability below 1e-8."""
    x = torch.tensor([0.0, 0.3, 1.0]).expand(40_000, 3)
    drawn = binarise(x, torch.Generator().manual_seed(0)).mean(0)
    assert drawn[0] == 0
    assert drawn[2] == 1
    assert abs(drawn[1] - 0.3) < 6 * (0.3 * 0.7 / 40_000) ** 0.5


@pytest.mark.parametrize(
    ("name", "stand_in", "sizes"),
    [
        ("mnist", "mnist_5k", ((4000, 784), (1000, 784))),
        ("frey_face", "cartoon_face", ((1500, 560), (465, 560))),
    ],
)
def test_a_stand_in_is_never_silent(
    name: str, stand_in: str, sizes: tuple[tuple[int, int], ...], no_data: Path
) -> None:
    with pytest.warns(StandInWarning, match=f"{name} could not be had"):
        data = datasets.load(name, n_train=50_000)
    assert (data.name, data.requested, data.stand_in) == (stand_in, name, True)
    assert (data.train.shape, data.test.shape) == sizes
    assert 0 <= data.train.min() < data.train.max() <= 1
    assert datasets.locate(name).stand_in
    assert not (no_data / "raw").exists()


def test_every_class_is_alike_in_the_stand_in(no_data: Path) -> None:
    with pytest.warns(StandInWarning):
        data = datasets.load("mnist", n_train=1000)
    assert data.train_labels is not None
    assert data.test_labels is not None
    assert data.train_labels.bincount().tolist() == [100] * 10
    assert data.test_labels.bincount().tolist() == [100] * 10


def test_check_reports_and_writes_nothing(no_data: Path) -> None:
    found = datasets.check()
    assert [status.requested for status in found] == ["mnist", "frey_face"]
    assert all(status.stand_in and "stand-in" in status.detail for status in found)
    assert list(no_data.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x1f\x8bnot really gzip"])
def test_a_bad_file_stops_everything_and_stays(no_data: Path, content: bytes) -> None:
    raw = no_data / "raw"
    raw.mkdir()
    path = raw / "frey_rawface.mat"
    path.write_bytes(content)
    for look in (lambda: datasets.load("frey_face"), datasets.check, datasets.obtain):
        with pytest.raises(UserError, match=r"frey_rawface\.mat"):
            look()
    assert path.read_bytes() == content


def test_unknown_names_and_pixels_are_refused() -> None:
    with pytest.raises(UserError, match="dataset 'cifar' is not known: use one of mnist, frey_f"):
        datasets.load("cifar")
    with pytest.raises(UserError, match="pixels 'red' is not known"):
        datasets.load("mnist", pixels="red")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="Frey Face has a Gaussian decoder"):
        datasets.load("frey_face", pixels="binarised")
