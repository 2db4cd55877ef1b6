"""A book of two pages, for tests of the workflow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from places import ROOT

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
import companion.source_hash
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
    """Give the project a workflow and packages of its own, as a clone has them."""
    for name in ("workflow", "companion", "vaelib"):
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


HOSTILE = {
    "JUPYTER_PREFER_ENV_PATH": "0",
    "MPLBACKEND": "none-such",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "ignore",
    "PYTHONHASHSEED": "5",
    "PYTHONIOENCODING": "ascii",
    "LC_ALL": "C",
    "READTHEDOCS": "True",
    "SPHINXOPTS": "-D language=ko",
    "SOURCE_DATE_EPOCH": "0",
    "FORCE_COLOR": "1",
    "TQDM_DISABLE": "0",
    "MAKEFLAGS": "n",
    "SHELLOPTS": "noexec",
    "TORCH_COMPILE_DISABLE": "1",
    "OMP_NUM_THREADS": "7",
}
RAISES = "raise SystemExit('hostile')\n"


def hostile_files(folder: Path) -> dict[str, str]:
    """Configurations of other work, each of which would end a build or change it: by variable."""
    files = {
        "config/snakemake/default/config.yaml": "dry-run: true\n",
        "config/matplotlib/matplotlibrc": "lines.linewidth: 99\n",
        "jupyter/jupyter_config.py": RAISES,
        "jupyter/kernels/python3/kernel.json": '{"argv": ["false"], "language": "python"}',
        "ipython/profile_default/startup/00.py": "seed = 99\n",
        "python/jupyter_book.py": RAISES,
        "python/sitecustomize.py": "import sys; sys.stdout.write('hostile\\n')\n",
        "bash": "exit 7\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "SNAKEMAKE_PROFILE": str(folder / "config/snakemake/default"),
        "MATPLOTLIBRC": str(folder / "config/matplotlib"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "JUPYTER_PATH": str(folder / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": str(folder / "python"),
        "BASH_ENV": str(folder / "bash"),
        "TMPDIR": str(folder / "not there"),
    }
