"""A look at data before anything is trained: what they are, and which likelihood fits them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from companion.own.found import Found, Values, blocks
from companion.own.reading import describe_shape
from companion.wording import number, significant
from vaelib.checks.limits import Positive, checked
from vaelib.errors import UserError
from vaelib.model import DecoderKind

LikelihoodName = Literal["bernoulli", "gaussian"]
# Fewer cannot be parted into some to train on and some to hold out.
FEWEST = 20
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Inspection:
    """What was seen of data, and what follows.

    Attributes:
        n: datapoints.
        shape: of one of them.
        dtype: the type of the numbers, as found.
        low, high: the range, as found.
        n_constant: values of a datapoint that are the same in all datapoints.
        is_binary: whether there are only 0 and 1.
        scale: what all values are divided by; 1 leaves them as they are.
        decoder: the likelihood: Bernoulli, or Gaussian with means in [0, 1] or any.
        lines: all of this in words, for people.
    """

    n: int
    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    n_constant: int
    is_binary: bool
    scale: float
    decoder: DecoderKind
    lines: tuple[str, ...]

    @property
    def n_pixels(self) -> int:
        """The values of one datapoint."""
        return math.prod(self.shape)


@checked
def look_at(
    found: Found,
    *,
    likelihood: LikelihoodName | None = None,
    scale: Positive | None = None,
) -> Inspection:
    """Look at data, and choose how they are modelled; nothing of them is changed.

    A Bernoulli likelihood where all values lie in [0, 1], a Gaussian one elsewhere. Bytes are
    divided by 255, which is said; of other integers nobody knows what they count, so that the
    scale is asked for.

    Args:
        found: as it was read.
        likelihood: which one to take; None for the one that fits.
        scale: what to divide all values by.

    Raises:
        UserError: for data that are no numbers, too few, all equal, not finite, or integers
            without a scale; and for a likelihood that they do not have.
    """
    values = found.values
    _check_form(values, found.source)
    low, high, n_constant, is_binary = _range(values, found.source)
    is_whole = found.whole or values.dtype.kind in "iub"
    chosen = scale
    if chosen is None:
        chosen = _scale(found, low, high) if is_whole and not is_binary else 1.0
    inside = low >= 0 and high <= chosen
    if likelihood == "bernoulli" and not inside:
        raise UserError(
            f"{found.source} has values from {low / chosen:g} to {high / chosen:g}, but a "
            "Bernoulli likelihood takes those in [0, 1]: give a scale that maps them there, or "
            "take likelihood gaussian"
        )
    decoder: DecoderKind = "bernoulli" if likelihood != "gaussian" else "gaussian"
    if not inside:
        decoder = "unbounded gaussian"
    seen = Inspection(
        n=len(values),
        shape=tuple(values.shape[1:]),
        dtype=str(values.dtype.newbyteorder("=")) if not found.whole else "integers of a table",
        low=low,
        high=high,
        n_constant=n_constant,
        is_binary=is_binary,
        scale=float(chosen),
        decoder=decoder,
        lines=(),
    )
    lines = (*_in_words(seen, found.source), *found.notes)
    return Inspection(**{**vars(seen), "lines": lines})


def _check_form(values: Values, source: str) -> None:
    """Look whether these are numbers, and enough datapoints."""
    if values.dtype.kind not in "fiub":
        what = {"c": "complex numbers", "O": "Python objects"}.get(
            values.dtype.kind, f"values of the type {values.dtype}"
        )
        raise UserError(f"{source} holds {what}: give real numbers, one row for each datapoint")
    if values.ndim < 2 or math.prod(values.shape[1:]) == 0:
        raise UserError(
            f"{source} has the shape {values.shape}: give (N, n) or (N, height, width), one row "
            "for each datapoint"
        )
    if len(values) < FEWEST:
        raise UserError(
            f"{source} holds {_datapoints(len(values))}: give at least {FEWEST}, to train on and "
            "to hold out"
        )


def _range(values: Values, source: str) -> tuple[float, float, int, bool]:
    """The smallest and the largest value, how many never change, and whether all are 0 or 1."""
    lowest, highest, is_binary = values[0], values[0], True
    for place in blocks(values):
        block = values[place]
        if block.dtype.kind == "f":
            _check_finite(block, source, place.start)
        lowest = np.minimum(lowest, block.min(axis=0))
        highest = np.maximum(highest, block.max(axis=0))
        is_binary = is_binary and bool(((block == 0) | (block == 1)).all())
    low, high = float(lowest.min()), float(highest.max())
    if low == high:
        raise UserError(f"every value of {source} is {low:g}: there is nothing to learn from it")
    if max(-low, high) > LARGEST:
        raise UserError(
            f"{source} has values from {low:g} to {high:g}, beyond those of float32: scale them"
        )
    return low, high, int((lowest == highest).sum()), is_binary


def _check_finite(block: Values, source: str, begin: int) -> None:
    is_bad = ~np.isfinite(block.reshape(len(block), -1))
    if is_bad.any():
        row = begin + int(is_bad.any(axis=1).argmax())
        raise UserError(
            f"{source} has values that are NaN or infinite, first in datapoint {row} (from 0): "
            "fill them, or leave such datapoints out"
        )


def _scale(found: Found, low: float, high: float) -> float:
    """What integers are divided by: 255 for bytes; of others it has to be said."""
    if found.values.dtype == np.uint8:
        return 255.0
    beyond = "; bytes end at 255" if high > 255 else ""
    raise UserError(
        f"{found.source} holds integers from {low:g} to {high:g}{beyond}: say by scale what they "
        f"are divided by, 255 for bytes, {max(high, 1):g} to end at 1, 1 to take them as they are"
    )


def _in_words(seen: Inspection, source: str) -> list[str]:
    """What was seen, line by line."""
    lines = [
        f"{source}: {_datapoints(seen.n)} of {describe_shape(seen.shape)}, {seen.dtype} from "
        f"{significant(seen.low, 6)} to {significant(seen.high, 6)}, none missing"
    ]
    if seen.n_constant:
        lines.append(
            f"{number(seen.n_constant)} of {number(seen.n_pixels)} values are the same in every "
            "datapoint"
        )
    if seen.scale != 1:
        lines.append(f"every value is divided by {seen.scale:g}")
        if seen.high < seen.scale / 2 and seen.low >= 0:
            lines.append(
                f"the largest is then {significant(seen.high / seen.scale)}; a scale of "
                f"{seen.high:g} would make it 1"
            )
    why = "0 and 1 alone" if seen.is_binary else "in [0, 1]"
    lines.append(
        {
            "bernoulli": f"likelihood: Bernoulli, for values {why}",
            "gaussian": "likelihood: Gaussian, with means in [0, 1], as asked for",
            "unbounded gaussian": "likelihood: Gaussian, for values that leave [0, 1]",
        }[seen.decoder]
    )
    if seen.decoder != "bernoulli" and seen.n_constant:
        lines.append(
            "a Gaussian of values that never change has no largest likelihood: leave them out"
        )
    largest = max(-seen.low, seen.high) / seen.scale
    if seen.decoder == "unbounded gaussian" and largest > 10:
        lines.append(
            f"values as large as {significant(largest)} train slowly: standardise them first"
        )
    return lines


def _datapoints(n: int) -> str:
    return f"{number(n)} datapoint{'' if n == 1 else 's'}"
