"""A table as one file, and back to the last bit: no pickle, and with a sum over every part."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from typing import Any

import numpy as np
import pandas as pd

# What a file that was cut short, or is no such file, makes of reading it.
UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, OSError)


def packed(table: pd.DataFrame, header: dict[str, Any]) -> bytes:
    """The table, with words that say what it is.

    Raises:
        TypeError: for a column of other things than numbers, text and gaps, or an index of names.
    """
    if not isinstance(table.index, pd.RangeIndex):
        raise TypeError("a measurement is a table without an index of its own: reset it")
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    kinds = []
    for place, name in enumerate(table.columns):
        column = table[name]
        kinds.append([name, str(column.dtype)])
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
            arrays[f"column_{place}"] = column.to_numpy()
        else:
            written = [json.dumps(value) for value in column.astype(object)]
            words, codes = np.unique(np.array(written, dtype=str), return_inverse=True)
            arrays[f"column_{place}"], arrays[f"words_{place}"] = codes, words
    said = json.dumps({"header": header, "columns": kinds, "rows": len(table)})
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, told=np.array(said), **arrays)
    return content.getvalue()


def told(content: bytes) -> dict[str, Any]:
    """The words beside a table.

    Raises:
        ValueError: or another of `UNREADABLE`, if the file is not whole.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        header: dict[str, Any] = json.loads(str(arrays["told"]))["header"]
    return header


def unpacked(content: bytes) -> pd.DataFrame:
    """The table.

    Raises:
        ValueError: or another of `UNREADABLE`, if the file is not whole.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        words = json.loads(str(arrays["told"]))
        columns = {}
        for place, (name, kind) in enumerate(words["columns"]):
            values = arrays[f"column_{place}"]
            if f"words_{place}" in arrays:
                different = [json.loads(word) for word in arrays[f"words_{place}"]]
                columns[name] = pd.Series([different[code] for code in values], dtype=kind)
            else:
                columns[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(columns, index=pd.RangeIndex(words["rows"]))
