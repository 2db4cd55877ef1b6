"""What a file holds, and the sentence for one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from vaelib.errors import UserError

Values = NDArray[Any]
# Rows that are treated at once where a whole array of temporary numbers would not fit.
BLOCK_ROWS = 50_000
# What readers raise for a damaged file.
USUAL: tuple[type[Exception], ...] = (ValueError, OSError, EOFError)


class Found(NamedTuple):
    """Datapoints as they were found.

    Attributes:
        values: `(N, ...)`, one datapoint after another, of any type.
        source: where they come from, for people.
        notes: what was done to them on the way, one sentence each.
        whole: whether they were integers before they became floats, as those of a table.
        fresh: whether nobody else holds the array, so that it may be changed in place.
    """

    values: Values
    source: str
    notes: tuple[str, ...] = ()
    whole: bool = False
    fresh: bool = True


def blocks(values: Values) -> Iterator[slice]:
    """The places of consecutive rows, each block small enough for temporary numbers."""
    for begin in range(0, len(values), BLOCK_ROWS):
        yield slice(begin, begin + BLOCK_ROWS)


@contextmanager
def opening(path: Path, kind: str, *damages: type[Exception]) -> Iterator[None]:
    """Within it a file that cannot be read is one sentence.

    Args:
        path: of the file.
        kind: what it should be, such as "an IDX file".
        damages: what a reader raises for a damaged file, beside the usual.

    Raises:
        UserError: in the place of those, and of a lack of memory.
    """
    try:
        yield
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"{path} does not fit into the memory: give a part of its rows") from None
    except (*USUAL, *damages) as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
        raise UserError(
            f"{path} cannot be read as {kind} ({why}): it is damaged, cut short or of another "
            "kind; make it anew"
        ) from None


def only(path: Path, names: list[str], member: str | None) -> str:
    """The array that is meant, of those that a file holds.

    Raises:
        UserError: if there is none of that name, or none is named and there are several.
    """
    if not names:
        raise UserError(f"{path} holds no array: give a file with one")
    if member is None and len(names) == 1:
        return names[0]
    if member not in names:
        asked = "" if member is None else f", and none named {member}"
        raise UserError(
            f"{path} holds the arrays {', '.join(names)}{asked}: say which one, as in "
            f"{path}:{names[0]}"
        )
    return member
