"""MNIST and Frey Face as tensors, with fixed splits, and stand-ins where they cannot be had."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, cast

import numpy as np
import scipy.io
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaelib.checks.limits import Count, Whole, checked, whole_rule
from vaelib.checks.tensors import check_floats, on_cpu
from vaelib.datasets import sources, standins
from vaelib.datasets.availability import absence, locate
from vaelib.datasets.standins import StandInWarning
from vaelib.errors import UserError
from vaelib.files import AnyPath
from vaelib.model import DecoderKind
from vaelib.networks import check_intensities
from vaelib.randomness import generator

Pixels = Literal["grey", "binarised", "dynamic"]
Split = Literal["shuffled", "in order"]
Bytes = NDArray[np.uint8]
ByteScale = Annotated[int, whole_rule(255)]  # that keeps intensities in [0, 1]

MNIST_TRAIN = 50_000
FACES_TRAIN = 1_500


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split into training and test points.

    Attributes:
        name: what the data are: "mnist", "frey_face", or a stand-in's own name.
        requested: what was asked for.
        train, test: `(N, n_pixels)` float32 in [0, 1].
        train_labels, test_labels: `(N,)` int64; None for faces, which have none.
        image_shape: rows and columns.
        decoder: the likelihood that section 5 uses for it.
        pixels: "grey", "binarised" or "dynamic".
        sha256: of the content of the files, before the split and whatever the pixels.
        source: where it came from, for people.
        stand_in: whether it takes the place of data that cannot be had.
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


class _Points(NamedTuple):
    train: Bytes
    test: Bytes
    train_labels: Bytes | None = None
    test_labels: Bytes | None = None


@checked
def load(
    name: str,
    *,
    pixels: Pixels = "grey",
    n_train: Count | None = None,
    seed: Whole = 0,
    split: Split = "shuffled",
    face_scale: ByteScale = 256,
    root: AnyPath | None = None,
) -> Dataset:
    """Load a data set from `$VAELIB_DATA`, `data/raw/` or the public mirrors, in this order.

    MNIST: bytes over 255, so that intensities fill [0, 1]. The first 50000 training images, as
    in section 5, and the 10000 test images; the last 10000 training images are not used.

    Frey Face: bytes over 256, as in the authors' code. The paper names no split. By default the
    1965 frames are shuffled by a fixed permutation, with 1500 for training and 465 for testing.
    The frames are a film, so that test frames have near twins among the training frames. "in
    order" takes the first 1500 and the last 465, and asks for expressions that were never seen:
    there the test bound lies below the training bound from the start and soon falls, while in
    Fig. 2 it keeps up for millions of samples. So Fig. 2 was shuffled. The authors' later code
    shuffles, too (dpkingma/nips14-ssl, run_gpulearn_z_x.py, 1600 and 365).

    Where the files cannot be had, a stand-in takes their place, with its own name and a
    StandInWarning: "mnist_5k", 4000 and 1000 digits out of MNIST's training set, or
    "cartoon_face", split like Frey Face. A stand-in asked for by its own name does not warn.

    Args:
        name: "mnist" or "frey_face", or a stand-in.
        pixels: "grey"; "binarised", where every pixel is drawn once, from a Bernoulli with its
            intensity; or "dynamic", where the tensors stay grey and the training loop draws
            each minibatch anew with `binarise`. Faces are grey: their decoder is Gaussian.
        n_train: the number of training points, from the start of the training set; None for
            all. A stand-in gives all that it has where that is less.
        seed: of the binarisation.
        split: of faces: "shuffled" or "in order".
        face_scale: what the bytes of faces are divided by.
        root: the folder that holds data/raw; the project by default.

    Raises:
        UserError: for an unknown name, kind of pixels or split, an n_train that is not there, a
            file that is damaged or is another file, and as `locate`.
    """
    status = locate(name, root=root)
    faces = status.name in ("frey_face", "cartoon_face")
    if faces and pixels != "grey":
        raise UserError(
            f"pixels={pixels!r} does not suit {name}, which is not black and white: use 'grey'"
        )
    if not faces and split != "shuffled":
        raise UserError(f"split={split!r} is for faces only: leave it out for {name}")
    if status.name != name:
        # A damaged file must not be passed over because another one is missing.
        sources.verify(name, root)
        warnings.warn(
            f"{name} is {absence(name, root)}, and is replaced by the stand-in {status.name} "
            f"({status.source}); for the real data, {sources.remedy(name, root)}",
            StandInWarning,
            stacklevel=3,  # past `checked`
        )
    points, sha256 = _READERS[status.name](split, root)
    available = len(points.train)
    if n_train is not None and n_train > available and not status.stand_in:
        raise UserError(
            f"n_train={n_train} is not possible: {status.name} has {available} training points"
        )
    scale = face_scale if faces else 255
    train, test = points.train, points.test
    if pixels == "binarised":
        # All are drawn before any is left out: a point's pixels depend on the seed alone.
        x = binarise(_intensities(train, scale), generator(seed, "binarise", "train"))[:n_train]
        x_test = binarise(_intensities(test, scale), generator(seed, "binarise", "test"))
    else:
        x, x_test = _intensities(train[:n_train], scale), _intensities(test, scale)
    return Dataset(
        name=status.name,
        requested=name,
        train=x,
        test=x_test,
        train_labels=_labels(points.train_labels, n_train),
        test_labels=_labels(points.test_labels),
        image_shape=(28, 20) if faces else (28, 28),
        decoder="gaussian" if faces else "bernoulli",
        pixels=pixels,
        sha256=sha256,
        source=status.source,
        stand_in=status.stand_in,
    )


def binarise(x: Tensor, generator: torch.Generator) -> Tensor:
    """Draw each pixel from a Bernoulli whose probability is its intensity; same shape and dtype.

    For `pixels="dynamic"`, the training loop calls it on every minibatch.

    Raises:
        UserError: if x does not hold floating-point numbers; on a CPU also if one lies outside
            [0, 1].
    """
    check_floats(x)
    if on_cpu(x) and x.numel() > 0:
        check_intensities(x)
    return torch.bernoulli(x, generator=generator)


def _intensities(images: Bytes, scale: int) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / np.float32(scale))


def _labels(labels: Bytes | None, n: int | None = None) -> Tensor | None:
    return None if labels is None else torch.from_numpy(labels[:n].astype(np.int64))


def _payloads(name: str, root: AnyPath | None) -> tuple[list[bytes], str]:
    paths = sources.find(name, root)
    if paths is None:
        raise UserError(f"files of {name} vanished while they were read: run `vaelib data`")
    return [sources.read_verified(file, path) for file, path in paths.items()], sources.SOURCES[
        name
    ].sha256


def _read_mnist(split: Split, root: AnyPath | None) -> tuple[_Points, str]:
    (images, labels, test_images, test_labels), sha256 = _payloads("mnist", root)
    # IDX: four bytes of magic number, then four for each dimension.
    train = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784)
    test = np.frombuffer(test_images, np.uint8, offset=16).reshape(-1, 784)
    train_labels, last = (np.frombuffer(part, np.uint8, offset=8) for part in (labels, test_labels))
    return _Points(train[:MNIST_TRAIN], test, train_labels[:MNIST_TRAIN], last), sha256


def _read_mnist_5k(split: Split, root: AnyPath | None) -> tuple[_Points, str]:
    return _Points(*standins.mnist_5k()), standins.SHA256["mnist_5k"]


def _read_frey_face(split: Split, root: AnyPath | None) -> tuple[_Points, str]:
    (content,), sha256 = _payloads("frey_face", root)
    # The stubs of loadmat know names of files only; it reads open files as well.
    faces: Bytes = scipy.io.loadmat(cast(str, io.BytesIO(content)))["ff"].T
    return _split_faces(faces, split), sha256


def _read_cartoon_face(split: Split, root: AnyPath | None) -> tuple[_Points, str]:
    faces = standins.cartoon_face()
    return _split_faces(faces, split), hashlib.sha256(faces.tobytes()).hexdigest()


def _split_faces(faces: Bytes, split: Split) -> _Points:
    if split == "shuffled":
        faces = faces[torch.randperm(len(faces), generator=generator(0, "frey split")).numpy()]
    return _Points(faces[:FACES_TRAIN], faces[FACES_TRAIN:])


_READERS: dict[str, Callable[[Split, AnyPath | None], tuple[_Points, str]]] = {
    "mnist": _read_mnist,
    "mnist_5k": _read_mnist_5k,
    "frey_face": _read_frey_face,
    "cartoon_face": _read_cartoon_face,
}
