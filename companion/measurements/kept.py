"""A measurement is computed once: chapters, scoreboard and command line share what is kept.

It is named by the code that decides it, by what it was asked, and by PyTorch's version, which
decides the random numbers. What has another name is measured anew, so nothing kept is ever stale.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import pandas as pd
import torch

from companion.files import project_root
from companion.measurements.described import Indescribable, described, modules_of
from companion.measurements.tables import UNREADABLE, packed, told, unpacked
from companion.source_hash import PACKAGES, source_hash
from vaelib.files import data_folder, write_atomically

SUFFIX = ".npz"
_P = ParamSpec("_P")


def kept(measure: Callable[_P, pd.DataFrame]) -> Callable[_P, pd.DataFrame]:
    """Let a function that measures keep its table, and take one that it kept.

    For functions whose table depends on their arguments and their code alone, and that change
    nothing but a generator. A generator among the arguments goes on from a state that the
    measurement's name decides, measured or not: what is drawn next is the same.

    Tables lie in ``_build/measurements``, or in ``$VAELIB_MEASUREMENTS``; where that is empty,
    nothing is kept. Those that rest on published models come with the companion, in
    ``data/measurements``. What cannot be read, or not be written, is measured as if it were not
    there. So is what nothing here can name: one that was asked about a class of a notebook.
    """
    signature = inspect.signature(measure)

    @wraps(measure)
    def measured(*args: _P.args, **kwargs: _P.kwargs) -> pd.DataFrame:
        try:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            header = header_of(measure, given.arguments)
        except (TypeError, Indescribable):
            return measure(*args, **kwargs)
        name = name_of(header)
        table = kept_table(name, header)
        if table is None:
            content = packed(measure(*args, **kwargs), header)
            keep(name, content)
            table = unpacked(content)
        for each in given.arguments.values():
            if isinstance(each, torch.Generator):
                each.manual_seed(int(name, 16) >> 1)
        return table

    return measured


def header_of(measure: Callable[..., object], arguments: dict[str, Any]) -> dict[str, Any]:
    """What a measurement is: its function, what it is asked, and the code of both.

    Raises:
        Indescribable: for an argument that has no words.
    """
    asked = {key: described(value) for key, value in arguments.items()}
    return {
        "measurement": f"{measure.__module__}:{measure.__qualname__}",
        "asked": asked,
        "code": code_of(measure.__module__, modules_of(asked)),
        "torch": torch.__version__.partition("+")[0],
    }


def code_of(module: str, asked: Iterable[str]) -> str:
    """The code that decides a measurement: of its function's module, and of what it is asked of.

    Raises:
        UserError: for a module that is not there.
    """
    own = (name for name in asked if name.partition(".")[0] in PACKAGES)
    return source_hash(module, *own, without=[__name__])


def name_of(header: dict[str, Any]) -> str:
    """A measurement's name: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:16]


def own_folder() -> Path | None:
    """Where measurements are kept; None where they are not."""
    place = os.environ.get("VAELIB_MEASUREMENTS")
    if place == "":
        return None
    return Path(place) if place else project_root() / "_build" / "measurements"


def published_folder() -> Path:
    """Those that come with the companion; to be read, not written."""
    return data_folder("measurements")


def kept_table(name: str, header: dict[str, Any]) -> pd.DataFrame | None:
    """A kept table, one's own or a published one; None if there is none that is whole."""
    own = own_folder()
    if own is None:
        return None
    for folder in (own, published_folder()):
        try:
            content = (folder / f"{name}{SUFFIX}").read_bytes()
            if told(content) == header:
                return unpacked(content)
        except UNREADABLE:
            continue
    return None


def keep(name: str, content: bytes) -> None:
    """Keep a table, if there is room."""
    folder = own_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}{SUFFIX}", content)
    except OSError:
        pass
