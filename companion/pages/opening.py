"""How a published notebook begins: it takes what papermill gives it, and computes as the book does.

papermill writes the values of its command line into a cell of their own. Of a name that the
notebook does not have it only warns, and the notebook would run with the values it had.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from companion.experiments import paper_grid
from companion.runs.provenance import check_device, threads
from vaelib.errors import UserError

LARGEST_SEED = 2**32 - 1  # of NumPy's generators
# What every chapter accepts, also where it reads less.
CHAPTER_SETTINGS = {"profile": "quick", "device": "cpu", "seed": 0}
# The first line of the cell that papermill writes.
WRITTEN = "# Parameters\n"


def check_settings(profile: object, device: object, seed: object) -> None:
    """Check what a reader chooses for a chapter or the book.

    Raises:
        UserError: for an unknown profile, a device that is not there, a seed that is no whole
            number.
    """
    paper_grid.profile(str(profile))
    if not re.fullmatch(r"[0-9]{1,10}", str(seed)) or int(str(seed)) > LARGEST_SEED:
        raise UserError(
            f"seed {str(seed)!r} is not a whole number from 0 to {LARGEST_SEED}: use for example 0"
        )
    check_device(str(device))


def open_notebook(inputs: Sequence[str], names: Iterable[str] = ()) -> None:
    """Refuse what papermill was told and the chapter cannot take; compute on the book's threads.

    Args:
        inputs: the code of the cells that were run so far, IPython's `In`.
        names: what the chapter's own parameters cell sets.

    Raises:
        UserError: if a parameter has another name than those and `CHAPTER_SETTINGS`, or a setting
            has a value that cannot be.
    """
    known = [*dict.fromkeys([*CHAPTER_SETTINGS, *names])]
    given = written_by_papermill(inputs)
    for name in given:
        if name not in known:
            raise UserError(
                f"parameter {name!r} is not one of this chapter's: use {', '.join(known)}"
            )
    check_settings(
        **CHAPTER_SETTINGS | {name: given[name] for name in CHAPTER_SETTINGS if name in given}
    )
    torch.set_num_threads(threads())


def written_by_papermill(inputs: Sequence[str]) -> dict[str, Any]:
    """The names and values of the last cell that papermill wrote; none if there is no such cell.

    A value that is no constant is given as its code.
    """
    code = next((code for code in reversed(inputs) if code.startswith(WRITTEN)), "")
    given: dict[str, Any] = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                value = ast.unparse(node.value)
            given[node.targets[0].id] = value
    return given
