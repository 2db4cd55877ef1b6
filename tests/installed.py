"""The package as a wheel in an environment of its own, away from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

from places import ROOT

from workflow.environment import pip_environment

# What a shell, or this very run, tells Python, Jupyter and the book.
TOLD = ("PYTHON", "JUPYTER", "IPYTHON", "VAELIB_RUNS", "VAELIB_THREADS", "OMP_NUM_THREADS")


def run(command: Sequence[str | Path], folder: Path, seconds: float = 600, **variables: str) -> str:
    """What a command says; one that fails ends the test with all that it said."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=surroundings() | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def surroundings() -> dict[str, str]:
    """The environment of a person who has heard nothing of the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(TOLD)}
    return {**kept, "JUPYTER_PREFER_ENV_PATH": "1", "VAELIB_OFFLINE": "1"}


def project(folder: Path) -> Path:
    """A copy of the files that git knows, or will."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def wheel(folder: Path) -> Path:
    """The wheel, made with the setuptools of this environment."""
    source = project(folder / "project")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run([sys.executable, *build, "--wheel-dir", folder, source], folder)
    (made,) = folder.glob("*.whl")
    return made


def environment(folder: Path, made: Path) -> Path:
    """The Python of an environment with that wheel, and this environment's other packages.

    Of those it sees the modules and no `.pth` file: the checkout is not among them.
    """
    venv.EnvBuilder(symlinks=True).create(folder)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    run([sys.executable, *install, made], folder)
    run([python, "-m", "ipykernel", "install", "--sys-prefix"], folder)
    return python


def fresh(folder: Path, *packages: str | Path) -> Path:
    """The Python of an environment for which pip has fetched everything, as on a new machine."""
    venv.EnvBuilder(symlinks=True, with_pip=True).create(folder)
    python = folder / "bin" / "python"
    variables = pip_environment(python)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([python, *install, *packages], cwd=folder, env=variables, check=True)
    return python
