"""Every kind of file gives the datapoints that were written into it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.io
import torch
from PIL import Image

from companion.own.reading import describe_shape, read_own, stem_of
from tests.companion.own.files import images, write_csv, write_every_kind, write_idx, write_pictures
from vaelib.errors import UserError

X = images()


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_every_kind(tmp_path_factory.mktemp("kinds"), X)


@pytest.mark.parametrize(
    "kind",
    [
        *("npy", "npz", "npz of two", "mat", "mat of two"),
        *("idx", "idx.gz", "idx by its beginning", "png"),
    ],
)
def test_what_was_written_is_read(kind: str, every_kind: dict[str, str]) -> None:
    found = read_own(every_kind[kind])
    assert found.values.dtype == np.uint8
    np.testing.assert_array_equal(found.values, X)


def test_an_array_and_a_tensor_are_taken_as_they_are() -> None:
    assert read_own(X).values is X
    assert not read_own(X).fresh
    np.testing.assert_array_equal(read_own(torch.from_numpy(X)).values, X)


def test_numbers_in_the_other_order_of_bytes_are_the_same(tmp_path: Path) -> None:
    numbers = np.linspace(-2, 2, 60).reshape(20, 3)
    np.save(tmp_path / "big.npy", numbers.astype(">f4"))
    np.testing.assert_allclose(read_own(tmp_path / "big.npy").values, numbers, rtol=1e-6)
    header = bytes([0, 0, 13, 2, 0, 0, 0, 20, 0, 0, 0, 3])
    (tmp_path / "floats.idx").write_bytes(header + numbers.astype(">f4").tobytes())
    np.testing.assert_allclose(read_own(tmp_path / "floats.idx").values, numbers, rtol=1e-6)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t;.csv"])
def test_a_table_loses_no_row_whether_names_stand_above_it_or_not(
    name: str, header: bool, tmp_path: Path
) -> None:
    numbers = np.round(np.linspace(-1, 1, 80).reshape(20, 4), 3)
    separator = {"t.csv": ",", "t.tsv": "\t", "t;.csv": ";"}[name]
    table = pd.DataFrame(numbers, columns=list("abcd"))
    table.to_csv(tmp_path / name, sep=separator, header=header, index=False)
    found = read_own(tmp_path / name)
    np.testing.assert_allclose(found.values, numbers, rtol=1e-6)
    assert not found.whole
    assert ("columns a to d" in found.source) is header


def test_a_long_table_is_read_in_parts(tmp_path: Path) -> None:
    numbers = np.arange(2 * 120_000).reshape(-1, 2)
    found = read_own(write_csv(tmp_path / "long.csv", numbers))
    np.testing.assert_array_equal(found.values, numbers)
    assert found.whole


def test_integers_of_a_table_are_known_as_such(tmp_path: Path) -> None:
    assert read_own(write_csv(tmp_path / "t.csv", X.reshape(60, 12))).whole
    mixed = np.column_stack([np.arange(60), np.linspace(0, 1, 60)])
    assert not read_own(write_csv(tmp_path / "u.csv", mixed)).whole


def test_a_parquet_file_asks_for_what_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UserError, match=r"needs pyarrow: pip install 'vaelib\[parquet\]'"):
        read_own(tmp_path / "t.parquet")


def test_a_parquet_file_is_read_where_that_is_there(tmp_path: Path) -> None:
    table = pd.DataFrame(X.reshape(60, 12), columns=[f"c{n}" for n in range(12)])
    table.to_parquet(tmp_path / "t.parquet")
    found = read_own(tmp_path / "t.parquet")
    np.testing.assert_array_equal(found.values, X.reshape(60, 12))
    assert found.whole
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:100])
    with pytest.raises(UserError, match="cannot be read as a Parquet file"):
        read_own(tmp_path / "cut.parquet")


def test_jpeg_images_are_read_nearly_as_they_were(tmp_path: Path) -> None:
    flat = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None] * 12, (20, 8, 8))
    found = read_own(write_pictures(tmp_path / "jpeg", flat, "jpg"))
    assert np.abs(found.values.astype(int) - flat).max() <= 3


def test_colours_stay_colours_and_grey_images_join_them(tmp_path: Path) -> None:
    colours = np.random.Generator(np.random.PCG64(1)).integers(0, 255, (3, 4, 5, 3), dtype=np.uint8)
    folder = write_pictures(tmp_path / "colours", colours)
    (folder / "deeper").mkdir()
    Image.fromarray(colours[0, :, :, 0]).save(folder / "deeper" / "grey.png")
    (folder / "._0001.png").write_bytes(b"what macOS leaves")
    (folder / "notes.txt").write_text("no image")
    found = read_own(folder)
    assert found.values.shape == (4, 4, 5, 3)
    np.testing.assert_array_equal(found.values[:3], colours)
    np.testing.assert_array_equal(found.values[3, ..., 2], colours[0, ..., 0])
    assert "three equal colours" in found.notes[0]


@pytest.mark.parametrize(
    "name", ["emnist-letters-train-images-idx3-ubyte.gz", "EMNIST-balanced-images-idx3-ubyte"]
)
def test_the_images_of_emnist_are_set_upright_with_a_word(name: str, tmp_path: Path) -> None:
    found = read_own(write_idx(tmp_path / name, X))
    np.testing.assert_array_equal(found.values, X.swapaxes(1, 2))
    assert "EMNIST's images lie on their sides" in found.notes[0]


@pytest.mark.parametrize("folder", ["fashion-mnist", "kmnist", "KMNIST/raw", "mnist"])
def test_other_relatives_of_mnist_are_upright_already(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    found = read_own(write_idx(place / "t10k-images-idx3-ubyte.gz", X))
    np.testing.assert_array_equal(found.values, X)
    assert not found.notes


def test_frey_face_lies_in_columns_in_its_file(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "faces.mat", {"ff": X.reshape(60, 12).T})
    found = read_own(tmp_path / "faces.mat")
    assert (found.values.shape, found.source) == ((12, 60), f"{tmp_path / 'faces.mat'}:ff")


@pytest.mark.parametrize(
    ("data", "stem"),
    [
        ("my faces-1.2/frey rawface.mat:ff", "frey_rawface"),
        (Path("train-images-idx3-ubyte.gz"), "train_images_idx3_ubyte"),
        ("얼굴.npy", "얼굴"),
        ("...", "data"),
        (X, "data"),
    ],
)
def test_data_are_called_by_their_file(data: object, stem: str) -> None:
    assert stem_of(data) == stem


def test_a_shape_in_words() -> None:
    assert [describe_shape(shape) for shape in [(28, 20), (8, 8, 3), (12,)]] == [
        *("28 × 20", "8 × 8 × 3", "12 values"),
    ]


@pytest.mark.parametrize("data", [[[0.1], [0.2, 0.3]], pd.DataFrame({"a": [1.0]}), None, 3])
def test_what_is_neither_file_nor_array_is_named(data: Any) -> None:
    with pytest.raises(UserError, match=f"data are a {type(data).__name__}: give a file, a folder"):
        read_own(data)


def test_a_masked_array_is_refused() -> None:
    with pytest.raises(UserError, match="data is a masked array: fill what is hidden"):
        read_own(np.ma.masked_less(X, 5))
