"""The code in the chapters, as source: every name that it uses is there, and every import used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jupytext
from places import ROOT

from workflow import chapters


def test_the_code_of_the_chapters_is_clean(tmp_path: Path) -> None:
    for page in chapters.pages(ROOT):
        if page.computes:
            jupytext.write(
                jupytext.reads(page.text, fmt="md:myst"), tmp_path / f"{page.name}.ipynb"
            )
    ruff = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*ruff, "--select", "F,I,UP,NPY", "--output-format", "concise", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
