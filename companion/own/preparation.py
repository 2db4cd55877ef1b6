"""From datapoints as found to a data set that a run can be trained on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from companion.own.found import Found, blocks
from companion.own.inspection import Inspection
from companion.runs.underway import MOST_EVALUATED
from vaelib.checks.limits import Count, checked
from vaelib.datasets import Dataset
from vaelib.errors import UserError
from vaelib.randomness import generator

HELD_OUT = 0.1
MOST_HELD_OUT = 10_000


@checked
def arranged(
    found: Found, *, image_shape: Sequence[Count] | None = None, columns: bool = False
) -> Found:
    """The datapoints one after another, and each in the shape that it has.

    Args:
        found: as it was read.
        image_shape: rows and columns, and channels if there are several, of what lies flat.
        columns: whether the last dimension counts the datapoints, as in MATLAB.

    Raises:
        UserError: if a datapoint has not so many values.
    """
    values, notes = found.values, found.notes
    if columns and values.ndim > 1:
        values = np.moveaxis(values, -1, 0)
        notes = (*notes, "the last dimension counts the datapoints, as asked for")
    if image_shape is not None:
        if values.ndim < 2 or math.prod(values.shape[1:]) != math.prod(image_shape):
            raise UserError(
                f"{found.source} has the shape {values.shape}, and its datapoints are no images of "
                f"{' × '.join(map(str, image_shape))}: give the shape of one of them"
            )
        values = values.reshape(len(values), *image_shape)
    return found._replace(values=values, notes=notes)


def to_dataset(found: Found, seen: Inspection, name: str) -> Dataset:
    """Floats, divided by the scale, of which a random tenth, at most 10 000, is held out.

    The name of the data set holds a checksum of its content, so that a run on other data is
    another run. At most one array of floats is made, and none where there is one already.

    Args:
        found: as it was read; an array of float32 that nobody else holds is changed in place.
        seen: what `look_at` said of it.
        name: what the data are called.
    """
    x = _floats(found, seen)
    digest = hashlib.sha256(f"{x.shape} {seen.shape} {seen.decoder}".encode())
    digest.update(x.view(np.uint8).data)
    sha256 = digest.hexdigest()
    n_test = min(max(2, round(HELD_OUT * len(x))), MOST_HELD_OUT)
    _shuffle_ends(x, n_test)
    tensor = torch.from_numpy(x)
    train, test = tensor[:-n_test], tensor[-n_test:]
    rows, *rest = seen.shape if len(seen.shape) > 1 else (1, *seen.shape)
    return Dataset(
        name=f"{name}_{sha256[:8]}",
        requested=name,
        train=train,
        test=test,
        train_labels=None,
        test_labels=None,
        image_shape=(rows, math.prod(rest)),
        decoder=seen.decoder,
        pixels="grey",
        sha256=sha256,
        source=found.source,
        stand_in=False,
    )


def _floats(found: Found, seen: Inspection) -> NDArray[np.float32]:
    """All values as float32, `(N, n_pixels)`, divided by the scale."""
    values = found.values
    flags = values.flags
    if found.fresh and values.dtype == np.float32 and flags.c_contiguous and flags.writeable:
        x = values.reshape(len(values), -1)
    else:
        x = np.empty((len(values), seen.n_pixels), np.float32)
        for place in blocks(values):
            block = values[place]
            x[place] = block.reshape(len(block), -1)
    if seen.scale != 1:
        x /= np.float32(seen.scale)
    return x


def _shuffle_ends(x: NDArray[np.float32], n_test: int) -> None:
    """Make the last rows, and the first of the others, a random choice; files are often sorted.

    In place, and no further than is looked at: a shuffled copy would be a second array.
    """
    numbers = generator(0, "own split")
    n_train = len(x) - n_test
    n_head = min(n_train, MOST_EVALUATED)
    last = np.arange(len(x) - 1, n_train - 1, -1)
    for place, other in zip(last.tolist(), _below(last + 1, numbers), strict=True):
        x[[place, other]] = x[[other, place]]
    for place, other in enumerate(_below(n_train - np.arange(n_head), numbers)):
        x[[place, place + other]] = x[[place + other, place]]


def _below(limits: NDArray[np.int64], numbers: torch.Generator) -> list[int]:
    """For each limit a whole number below it, drawn from all of them alike."""
    drawn: Tensor = torch.rand(len(limits), generator=numbers, dtype=torch.float64)
    found: list[int] = (drawn * torch.from_numpy(limits)).long().tolist()
    return found
