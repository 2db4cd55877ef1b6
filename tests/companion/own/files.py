"""Small files of every kind that can be read, all of the same datapoints."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.io
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]


def images(n: int = 60, height: int = 4, width: int = 3) -> Bytes:
    """Grey images with a bright bar, here or there."""
    numbers = np.random.Generator(np.random.PCG64(0))
    found = numbers.integers(0, 60, (n, height, width), dtype=np.uint8)
    found[np.arange(n), numbers.integers(0, height, n)] = 250
    found[0, 0, 0], found[1, 0, 0] = 255, 0
    return found


def idx(values: Bytes, kind: int = 8) -> bytes:
    """What an IDX file holds, by its definition."""
    head = bytes([0, 0, kind, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.tobytes()


def write_idx(path: Path, values: Bytes) -> Path:
    content = idx(values)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def write_pictures(folder: Path, values: Bytes, suffix: str = "png") -> Path:
    """One file for each, in the order of their names."""
    folder.mkdir(parents=True)
    for place, image in enumerate(values):
        Image.fromarray(image).save(folder / f"{place:04}.{suffix}")
    return folder


def write_every_kind(folder: Path, values: Bytes) -> dict[str, str]:
    """The same images in files of all kinds but tables and JPEG; what to give for each."""
    np.save(folder / "a.npy", values)
    np.savez(folder / "one.npz", x=values)
    np.savez_compressed(folder / "two.npz", x=values, labels=np.arange(len(values)))
    scipy.io.savemat(folder / "one.mat", {"x": values})
    scipy.io.savemat(folder / "two.mat", {"x": values, "y": values[0]})
    write_idx(folder / "train-images-idx3-ubyte", values)
    write_idx(folder / "train-images-idx3-ubyte.gz", values)
    write_idx(folder / "pixels", values)
    write_pictures(folder / "pictures", values)
    return {
        "npy": str(folder / "a.npy"),
        "npz": str(folder / "one.npz"),
        "npz of two": f"{folder / 'two.npz'}:x",
        "mat": str(folder / "one.mat"),
        "mat of two": f"{folder / 'two.mat'}:x",
        "idx": str(folder / "train-images-idx3-ubyte"),
        "idx.gz": str(folder / "train-images-idx3-ubyte.gz"),
        "idx by its beginning": str(folder / "pixels"),
        "png": str(folder / "pictures"),
    }


def write_csv(path: Path, values: NDArray[np.generic], *, header: bool = True) -> Path:
    table = pd.DataFrame(values, columns=[f"c{n}" for n in range(values.shape[1])])
    table.to_csv(path, index=False, header=header)
    return path
