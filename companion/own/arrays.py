"""Arrays of NumPy and MATLAB: .npy, .npz, .mat."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import scipy.io
from scipy.io.matlab import MatReadError

from companion.own.found import Found, only, opening
from vaelib.errors import UserError

NUMPY, MATLAB = "a NumPy file", "a MATLAB file"


def read_npy(path: Path, member: str | None) -> Found:
    """The array of a .npy file.

    Raises:
        UserError: if it cannot be read without pickle, or at all.
    """
    if member is not None:
        raise UserError(f"{path} holds one array without a name: leave :{member} out")
    with opening(path, NUMPY), _without_pickle(path):
        return Found(np.load(path, allow_pickle=False), str(path))


def read_npz(path: Path, member: str | None) -> Found:
    """One array of a .npz file.

    Raises:
        UserError: if there are several and none is named, or it cannot be read.
    """
    damages = (zipfile.BadZipFile, zlib.error)
    # Opened here, because NumPy leaves a file open that is no archive.
    with opening(path, NUMPY, *damages), _without_pickle(path), path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds one array, as a .npy file does")
        with archive:
            name = only(path, archive.files, member)
            return Found(archive[name], f"{path}:{name}")


def read_mat(path: Path, member: str | None) -> Found:
    """One array of a MATLAB file, up to its version 7.

    Raises:
        UserError: if there are several and none is named, or it cannot be read.
    """
    damages = (MatReadError, TypeError, LookupError, OverflowError, zlib.error)
    with opening(path, MATLAB, *damages):
        try:
            name = only(path, [name for name, _, _ in scipy.io.whosmat(str(path))], member)
            values = scipy.io.loadmat(str(path), variable_names=[name])[name]
        except NotImplementedError:
            raise UserError(
                f"{path} is of MATLAB's version 7.3, which is HDF5: save it with save(…, '-v7')"
            ) from None
    if not isinstance(values, np.ndarray):
        raise UserError(f"{path}:{name} is sparse: save full({name})")
    return Found(values, f"{path}:{name}")


@contextmanager
def _without_pickle(path: Path) -> Iterator[None]:
    """Within it an array of objects, which only pickle reads, is one sentence."""
    try:
        yield
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise UserError(
            f"{path} holds Python objects and not numbers, or is no NumPy file: save one array of "
            "numbers with numpy.save"
        ) from None
