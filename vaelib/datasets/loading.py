"""MNIST and Frey Face as tensors, with fixed splits, and stand-ins where they cannot be had."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Annotated, Literal, cast

import numpy as np
import scipy.io
import torch
from torch import Tensor

from vaelib.checks.limits import Count, Whole, checked, whole_rule
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_floats, on_cpu
from vaelib.datasets import sources, standins
from vaelib.datasets.availability import absence, locate
from vaelib.datasets.standins import Bytes, Images, StandInWarning
from vaelib.errors import UserError
from vaelib.files import AnyPath
from vaelib.model import DecoderKind
from vaelib.networks import check_intensities
from vaelib.randomness import generator

Pixels = Literal["grey", "binarised", "dynamic"]
Split = Literal["shuffled", "in order"]
ByteScale = Annotated[int, whole_rule(255)]  # that keeps intensities in [0, 1]

MNIST_TRAIN = 50_000
FACES_TRAIN = 1_500


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split into training and test points."""

    name: str  # what the data are: "mnist", "frey_face", or a stand-in's own name
    requested: str  # what was asked for
    train: Tensor  # (N, n_pixels), float32 in [0, 1]
    test: Tensor
    train_labels: Tensor | None  # (N,), int64; None for faces, which have none
    test_labels: Tensor | None
    image_shape: tuple[int, int]  # rows and columns
    decoder: DecoderKind  # the likelihood that section 5 uses for it
    pixels: Pixels
    sha256: str  # of the content of the files, before the split and whatever the pixels
    source: str  # where it came from, for people
    stand_in: bool  # whether it takes the place of data that cannot be had


@checked
def load(
    name: str,
    *,
    pixels: Pixels = "grey",
    n_train: Count | None = None,
    seed: Whole = 0,
    split: Split = "shuffled",
    face_scale: ByteScale = 256,
    mnist_scale: ByteScale = 255,
    root: AnyPath | None = None,
) -> Dataset:
    """Load a data set from `$VAELIB_DATA`, `data/raw/` or the public mirrors, in this order.

    MNIST: bytes over 255, so that intensities fill [0, 1]; the file that was usual at the paper's
    time has them over 256. The first 50000 training images, as
    in section 5, and the 10000 test images; the last 10000 training images are not used.

    Frey Face: bytes over 256, as in the authors' code. The paper names no split. The 1965 frames
    are a film, so that those of a shuffled test set have near twins among the training frames;
    "in order" asks for expressions that were never seen, and its test bound soon falls, while in
    Fig. 2 it keeps up for millions of samples. So Fig. 2 was shuffled, as the authors' later code
    does (dpkingma/nips14-ssl, run_gpulearn_z_x.py, 1600 and 365).

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
        split: of faces, 1500 and 465: by a fixed permutation, or the first and the last.
        face_scale, mnist_scale: what the bytes of faces and of digits are divided by.
        root: the folder that holds data/raw; the project by default.

    Raises:
        UserError: for settings that the data do not have, a file that is damaged or is another
            file, and as `locate`.

    >>> faces = load("cartoon_face")
    >>> faces.train.shape, faces.test.shape, faces.image_shape
    (torch.Size([1500, 560]), torch.Size([465, 560]), (28, 20))
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
    images, sha256 = _read(status.name, split, root)
    available = len(images.train)
    if n_train is not None and n_train > available and not status.stand_in:
        raise UserError(
            f"n_train={n_train} is not possible: {status.name} has {available} training points"
        )
    scale = face_scale if faces else mnist_scale
    train, test = images.train, images.test
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
        train_labels=_labels(images.train_labels, n_train),
        test_labels=_labels(images.test_labels),
        image_shape=(28, 20) if faces else (28, 28),
        decoder="gaussian" if faces else "bernoulli",
        pixels=pixels,
        sha256=sha256,
        source=status.source,
        stand_in=status.stand_in,
    )


def binarise(
    x: Float[Tensor, "*batch n_pixels"], generator: torch.Generator
) -> Float[Tensor, "*batch n_pixels"]:
    """Draw each pixel from a Bernoulli whose probability is its intensity.

    For `pixels="dynamic"`, the training loop calls it on every minibatch.

    Raises:
        UserError: if x does not hold floats; on a CPU also if one lies outside [0, 1].

    >>> binarise(torch.tensor([[0.0, 1.0, 0.0]]), generator(0))
    tensor([[0., 1., 0.]])
    """
    check_floats(x)
    if on_cpu(x) and x.numel() > 0:
        check_intensities(x)
    return torch.bernoulli(x, generator=generator)


def _intensities(images: Bytes, scale: int) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / np.float32(scale))


def _labels(labels: Bytes | None, n: int | None = None) -> Tensor | None:
    return None if labels is None else torch.from_numpy(labels[:n].astype(np.int64))


def _read(name: str, split: Split, root: AnyPath | None) -> tuple[Images, str]:
    """The split images of a data set, and the sha256 of its content."""
    if name == "mnist_5k":
        return standins.mnist_5k(), standins.SHA256[name]
    if name == "cartoon_face":
        faces = standins.cartoon_face()
        return _split_faces(faces, split), hashlib.sha256(faces.tobytes()).hexdigest()
    paths = sources.find(name, root)
    if paths is None:
        raise UserError(f"files of {name} vanished while they were read: run `vaelib data`")
    contents = [sources.read_verified(file, path) for file, path in paths.items()]
    if name == "frey_face":
        # The stubs of loadmat know names of files only; it reads open files as well.
        faces = scipy.io.loadmat(cast(str, io.BytesIO(contents[0])))["ff"].T
        return _split_faces(faces, split), sources.SOURCES[name].sha256
    # IDX: four bytes of magic number, then four for each dimension.
    train, test = (np.frombuffer(c, np.uint8, offset=16).reshape(-1, 784) for c in contents[::2])
    labels, test_labels = (np.frombuffer(c, np.uint8, offset=8) for c in contents[1::2])
    images = Images(train[:MNIST_TRAIN], test, labels[:MNIST_TRAIN], test_labels)
    return images, sources.SOURCES[name].sha256


def _split_faces(faces: Bytes, split: Split) -> Images:
    if split == "shuffled":
        faces = faces[torch.randperm(len(faces), generator=generator(0, "frey split")).numpy()]
    return Images(faces[:FACES_TRAIN], faces[FACES_TRAIN:])
