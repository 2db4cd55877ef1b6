"""vaelib.datasets.loading, on files made here; with $VAELIB_DATA set, on the real ones too."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from companion.data import verified
from tests import fake_data
from vaelib import datasets
from vaelib.datasets.loading import Dataset, StandInWarning, sources, standins
from vaelib.datasets.sources import Source
from vaelib.errors import UserError

REAL = os.environ.get("VAELIB_DATA", "")
needs_real_data = pytest.mark.skipif(not REAL, reason="$VAELIB_DATA names no folder of real data")


class Files(NamedTuple):
    folder: Path
    sources: dict[str, Source]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Files of the real formats, with pixels that tell their place; few digits, all faces."""
    folder = tmp_path_factory.mktemp("files")
    mnist = fake_data.write_mnist(folder, 3000, 1000)
    return Files(folder, {"mnist": mnist, "frey_face": fake_data.write_frey_face(folder)})


@pytest.fixture
def made(files: Files, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The code takes these files for the real ones."""
    monkeypatch.setenv("VAELIB_DATA", str(files.folder))
    for name, source in files.sources.items():
        monkeypatch.setitem(sources.SOURCES, name, source)
    return files


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without data, on a machine that may not download."""
    monkeypatch.delenv("VAELIB_DATA", raising=False)
    monkeypatch.setenv("VAELIB_OFFLINE", "1")
    return tmp_path


def stand_in_for(name: str, root: Path, **settings: object) -> Dataset:
    with pytest.warns(StandInWarning):
        return datasets.load(name, root=root, **settings)  # type: ignore[arg-type]


def frames(x: Tensor) -> list[int]:
    """The numbers of the made faces."""
    high, low = (x[:, :2] * 256).round().long().unbind(1)
    return (256 * high + low).tolist()


def test_mnist_is_the_first_50000_and_the_test_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(tmp_path))
    source = fake_data.write_mnist(tmp_path, 60_000, 10_000)
    monkeypatch.setitem(sources.SOURCES, "mnist", source)
    data = datasets.load("mnist")
    assert (data.name, data.requested, data.stand_in) == ("mnist", "mnist", False)
    assert (data.image_shape, data.decoder, data.pixels) == ((28, 28), "bernoulli", "grey")
    assert data.sha256 == source.sha256
    assert data.source == str(tmp_path)
    assert data.train.dtype == data.test.dtype == torch.float32
    for x, n, first in ((data.train, 50_000, 0), (data.test, 10_000, 3)):
        expected = (torch.arange(first, first + n)[:, None] * 31 + torch.arange(784) * 7) % 256
        assert torch.equal(x, expected / 255)
    for labels, n, first in ((data.train_labels, 50_000, 0), (data.test_labels, 10_000, 3)):
        assert labels is not None
        assert torch.equal(labels, (torch.arange(n) + first) % 10)


def test_fewer_training_points_are_the_first_ones(made: Files) -> None:
    every, few = datasets.load("mnist"), datasets.load("mnist", n_train=1000)
    assert torch.equal(few.train, every.train[:1000])
    assert few.train_labels is not None
    assert every.train_labels is not None
    assert torch.equal(few.train_labels, every.train_labels[:1000])
    assert torch.equal(few.test, every.test)
    assert few.train.untyped_storage().nbytes() == 1000 * 784 * 4


@pytest.mark.parametrize(
    ("name", "n_train"),
    [("mnist", 0), ("mnist", -5), ("mnist", 3001), ("frey_face", 1501), ("frey_face", 0)],
)
def test_training_points_that_are_not_there_are_refused(
    made: Files, name: str, n_train: int
) -> None:
    with pytest.raises(UserError, match=f"n_train(=| is ){n_train}"):
        datasets.load(name, n_train=n_train)


def test_shuffled_faces_are_split_as_ever(made: Files) -> None:
    data = datasets.load("frey_face")
    assert (data.image_shape, data.decoder, data.stand_in) == ((28, 20), "gaussian", False)
    assert data.train_labels is None
    assert data.test_labels is None
    train, test = frames(data.train), frames(data.test)
    assert (len(train), len(test)) == (1500, 465)
    assert sorted(train + test) == list(range(1965))
    # Pinned, because runs depend on it: PyTorch does not promise to keep its permutations.
    assert train[:4] == [1478, 1129, 1210, 165]
    assert (data.train[:, 2:] == 200 / 256).all()


def test_shuffled_test_frames_have_neighbours_among_the_training_frames(made: Files) -> None:
    """The point of this split: the chance that neither neighbour is there is about 6 %."""
    data = datasets.load("frey_face")
    train = set(frames(data.train))
    alone = [i for i in frames(data.test) if not {i - 1, i + 1} & train]
    assert len(alone) < 0.1 * 465


def test_faces_in_order(made: Files) -> None:
    data = datasets.load("frey_face", split="in order")
    assert frames(data.train) == list(range(1500))
    assert frames(data.test) == list(range(1500, 1965))


def test_faces_can_be_divided_by_255(made: Files) -> None:
    a, b = (datasets.load("frey_face", face_scale=n) for n in (256, 255))
    torch.testing.assert_close(a.train * 256, b.train * 255)


def test_binarised_pixels_are_drawn_once_by_seed(made: Files) -> None:
    data = datasets.load("mnist", pixels="binarised", seed=3)
    assert data.pixels == "binarised"
    assert set(data.train.unique().tolist()) == {0.0, 1.0}
    assert set(data.test.unique().tolist()) == {0.0, 1.0}
    again = datasets.load("mnist", pixels="binarised", seed=3, n_train=1000)
    assert torch.equal(again.train, data.train[:1000])
    assert torch.equal(again.test, data.test)
    other = datasets.load("mnist", pixels="binarised", seed=4, n_train=1000)
    assert not torch.equal(other.train, again.train)
    assert not torch.equal(other.test, again.test)
    # Frequencies against intensities, by grey level: 256 levels of about 3000 pixels each. The
    # bound of 8 standard errors is for the skewed counts near 0 and 1, of mean 12: a false alarm
    # is rarer than 1e-6.
    grey = datasets.load("mnist", n_train=1).test
    for level in torch.arange(256) / 255:
        drawn = data.test[grey == level]
        error = (level * (1 - level) / len(drawn)).sqrt()
        assert abs(drawn.mean() - level) <= 8 * error + 1e-6


def test_dynamic_pixels_stay_grey_for_the_training_loop(made: Files) -> None:
    grey, dynamic = (
        datasets.load("mnist", pixels="grey", n_train=100),
        datasets.load("mnist", pixels="dynamic", n_train=100),
    )
    assert dynamic.pixels == "dynamic"
    assert torch.equal(dynamic.train, grey.train)


def test_binarise_follows_its_generator() -> None:
    x = torch.rand(50, 784, generator=torch.Generator().manual_seed(0))
    draws = [datasets.binarise(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert draws[0].dtype == x.dtype
    sure = torch.tensor([[0.0, 1.0]])
    assert torch.equal(datasets.binarise(sure, torch.Generator().manual_seed(0)), sure)


def test_two_loads_share_no_memory(made: Files) -> None:
    first, second = datasets.load("frey_face"), datasets.load("frey_face")
    first.train.zero_()
    assert second.train.max() > 0


@pytest.mark.parametrize("name", ["frey_face", "cartoon_face"])
@pytest.mark.parametrize("pixels", ["binarised", "dynamic"])
def test_faces_are_not_black_and_white(made: Files, name: str, pixels: datasets.Pixels) -> None:
    with pytest.raises(UserError, match=f"pixels='{pixels}' does not suit {name}"):
        datasets.load(name, pixels=pixels)


def test_settings_that_are_not_known_are_refused(made: Files) -> None:
    with pytest.raises(UserError, match="'faces' is not known"):
        datasets.load("faces")
    with pytest.raises(UserError, match="pixels 'colour' is not known"):
        datasets.load("mnist", pixels="colour")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="split 'odd' is not known"):
        datasets.load("frey_face", split="odd")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="split='in order' is for faces"):
        datasets.load("mnist", split="in order")
    for scale in (0, -1, 1, 254, 256.0, True, None):
        with pytest.raises(UserError, match=r"face_scale is .*at least 255"):
            datasets.load("frey_face", face_scale=scale)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["named", "raw"])
@pytest.mark.parametrize("complete", [True, False])
def test_a_damaged_file_is_never_passed_over(
    nothing: Path, place: str, complete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for a stand-in, not for a good file further on, and not because another is missing."""
    toy = fake_data.toy()
    monkeypatch.setitem(sources.SOURCES, "mnist", toy)
    folders = {"named": nothing / "named", "raw": sources.raw_folder(nothing)}
    for folder in folders.values():
        folder.mkdir(parents=True)
    if place == "named":
        monkeypatch.setenv("VAELIB_DATA", str(folders["named"]))
        (folders["raw"] / "toy.mat").write_bytes(fake_data.CONTENT["toy.mat"])
    if complete:
        (folders["raw"] / "toy-images").write_bytes(fake_data.CONTENT["toy-images"])
    bad = folders[place] / "toy.mat"
    bad.write_bytes(b"not this")
    with pytest.raises(UserError, match=r"toy\.mat holds only 8 of") as raised:
        datasets.load("mnist", root=nothing)
    assert str(bad) in str(raised.value)
    assert bad.read_bytes() == b"not this"


def test_a_stand_in_for_digits_says_so(nothing: Path) -> None:
    with pytest.warns(StandInWarning) as caught:
        data = datasets.load("mnist", root=nothing)
    (warning,) = caught
    assert warning.filename == __file__
    for part in ("mnist_5k", "vaelib data", "train-images-idx3-ubyte.gz", "$VAELIB_DATA"):
        assert part in str(warning.message)
    assert (data.name, data.requested, data.stand_in) == ("mnist_5k", "mnist", True)
    assert (data.decoder, data.image_shape) == ("bernoulli", (28, 28))
    assert (data.train.shape, data.test.shape) == ((4000, 784), (1000, 784))
    assert (data.train.min().item(), data.train.max().item()) == (0.0, 1.0)
    assert data.train_labels is not None
    assert data.train_labels[:12].tolist() == [*range(10), 0, 1]
    assert data.sha256 == standins.SHA256["mnist_5k"]
    assert list(nothing.iterdir()) == []


def test_a_stand_in_for_a_part_says_what_is_missing(
    nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sources.SOURCES, "mnist", fake_data.toy())
    raw = sources.raw_folder(nothing)
    raw.mkdir(parents=True)
    (raw / "TOY.MAT").write_bytes(fake_data.CONTENT["toy.mat"])
    with pytest.warns(StandInWarning, match=r"mnist is not complete, toy-images\.gz is missing"):
        data = datasets.load("mnist", root=str(nothing))
    assert data.stand_in


def test_a_stand_in_for_faces_says_so(nothing: Path) -> None:
    data = stand_in_for("frey_face", nothing)
    assert (data.name, data.requested, data.stand_in) == ("cartoon_face", "frey_face", True)
    assert (data.decoder, data.image_shape) == ("gaussian", (28, 20))
    assert (data.train.shape, data.test.shape) == ((1500, 560), (465, 560))
    assert data.sha256 == standins.SHA256["cartoon_face"]
    assert data.sha256 == datasets.locate("frey_face", root=nothing).sha256


def test_a_stand_in_gives_all_that_it_has(nothing: Path) -> None:
    assert len(stand_in_for("mnist", nothing, n_train=50_000).train) == 4000
    assert len(stand_in_for("mnist", nothing, n_train=1000).train) == 1000
    with pytest.raises(UserError, match="n_train is 0"):
        datasets.load("mnist", n_train=0, root=nothing)


def test_a_stand_in_asked_for_by_name_does_not_warn(nothing: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = datasets.load("mnist_5k", pixels="binarised", root=nothing)
    assert (data.name, data.requested, data.stand_in) == ("mnist_5k", "mnist_5k", True)
    assert set(data.train.unique().tolist()) == {0.0, 1.0}


@needs_real_data
def test_real_mnist() -> None:
    """Known answers: the first labels, and the mean intensity of MNIST's training images."""
    data = datasets.load("mnist")
    assert not data.stand_in
    assert data.train_labels is not None
    assert data.test_labels is not None
    assert data.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert (data.train.min().item(), data.train.max().item()) == (0.0, 1.0)
    assert data.train.mean().item() == pytest.approx(0.1307, abs=5e-4)


@needs_real_data
def test_the_5000_digits_are_real_and_none_is_a_test_image() -> None:
    real, few = datasets.load("mnist"), datasets.load("mnist_5k")

    def as_bytes(x: Tensor) -> set[bytes]:
        return {row.tobytes() for row in (x * 255).round().to(torch.uint8).numpy()}

    digits = as_bytes(few.train) | as_bytes(few.test)
    assert len(digits) == 5000
    assert digits <= as_bytes(real.train[:5848])
    assert not digits & as_bytes(real.test)


@needs_real_data
def test_real_frey_face() -> None:
    shuffled, ordered = datasets.load("frey_face"), datasets.load("frey_face", split="in order")
    assert not shuffled.stand_in
    every = torch.cat([ordered.train, ordered.test])
    assert ((every.min() * 256).item(), (every.max() * 256).item()) == (8.0, 238.0)
    together = torch.cat([shuffled.train, shuffled.test])
    np.testing.assert_array_equal(
        np.sort(together.numpy().sum(axis=1)), np.sort(every.numpy().sum(axis=1))
    )


@needs_real_data
def test_real_frames_have_near_twins_only_where_shuffled() -> None:
    """Root mean square distance per pixel to the nearest training frame, in the median."""

    def distance(data: Dataset) -> float:
        nearest = torch.cdist(data.test, data.train).min(dim=1).values
        median: float = nearest.median().item()
        return median / math.sqrt(560)

    shuffled = distance(datasets.load("frey_face"))
    assert shuffled < 0.75 * distance(datasets.load("frey_face", split="in order"))


@needs_real_data
def test_the_real_files_pass_the_check() -> None:
    statuses = verified()
    assert [status.name for status in statuses] == ["mnist", "frey_face"]
    assert all(status.detail.endswith("verified") for status in statuses)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.tensor([[0.5, 1.0000001]]), r"^x has pixels from 0\.5 to 1\.00000012, but"),
        (torch.tensor([[math.nan]]), r"intensities in \[0, 1\]"),
        (torch.tensor([[255]], dtype=torch.uint8), "x holds uint8: pass floating-point pixels"),
    ],
)
def test_what_is_no_intensity_is_not_binarised(x: Tensor, message: str) -> None:
    with pytest.raises(UserError, match=message):
        datasets.binarise(x, torch.Generator())
