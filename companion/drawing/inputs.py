"""What a figure asks of its input."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from vaelib.errors import UserError

Array: TypeAlias = npt.NDArray[np.float64]


def check_table(table: pd.DataFrame, columns: Collection[str], *, figure: str) -> None:
    """Look for the columns that a figure reads.

    Raises:
        UserError: if one is missing, or there is no row.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(
            f"the table for {figure} has no column {', '.join(missing)}: "
            f"pass one with the columns {', '.join(columns)}"
        )
    if table.empty:
        raise UserError(f"the table for {figure} is empty: pass at least one row")


def check_values(table: pd.DataFrame, column: str, known: Collection[Any], *, figure: str) -> None:
    """Look for values that the figure cannot show.

    Raises:
        UserError: if there are any.
    """
    unknown = sorted(set(table[column]) - set(known), key=str)
    if unknown:
        raise UserError(
            f"{figure} cannot show {column} {unknown[0]!r}: use {', '.join(map(str, known))}"
        )


def to_array(values: Tensor | npt.ArrayLike) -> Array:
    """A float64 array of a tensor on any device, or of anything like an array."""
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)
