"""MNIST and Frey Face as tensors, with fixed splits, and stand-ins where they cannot be had."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np
import scipy.io
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaelib import sources, standins
from vaelib.errors import UserError
from vaelib.model import DecoderKind
from vaelib.randomness import generator

Pixels = Literal["grey", "binarised", "dynamic"]
Bytes = NDArray[np.uint8]

STAND_INS = {"mnist": "mnist_5k", "frey_face": "cartoon_face"}
# Images in order of the files; MNIST's last 10000 training images serve no purpose here.
MNIST_TRAIN = 50_000
FREY_TRAIN = 1_500


class StandInWarning(UserWarning):
    """The real data could not be had, and something else is in its place."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split.

    Attributes:
        name: what the data are: "mnist", "frey_face", or a stand-in's own name.
        requested: what was asked for.
        train, test: `(N, n_pixels)` float32 in [0, 1].
        train_labels, test_labels: `(N,)` int64, or None where there are none.
        image_shape: rows and columns.
        decoder: the likelihood that section 5 uses for it.
        pixels: "grey", "binarised" or "dynamic".
        sha256: of the payloads of all its files; of the pixels for a stand-in.
        source: where it came from, for people.
        stand_in: whether it takes the place of data that could not be had.
    """

    name: str
    requested: str
    train: Tensor
    test: Tensor
    train_labels: Tensor | None
    test_labels: Tensor | None
    image_shape: tuple[int, int]
    decoder: DecoderKind
    pixels: Pixels
    sha256: str
    source: str
    stand_in: bool


class Status(NamedTuple):
    """What is known of a data set without loading it into a run.

    Attributes:
        name, requested, stand_in: as in Dataset.
        sha256: of the payloads that the files should have; of a stand-in, its name.
        source: the folder of its files, or the stand-in's description.
        detail: one line for the console.
    """

    name: str
    requested: str
    stand_in: bool
    source: str
    detail: str
    sha256: str


class _Raw(NamedTuple):
    train: Bytes
    test: Bytes
    train_labels: Bytes | None
    test_labels: Bytes | None
    scale: float
    sha256: str


def locate(name: str, *, download: bool = True) -> Status:
    """Where the data set would come from; nothing is read or verified.

    Args:
        name: "mnist" or "frey_face".
        download: ask the mirrors if the files are nowhere, unless they failed within the hour.

    Raises:
        UserError: for an unknown name.
    """
    check_name(name)
    paths = _find(name)
    if paths is None and download and not sources.offline():
        source = sources.SOURCES[name]
        sources.download(source, source.files, sources.raw_folder())
        paths = _find(name)
    if paths is None:
        stand_in = STAND_INS[name]
        what = standins.DESCRIPTIONS[stand_in]
        detail = f"stand-in: {what}; put the real files in {sources.raw_folder()}"
        return Status(stand_in, name, True, what, detail, stand_in)
    folder = str(next(iter(paths.values())).parent)
    return Status(name, name, False, folder, f"real, in {folder}", sources.SOURCES[name].sha256)


def check() -> list[Status]:
    """Report on both data sets and verify files that are there; nothing is fetched or written.

    Raises:
        UserError: if a file is damaged.
    """
    return [_verified(locate(name, download=False)) for name in sources.SOURCES]


def obtain(*, progress: bool = True) -> list[Status]:
    """Fetch what is missing, verify all files, and report.

    Raises:
        UserError: if a file is damaged.
    """
    return [_verified(locate(name)) for name in sources.SOURCES]


def _verified(status: Status) -> Status:
    for file, path in (_find(status.requested) or {}).items():
        sources.read(file, path)
    return status if status.stand_in else status._replace(detail=f"{status.detail}, verified")


def load(
    name: str, *, pixels: Pixels = "grey", n_train: int | None = None, seed: int = 0
) -> Dataset:
    """Load a data set from `$VAELIB_DATA`, `data/raw/` or the public mirrors, in this order.

    MNIST: intensities over 255; the first 50000 training images and the 10000 test images. Frey
    Face: intensities over 256, as in the authors' code; the 1965 frames are shuffled once, by a
    fixed permutation, and the first 1500 are for training. The paper names no split; see the
    chapter on the lower bound for what speaks for this one.

    Where the files cannot be had, a stand-in of another name comes with a StandInWarning. It may
    be smaller: then a larger `n_train` than it has is cut.

    Args:
        name: "mnist" or "frey_face".
        pixels: "grey" as in the authors' code; "binarised" draws every pixel once, by seed;
            "dynamic" leaves them grey, for `binarise` to draw them anew in every minibatch.
        n_train: training points, from the start of the training set; None for all.
        seed: of the binarisation.

    Raises:
        UserError: for an unknown name or kind of pixels, an n_train that is not there, or a
            damaged file.
    """
    if pixels not in ("grey", "binarised", "dynamic"):
        raise UserError(f"pixels {pixels!r} is not known: use 'grey', 'binarised' or 'dynamic'")
    if name == "frey_face" and pixels != "grey":
        raise UserError(f"pixels {pixels!r} is for MNIST: Frey Face has a Gaussian decoder")
    status = locate(name)
    if status.stand_in:
        warnings.warn(
            f"{name} could not be had, and {status.source} takes its place: put the real files "
            f"in {sources.raw_folder()}, or set VAELIB_DATA to their folder",
            StandInWarning,
            stacklevel=2,
        )
    raw = READERS[status.name]()
    available = len(raw.train)
    if n_train is not None and (n_train < 1 or (n_train > available and not status.stand_in)):
        raise UserError(f"n_train is {n_train}, but {name} has 1 to {available} training points")
    keep = min(n_train or available, available)
    train = _to_tensor(raw.train[:keep], raw.scale)
    test = _to_tensor(raw.test, raw.scale)
    if pixels == "binarised":
        train = binarise(train, generator(seed, "binarise", "train"))
        test = binarise(test, generator(seed, "binarise", "test"))
    is_mnist = name == "mnist"
    return Dataset(
        name=status.name,
        requested=name,
        train=train,
        test=test,
        train_labels=None if raw.train_labels is None else _labels(raw.train_labels[:keep]),
        test_labels=None if raw.test_labels is None else _labels(raw.test_labels),
        image_shape=(28, 28) if is_mnist else (28, 20),
        decoder="bernoulli" if is_mnist else "gaussian",
        pixels=pixels,
        sha256=raw.sha256,
        source=status.source,
        stand_in=status.stand_in,
    )


def binarise(x: Tensor, generator: torch.Generator) -> Tensor:
    """Draw each pixel from a Bernoulli whose probability is its grey value."""
    return torch.bernoulli(x, generator=generator)


def check_name(name: str) -> None:
    """Raise a UserError unless `name` is a data set of the paper."""
    if name not in sources.SOURCES:
        raise UserError(f"dataset {name!r} is not known: use one of {', '.join(sources.SOURCES)}")


def _find(name: str) -> dict[sources.DataFile, Path] | None:
    places = sources.folders()
    paths = {file: sources.find(file, places) for file in sources.SOURCES[name].files}
    found = {file: path for file, path in paths.items() if path is not None}
    return found if len(found) == len(paths) else None


def _to_tensor(pixels: Bytes, scale: float) -> Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / np.float32(scale))


def _labels(labels: Bytes) -> Tensor:
    return torch.from_numpy(labels.astype(np.int64))


def _payloads(name: str) -> tuple[list[bytes], str]:
    paths = _find(name)
    if paths is None:
        raise UserError(f"the files of {name} are gone: run `vaelib data`")
    content = [sources.read(file, path) for file, path in paths.items()]
    together = hashlib.sha256("".join(file.sha256 for file in paths).encode()).hexdigest()
    return content, together


def _read_mnist() -> _Raw:
    payloads, sha256 = _payloads("mnist")
    # IDX: 4 bytes of magic number, then 4 for each dimension; images have three, labels one.
    images, labels, test_images, test_labels = (
        np.frombuffer(payload, np.uint8, offset=offset)
        for payload, offset in zip(payloads, (16, 8, 16, 8), strict=True)
    )
    train = images.reshape(-1, 784)[:MNIST_TRAIN]
    return _Raw(
        train, test_images.reshape(-1, 784), labels[:MNIST_TRAIN], test_labels, 255.0, sha256
    )


def _read_frey_face() -> _Raw:
    (payload,), sha256 = _payloads("frey_face")
    # One face a column.
    # The stubs of loadmat know file names only; it reads open files as well.
    faces: Bytes = scipy.io.loadmat(cast(str, io.BytesIO(payload)))["ff"].T
    return _split_faces(faces, sha256)


def _split_faces(faces: Bytes, sha256: str) -> _Raw:
    order = torch.randperm(len(faces), generator=generator(0, "frey split")).numpy()
    shuffled = faces[order]
    return _Raw(shuffled[:FREY_TRAIN], shuffled[FREY_TRAIN:], None, None, 256.0, sha256)


def _read_mnist_5k() -> _Raw:
    images, labels = standins.mnist_5k()
    # The last fifth of each class for testing; the file is sorted by class.
    test = np.concatenate([np.flatnonzero(labels == digit)[-100:] for digit in range(10)])
    train = np.setdiff1d(np.arange(len(labels)), test)
    # Classes interleaved, so that the first n are of every class.
    train = train.reshape(10, -1).T.flatten()
    sha256 = hashlib.sha256(images.tobytes()).hexdigest()
    return _Raw(images[train], images[test], labels[train], labels[test], 255.0, sha256)


def _read_cartoon_face() -> _Raw:
    faces = standins.cartoon_faces()
    return _split_faces(faces, hashlib.sha256(faces.tobytes()).hexdigest())


READERS: dict[str, Callable[[], _Raw]] = {
    "mnist": _read_mnist,
    "frey_face": _read_frey_face,
    "mnist_5k": _read_mnist_5k,
    "cartoon_face": _read_cartoon_face,
}
