"""The command says what it lacks where only the mathematics is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from companion import __main__ as entry

ROOT = Path(__file__).resolve().parents[2]
# What `pip install .` brings none of.
EXTRA = ("pandas", "filelock", "yaml", "matplotlib", "seaborn", "tabulate")


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hidden", [EXTRA, ("pandas",)], ids=["all extras", "pandas"])
def test_a_module_that_is_not_installed_is_one_sentence(hidden: tuple[str, ...]) -> None:
    done = run(
        f"import sys; sys.modules.update(dict.fromkeys({hidden}))\n"
        "from companion.__main__ import command; sys.exit(command())"
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("vaelib: the command needs ")
    assert done.stderr.endswith(": pip install 'vaelib[companion]'\n")
    assert done.stderr.count("\n") == 1
    assert done.stderr.split()[4].rstrip(":") in hidden


def test_a_module_of_its_own_that_is_missing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "companion.cli", raising=False)
    monkeypatch.delattr("companion.cli", raising=False)
    monkeypatch.setitem(sys.modules, "companion.console", None)
    monkeypatch.delattr("companion.console", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"companion\.console"):
        entry.command()


def test_the_command_begins_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    command = EntryPoint("vaelib", project["scripts"]["vaelib"], "console_scripts")
    assert command.load() is entry.command


def test_the_mathematics_needs_nothing_of_the_book() -> None:
    loaded = run("import sys, vaelib.aevb; print(*sys.modules)").stdout.split()
    assert "vaelib.aevb" in loaded
    assert not {"companion", *EXTRA} & set(loaded)


def test_all_of_the_mathematics_can_be_imported_without_the_book() -> None:
    done = run(
        f"import sys; sys.modules.update(dict.fromkeys({EXTRA}))\n"
        "import importlib, pkgutil, vaelib\n"
        "for found in pkgutil.walk_packages(vaelib.__path__, 'vaelib.'):\n"
        "    importlib.import_module(found.name)"
    )
    assert (done.returncode, done.stderr) == (0, "")
