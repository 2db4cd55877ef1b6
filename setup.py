"""What pyproject.toml cannot say: `data/` travels in the wheel, as a folder of vaelib."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# The reference runs with the trained models, what was measured of them, and the paper's curves;
# raw data never travels.
FOLDERS = ("reference", "measurements", "paper")


class BuildWithData(build_py):
    """Copy the data beside the code; in an editable installation they are in their own place."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name in FOLDERS:
                target = Path(self.build_lib, "vaelib", "data", name)
                shutil.copytree(Path("data", name), target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithData})
