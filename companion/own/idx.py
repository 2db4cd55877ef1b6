"""IDX, the files of MNIST and of its relatives: EMNIST, Fashion-MNIST, KMNIST."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from companion.own.found import Found, opening
from vaelib.errors import UserError

IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
GZIP = b"\x1f\x8b"
EMNIST = re.compile(r"(?<![a-z])emnist", re.IGNORECASE)


def is_idx(path: Path) -> bool:
    """Whether a file begins as IDX does, packed or not."""
    try:
        with _open(path) as file:
            start = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in IDX_TYPES


def read_idx(path: Path, member: str | None) -> Found:
    """The array of an IDX file: two zeros, a type, the number of dimensions, sizes, values.

    The images of EMNIST lie on their sides in its files; they are set upright.

    Raises:
        UserError: if it is damaged or cut short, or holds labels.
    """
    if member is not None:
        raise UserError(f"{path} holds one array without a name: leave :{member} out")
    with opening(path, "an IDX file", zlib.error):
        with _open(path) as file:
            content = file.read()
        if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
            raise ValueError("it does not begin as IDX does")
        kind, dimensions = np.dtype(IDX_TYPES[content[2]]), content[3]
        start = 4 + 4 * dimensions
        shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
        promised = start + math.prod(shape) * kind.itemsize
        if len(shape) != dimensions or len(content) != promised:
            raise ValueError(f"{len(content)} bytes in the place of {promised}")
        values = np.frombuffer(content, kind, offset=start).reshape(shape)
    if dimensions < 2:
        raise UserError(
            f"{path} holds one number for each datapoint, as files of labels do: give the file of "
            "the images"
        )
    notes: tuple[str, ...] = ()
    if dimensions == 3 and EMNIST.search(path.name):
        values = values.swapaxes(1, 2)
        notes = ("EMNIST's images lie on their sides in its files: rows and columns are exchanged",)
    return Found(values, str(path), notes)


def _open(path: Path) -> IO[bytes]:
    """The file, unpacked where it is packed."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")
