"""Make the virtual environment from `requirements.lock`, or the lock file itself.

    python3.11 workflow/environment.py [FOLDER | lock]

Run by `make` with the machine's own Python, before anything is installed:
only the standard library, and a syntax that an old Python can still refuse politely.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
SUITED = ((3, 11), (3, 12), (3, 13))
HEADER = """\
# Every package of the environment at the version it was tested with, on Python 3.11.
# Made by `make lock`: an empty environment, `pip install .[book,test]`, `pip freeze`.
# The dependencies themselves are listed in pyproject.toml, and only there.
# torch has no local version here: pip takes the build that the machine's index offers. On Linux
# that is by default the CUDA build, which brings NVIDIA's packages by its own exact pins.
"""
NOT_PINNED = {"vaelib", "pip", "setuptools", "wheel"}


def freeze(python: Path) -> str:
    """Return the text of the lock file for the environment of `python`."""
    command = [str(python), "-m", "pip", "freeze", "--exclude-editable", "--quiet"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    pins = []
    for line in lines.splitlines():
        pin = re.match(r"([A-Za-z0-9._-]+)==([^\s+]+)", line)
        if pin and pin[1].lower() not in NOT_PINNED and not pin[1].lower().startswith("nvidia-"):
            pins.append(f"{pin[1]}=={pin[2]}")
    return HEADER + "\n".join(sorted(pins, key=str.lower)) + "\n"


def pip(python: Path, arguments: "list[str]", log: Path) -> None:
    """Run pip quietly; on failure show the end of its log and stop."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with log.open("w") as output:
        result = subprocess.run(
            command + arguments, cwd=str(ROOT), stdout=output, stderr=subprocess.STDOUT
        )
    if result.returncode:
        lines = log.read_text(errors="replace").splitlines()
        told = [line for line in lines if not line.startswith("WARNING")]
        print("\n".join(told[-15:]))
        sys.exit(f"pip could not install the environment; its whole log is in {log}.")


def install(folder: Path) -> None:
    """Make or bring up to date the environment in `folder`, and mark it ready."""
    ready = folder / "ready"
    python = folder / "bin" / "python"
    pinned = LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    key = "{}.{} {}\n".format(*sys.version_info[:2], hashlib.sha256(pinned).hexdigest())
    if ready.is_file() and ready.read_text() == key:
        ready.touch()
        return
    print(f"Installing requirements.lock into {folder.name} (some minutes) ...", flush=True)
    venv.EnvBuilder(with_pip=True, clear=not ready.is_file(), symlinks=True).create(str(folder))
    pip(python, ["-r", str(LOCK), "-e", ".[book,test]"], folder / "install.log")
    ready.write_text(key)


def lock() -> None:
    """Resolve pyproject.toml anew in an empty environment and write `requirements.lock`."""
    with tempfile.TemporaryDirectory() as scratch:
        venv.EnvBuilder(with_pip=True).create(scratch)
        python = Path(scratch) / "bin" / "python"
        pip(python, [".[book,test]"], Path(scratch) / "install.log")
        LOCK.write_text(freeze(python))
    print(f"Wrote {LOCK.name}.")


def main() -> None:
    if sys.version_info[:2] not in SUITED:
        sys.exit(
            "Python {}.{} is not suited: install Python 3.11, or name one with "
            "`make PYTHON=/path/to/python3.11`.".format(*sys.version_info[:2])
        )
    if os.name != "posix":
        sys.exit("The Makefile needs Linux or macOS; on Windows use environment.yml or WSL.")
    if sys.argv[1:] == ["lock"]:
        lock()
    else:
        install(ROOT.joinpath(*sys.argv[1:] or [".venv"]))


if __name__ == "__main__":
    main()
