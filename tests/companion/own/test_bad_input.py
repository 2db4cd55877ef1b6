"""What cannot be trained on is one sentence and exit code 2, and nothing is written."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from companion import cli
from tests.companion.own.files import idx, images, write_csv, write_idx, write_pictures

X = images()
ROWS = X.reshape(60, 12)
FLOATS = ROWS / np.float32(255)


def saved(name: str, values: object) -> Callable[[Path], str]:
    """A .npy file of these values."""

    def write(folder: Path) -> str:
        np.save(folder / name, np.asarray(values), allow_pickle=True)
        return str(folder / name)

    return write


def written(name: str, content: bytes) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return write


def with_one(
    value: float, dtype: str = "float32"
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    changed = FLOATS.astype(dtype)
    changed[17, 3] = value
    return changed


def pictures(folder: Path) -> Path:
    return write_pictures(folder / "pictures", X[:30])


def broken_picture(folder: Path) -> str:
    place = pictures(folder)
    content = (place / "0003.png").read_bytes()
    (place / "0003.png").write_bytes(content[: len(content) // 2])
    return str(place)


def no_picture(folder: Path) -> str:
    place = pictures(folder)
    (place / "0003.png").write_text("no image")
    return str(place)


def mixed_sizes(folder: Path) -> str:
    place = pictures(folder)
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(place / "0007.png")
    return str(place)


def sixteen_bits(folder: Path) -> str:
    place = pictures(folder)
    Image.fromarray(np.zeros((4, 3), np.uint16)).save(place / "0007.png")
    return str(place)


def transparent(folder: Path) -> str:
    place = pictures(folder)
    Image.fromarray(np.zeros((4, 3, 4), np.uint8)).save(place / "0007.png")
    return str(place)


def one_of_two(folder: Path) -> str:
    np.savez(folder / "two.npz", x=X, labels=np.arange(60))
    return str(folder / "two.npz")


def no_such_one(folder: Path) -> str:
    return f"{one_of_two(folder)}:y"


def two_of_matlab(folder: Path) -> str:
    scipy.io.savemat(folder / "two.mat", {"x": X, "y": X})
    return str(folder / "two.mat")


def folder_called_a_file(folder: Path) -> str:
    (folder / "x.npy").mkdir()
    return str(folder / "x.npy")


def empty_folder(folder: Path) -> str:
    (folder / "nothing").mkdir()
    return str(folder / "nothing")


def one_picture(folder: Path) -> str:
    return str(pictures(folder) / "0000.png")


def cut(folder: Path) -> str:
    np.save(folder / "whole.npy", X)
    return written("cut.npy", (folder / "whole.npy").read_bytes()[:400])(folder)


def cut_npz(folder: Path) -> str:
    np.savez(folder / "whole.npz", x=X)
    return written("cut.npz", (folder / "whole.npz").read_bytes()[:400])(folder)


def text_columns(folder: Path) -> str:
    lines = ["a,city,b,name", *(f"{n},Seoul,{n / 60},kim" for n in range(60))]
    return written("people.csv", "\n".join(lines).encode())(folder)


def ragged_table(folder: Path) -> str:
    lines = ["0.1,0.2,0.3"] * 30 + ["0.1,0.2,0.3,0.4"] + ["0.1,0.2,0.3"] * 30
    return written("ragged.csv", "\n".join(lines).encode())(folder)


def short_rows(folder: Path) -> str:
    lines = ["0.1,0.2,0.3"] * 30 + ["0.1,0.2"] + ["0.1,0.2,0.3"] * 30
    return written("short.csv", "\n".join(lines).encode())(folder)


def integers_of_a_table(folder: Path) -> str:
    return str(write_csv(folder / "ages.csv", ROWS // 3))


def labels(folder: Path) -> str:
    return str(write_idx(folder / "train-labels-idx1-ubyte.gz", np.arange(60, dtype=np.uint8)))


BAD: dict[str, tuple[Callable[[Path], str], str]] = {
    "missing": (lambda folder: str(folder / "gone.npy"), "gone.npy is not there"),
    "empty": (written("x.npy", b""), "x.npy is empty"),
    "empty csv": (written("x.csv", b"\n"), "cannot be read as a CSV file"),
    "no rows": (saved("x.npy", np.zeros((0, 4))), "holds 0 datapoints: give at least 20"),
    "one image": (saved("x.npy", X[:1]), "holds 1 datapoint: give at least 20"),
    "one constant colour": (saved("x.npy", np.full_like(X, 7)), "every value of .* is 7: there is"),
    "NaN": (saved("x.npy", with_one(np.nan)), r"NaN or infinite, first in datapoint 17 \(from 0\)"),
    "infinite": (saved("x.npy", with_one(-np.inf)), "NaN or infinite, first in datapoint 17"),
    "beyond float32": (saved("x.npy", with_one(1e300, "float64")), "beyond those of float32"),
    "beyond 255": (
        saved("x.npy", ROWS.astype(np.int64) * 16),
        "integers from 0 to 4080; bytes end",
    ),
    "negative": (
        saved("x.npy", ROWS.astype(np.int16) - 9),
        "integers from -9 to 246: say by scale",
    ),
    "integers of a table": (integers_of_a_table, "integers from 0 to 85: say by scale"),
    "ragged": (saved("x.npy", np.array([[1.0], [1.0, 2.0]], object)), "holds Python objects"),
    "complex": (saved("x.npy", ROWS + 1j), "holds complex numbers"),
    "objects": (saved("x.npy", ROWS.astype(object)), "holds Python objects and not numbers"),
    "words": (saved("x.npy", ROWS.astype(str)), "holds values of the type <U3"),
    "records": (saved("x.npy", np.zeros(60, [("a", "f4")])), "values of the type"),
    "one dimension": (saved("x.npy", FLOATS.ravel()), r"has the shape \(720,\): give \(N, n\)"),
    "no values": (saved("x.npy", np.zeros((60, 0))), r"has the shape \(60, 0\)"),
    "no NumPy file": (written("x.npy", b"x" * 99), "holds Python objects and not .* is no NumPy"),
    "cut npy": (cut, "cut.npy cannot be read as a NumPy file"),
    "cut npz": (cut_npz, "cut.npz cannot be read as a NumPy file|is no NumPy file"),
    "npy called npz": (lambda folder: _renamed(folder), "it holds one array, as a .npy file does"),
    "cut idx": (written("a-idx3-ubyte", idx(X)[:-9]), "727 bytes in the place of 736"),
    "long idx": (written("a-idx3-ubyte", idx(X) + b"12"), "738 bytes in the place of 736"),
    "cut gz": (written("a-idx3-ubyte.gz", gzip.compress(idx(X))[:-99]), "cannot be read as an IDX"),
    "broken gz": (written("a-idx3-ubyte.gz", b"\x1f\x8bnonsense"), "cannot be read as an IDX file"),
    "gz of what else": (written("a.gz", gzip.compress(b"words")), "does not begin as IDX does"),
    "head of idx": (written("a-idx3-ubyte", idx(X)[:9]), "cannot be read as an IDX file"),
    "labels": (labels, "holds one number for each datapoint, as files of labels do"),
    "no MATLAB file": (written("x.mat", b"words " * 60), "cannot be read as a MATLAB file"),
    "short MATLAB file": (written("x.mat", b"MATLAB"), "cannot be read as a MATLAB file"),
    "unknown kind": (written("x.docx", b"PK words"), "is of no kind that is known: give .npy"),
    "several arrays": (one_of_two, r"holds the arrays x, labels: say which one, as in .*two.npz:x"),
    "no such array": (no_such_one, "holds the arrays x, labels, and none named y"),
    "several of MATLAB": (two_of_matlab, "holds the arrays x, y: say which one"),
    "text columns": (text_columns, "has columns that are not numbers, city, name: leave"),
    "ragged table": (ragged_table, "ragged.csv cannot be read as a CSV file .*line 31"),
    "short rows": (short_rows, "NaN or infinite, first in datapoint 30"),
    "binary csv": (written("x.csv", b"\xff\xfe\x00\x9f" * 50), "cannot be read as a CSV file"),
    "mixed sizes": (mixed_sizes, "several sizes: 0000.png has 3 × 4 pixels and 0007.png 5 × 5"),
    "broken picture": (broken_picture, "0003.png cannot be read as an image"),
    "no picture": (no_picture, r"0003.png cannot be read as an image \(no image\)"),
    "sixteen bits": (sixteen_bits, "0007.png has pixels of the kind I;16"),
    "transparent": (transparent, "0007.png is transparent in places"),
    "folder called a file": (folder_called_a_file, "x.npy is a folder, though its name is"),
    "empty folder": (empty_folder, "is a folder without PNG or JPEG images"),
    "one picture": (one_picture, "0000.png is one image: give the folder"),
}


def _renamed(folder: Path) -> str:
    np.save(folder / "x.npy", X)
    return str((folder / "x.npy").rename(folder / "x.npz"))


@pytest.mark.parametrize("case", BAD)
def test_data_that_cannot_be_used_are_one_sentence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write, message = BAD[case]
    file, out = write(tmp_path), tmp_path / "out"
    assert cli.main(["train", file, "--n-latent", "2", "--out", str(out)]) == 2
    refused(message, capsys)
    assert not out.exists()


def refused(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = capsys.readouterr()
    assert printed.err.startswith("vaelib: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert re.search(message, printed.err), printed.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--n-latent", "0"], "n_latent is 0: give a whole number"),
        (["--samples", "100"], "samples is 100: give a whole number .int. of at least 20000"),
        (["--n-hidden", "0"], "n_hidden is 0"),
        (["--likelihood", "poisson"], "likelihood is 'poisson': give 'bernoulli' or 'gaussian'"),
        (["--scale", "0"], "scale is 0.0: give a positive"),
        (["--scale", "100", "--likelihood", "bernoulli"], "values from 0 to 2.55, but a Bernoulli"),
        (["--shape", "28"], "--shape is '28': give rows x columns"),
        (["--shape", "5x5"], "its datapoints are no images of 5 × 5"),
        (["--shape", "0x12"], "image_shape is .0, 12.: give a sequence"),
        (["--stepsize", "fast"], "--stepsize is 'fast': give a number"),
        (["--stepsize", "nan"], "stepsize is nan: give a positive"),
        (["--seed", "-1"], "seed is -1"),
        (["--device", "gpu"], "device 'gpu' is not known"),
        (["--networks", "gone.py:f"], "--networks is 'gone.py:f': give FILE.py:FUNCTION"),
        (["--out", ""], "out is '': give a path"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", X)
    before = ["train", str(tmp_path / "x.npy"), "--n-latent", "2", "--out", str(tmp_path / "out")]
    assert cli.main([*before, *options]) == 2
    refused(message, capsys)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_other_things_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", X)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "report.html").write_text("mine")
    for out, message in (
        (theirs, "OUT .*theirs holds other files: give a new folder"),
        (theirs / "report.html", "OUT .*report.html is a file"),
    ):
        assert cli.main(["train", str(tmp_path / "x.npy"), "--n-latent=2", f"--out={out}"]) == 2
        refused(message, capsys)
    assert [path.name for path in theirs.iterdir()] == ["report.html"]
    assert (theirs / "report.html").read_text() == "mine"


@pytest.mark.parametrize("content", ["", "[]", '{"config": 3}', '{"config": {"seed": 0}}'])
def test_a_mark_that_is_damaged_is_named(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", X)
    out = tmp_path / "out"
    out.mkdir()
    (out / "vaelib.json").write_text(content)
    command = ["train", str(tmp_path / "x.npy"), "--n-latent", "2", "--out", str(out), "--quiet"]
    assert cli.main(command) == 2
    refused("vaelib.json is damaged: give a new folder", capsys)
    assert [path.name for path in out.iterdir()] == ["vaelib.json"]
