"""A book of two pages, for tests of the workflow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

CHAPTER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
companion:
  data: []
  runs: []
---

# A title

Prose.

```{code-cell} ipython3
:tags: [parameters]

profile = "quick"  # quick, standard or paper
device = "cpu"
seed = 0
```

```{code-cell} ipython3
# What was chosen
import vaelib.source_hash
print(profile, device, seed + 1)
```
"""
CONTENTS = "format: jb-book\nroot: book/index\nchapters:\n- file: book/one\n"


def write(folder: Path) -> None:
    """Write the pages and what stands beside them."""
    (folder / "book").mkdir(parents=True)
    (folder / "book" / "one.md").write_text(CHAPTER)
    (folder / "book" / "index.md").write_text("# The book\n")
    (folder / "_toc.yml").write_text(CONTENTS)
    (folder / "_config.yml").write_text("title: Small\nexecute: {execute_notebooks: cache}\n")
    (folder / "requirements.lock").write_text("torch==2.13.0\n")


def furnish(folder: Path) -> None:
    """Give the project a workflow and a package of its own, as a clone has them."""
    for name in ("workflow", "vaelib"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Build the furnished project, with these variables in the environment."""
    command = [sys.executable, "-m", "workflow.build", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
