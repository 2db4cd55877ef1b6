"""From what a user has, a file, a folder or an array, to datapoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from companion.own.arrays import read_mat, read_npy, read_npz
from companion.own.found import Found, Values
from companion.own.idx import is_idx, read_idx
from companion.own.pictures import is_picture, read_pictures
from companion.own.tables import read_csv, read_parquet
from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path

READERS: dict[str, Callable[[Path, str | None], Found]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".mat": read_mat,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
}
KNOWN = ".npy, .npz, .mat, .csv, .parquet, IDX (also .gz), or a folder of PNG or JPEG images"


def read_own(data: AnyPath | Values | Tensor) -> Found:
    """The datapoints of a file, of a folder of images, or an array or tensor itself.

    Args:
        data: a path; for one array of several, `FILE:NAME`. Of an array the first dimension counts
            the datapoints.

    Raises:
        UserError: if it cannot be read, with one sentence on why.
    """
    if isinstance(data, Tensor):
        data = data.detach().cpu().numpy()
    if isinstance(data, np.ndarray):
        if isinstance(data, np.ma.MaskedArray):
            raise UserError("data is a masked array: fill what is hidden, as .filled(0) does")
        return Found(data, "an array", fresh=False)
    path, member = _parted(as_path(data, "FILE"))
    if path.is_dir():
        if path.suffix.lower() in READERS:
            raise UserError(f"{path} is a folder, though its name is a file's: give the file in it")
        if member is not None:
            raise UserError(f"{path} is a folder of images: leave :{member} out")
        return read_pictures(path)
    if not path.is_file():
        raise UserError(f"{path} is not there: give a file or a folder of data")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty: give a file with datapoints")
    reader = READERS.get(path.suffix.lower()) or (read_idx if is_idx(path) else None)
    if reader is not None:
        return reader(path, member)
    if is_picture(path):
        raise UserError(f"{path} is one image: give the folder that holds all of them")
    if ".gz" in path.suffixes or "idx" in path.name.lower():
        return read_idx(path, member)
    raise UserError(f"{path} is of no kind that is known: give {KNOWN}")


def _parted(path: Path) -> tuple[Path, str | None]:
    """A path, and the name of one array in it: `faces.mat:ff`; a colon may also be the path's."""
    place, colon, member = str(path).rpartition(":")
    if colon and not path.exists() and Path(place).exists():
        return Path(place), member
    return path, None


def describe_shape(shape: tuple[int, ...]) -> str:
    """The shape of a datapoint in words: "28 × 20", "32 × 32 × 3", "12 values"."""
    return " × ".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} values"


def stem_of(data: Any) -> str:
    """What data are called, as a name may have it: letters, digits and _."""
    if not isinstance(data, str | Path):
        return "data"
    name = _parted(Path(data))[0].name.split(".")[0]
    return "".join(sign if sign.isalnum() or sign == "_" else "_" for sign in name) or "data"
