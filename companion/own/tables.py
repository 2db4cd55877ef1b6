"""Tables: CSV, and Parquet where pyarrow is installed. A row is a datapoint."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from companion.own.found import BLOCK_ROWS, Found, opening
from vaelib.errors import UserError

CSV, PARQUET = "a CSV file", "a Parquet file"


def read_csv(path: Path, member: str | None) -> Found:
    """The numbers of a CSV file, with or without a line of names above them.

    Raises:
        UserError: if a column holds text, rows differ in length, or it cannot be read.
    """
    _without(path, member)
    with opening(path, CSV):
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
        separator = max(",;\t", key=first.count)
        named = not all(map(_is_number, first.rstrip("\r\n").split(separator)))
        chunks = pd.read_csv(
            path,
            sep=separator,
            header=0 if named else None,
            encoding="utf-8-sig",
            chunksize=BLOCK_ROWS,
            low_memory=False,
        )
        with chunks:
            return _joined(path, chunks, named)


def read_parquet(path: Path, member: str | None) -> Found:
    """The numbers of a Parquet file.

    Raises:
        UserError: if pyarrow is not installed, a column holds no numbers, or it cannot be read.
    """
    _without(path, member)
    try:
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError:
        raise UserError(
            f"{path} is a Parquet file, which needs pyarrow: pip install 'vaelib[parquet]'"
        ) from None
    with opening(path, PARQUET), ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=BLOCK_ROWS)
        return _joined(path, (batch.to_pandas() for batch in batches), named=True)


def _without(path: Path, member: str | None) -> None:
    if member is not None:
        raise UserError(f"{path} holds one table without a name: leave :{member} out")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _joined(path: Path, chunks: Iterable[pd.DataFrame], named: bool) -> Found:
    """One array of floats, which grows in its place, so that no second one is held beside it."""
    values, whole, names = np.empty((0, 0), np.float32), True, [""]
    for chunk in chunks:
        kinds = [kind.kind for kind in chunk.dtypes]
        words = [str(n) for n, kind in zip(chunk, kinds, strict=True) if kind not in "biuf"]
        if words:
            raise UserError(
                f"{path} has columns that are not numbers, {', '.join(words[:5])}"
                f"{' and more' if len(words) > 5 else ''}: leave them out of the file"
            )
        whole = whole and "f" not in kinds
        n = len(values)
        values.resize((n + len(chunk), chunk.shape[1]), refcheck=False)
        values[n:] = chunk.to_numpy(np.float32)
        names = [str(name) for name in chunk]
    columns = f"columns {names[0]} to {names[-1]}" if named else "without names of columns"
    return Found(values, f"{path}, {columns}", whole=whole)
