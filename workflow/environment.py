"""Make the virtual environment from `requirements.lock`, or the lock file itself.

    python3.11 workflow/environment.py [FOLDER | newest FOLDER | lock]

Run by `make` with the machine's own Python, before anything is installed:
only the standard library, and a syntax that an old Python can still refuse politely.
"""

import ast
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
# What pip is told by the user's files (sections, the stronger last) and variables: where packages
# come from and how they are reached. The rest, such as `target` or `no-deps`, is for other work.
SECTIONS = ["global", "install"]
HEARD = re.compile(
    "(extra-)?index-url|no-index|find-links|constraint|trusted-host|proxy|(client-)?cert"
    "|(default-)?timeout|retries|(no-)?cache-dir|keyring-provider"
)


def freeze(python: Path) -> str:
    """Return the text of the lock file for the environment of `python`."""
    command = [str(python), "-m", "pip", "freeze", "--exclude-editable", "--quiet"]
    pins = []
    for line in output_of(command).splitlines():
        pin = re.match(r"([A-Za-z0-9._-]+)==([^\s+]+)", line)
        if pin and pin[1].lower() not in NOT_PINNED and not pin[1].lower().startswith("nvidia-"):
            pins.append(f"{pin[1]}=={pin[2]}")
    return HEADER + "\n".join(sorted(pins, key=str.lower)) + "\n"


def plain() -> "dict[str, str]":
    """The environment without what the user's shell tells every Python, and every pip."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PIP_")) or name == "PIP_CONFIG_FILE"
    }


def output_of(command: "list[str]") -> str:
    """What a command of Python says."""
    result = subprocess.run(command, env=plain(), stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit("`{}` failed: see what it said above.".format(" ".join(command)))
    return result.stdout


def pip_environment(python: Path) -> "dict[str, str]":
    """The environment in which pip does the same for everyone, from where the user gets it."""
    told = {}
    for line in output_of([str(python), "-m", "pip", "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in SECTIONS and HEARD.fullmatch(key):
            told[SECTIONS.index(section), key] = ast.literal_eval(value)
    heard = {"PIP_" + key.upper().replace("-", "_"): told[at, key] for at, key in sorted(told)}
    for name, value in os.environ.items():
        if name.startswith("PIP_") and HEARD.fullmatch(name[4:].lower().replace("_", "-")):
            heard[name] = value
    return {**plain(), **heard, "PIP_CONFIG_FILE": os.devnull}


def pip(python: Path, arguments: "list[str]", log: Path) -> None:
    """Run pip quietly; on failure show the end of its log and stop."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with log.open("w") as output:
        result = subprocess.run(
            command + arguments,
            cwd=str(ROOT),
            env=pip_environment(python),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if result.returncode:
        lines = log.read_text(errors="replace").splitlines()
        told = [line for line in lines if not line.startswith("WARNING")]
        print("\n".join(told[-15:]))
        sys.exit(f"pip could not install the environment; its whole log is in {log}.")


def install(folder: Path) -> None:
    """Make or bring up to date the environment in `folder`, and mark it ready.

    Its programs name the folder in their first lines, so that one that was moved is made anew.
    """
    ready = folder / "ready"
    python = folder / "bin" / "python"
    pinned = LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    digest = hashlib.sha256(pinned).hexdigest()
    key = "{}.{} {} {}\n".format(*sys.version_info[:2], digest, folder.resolve())
    former = ready.read_text() if ready.is_file() else ""
    if former == key:
        ready.touch()
        return
    moved = former.split(" ", 2)[2:] not in ([], key.split(" ", 2)[2:])
    print(f"Installing requirements.lock into {folder.name} (some minutes) ...", flush=True)
    venv.EnvBuilder(with_pip=True, clear=moved or not former, symlinks=True).create(str(folder))
    pip(python, ["-r", str(LOCK), "-e", ".[book,test]"], folder / "install.log")
    ready.write_text(key)


def newest(folder: Path) -> None:
    """Make the environment in `folder` anew from the newest versions that pyproject.toml admits."""
    python = folder / "bin" / "python"
    print(f"Installing the newest packages into {folder.name} (some minutes) ...", flush=True)
    venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(str(folder))
    pip(python, ["-e", ".[book,test]"], folder / "install.log")
    others = sorted(set(freeze(python).splitlines()) - set(LOCK.read_text().splitlines()))
    print("Not as in {}: {}".format(LOCK.name, ", ".join(others) or "none"))


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
    if os.pathsep in str(ROOT) or "\n" in str(ROOT):
        sys.exit(
            f"No environment can be made in {str(ROOT)!r}: give the project's folder a name "
            "without `:` and line breaks."
        )
    if sys.argv[1:] == ["lock"]:
        lock()
    elif sys.argv[1:2] == ["newest"]:
        newest(ROOT.joinpath(*sys.argv[2:]))
    else:
        install(ROOT.joinpath(*sys.argv[1:] or [".venv"]))


if __name__ == "__main__":
    main()
