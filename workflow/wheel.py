"""The wheel holds the results that come with the book beside the code: pyproject.toml names this.

A chapter of an installed package draws the paper's curves and the reference runs as one of a
checkout does.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

DATA = Path("data")
FOLDERS = ("paper", "reference")


class WithResults(build_py):
    """`build_py`, and then a copy of `data/paper` and `data/reference` as `vaelib/results`."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout itself has them
            return
        results = Path(self.build_lib) / "vaelib" / "results"
        for name in FOLDERS:
            shutil.copytree(DATA / name, results / name, dirs_exist_ok=True)
