"""One list of dependencies: the lock file and the conda file follow from pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from workflow import environment

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK_LINES = [
    line
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
DECLARED = [
    Requirement(text)
    for text in (
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["book"],
        *PROJECT["optional-dependencies"]["test"],
    )
]


def pinned() -> dict[str, Version]:
    pairs = (line.split("==") for line in LOCK_LINES)
    return {canonicalize_name(name): Version(number) for name, number in pairs}


@pytest.mark.parametrize("requirement", DECLARED, ids=lambda requirement: requirement.name)
def test_lock_pins_every_dependency_at_a_version_that_is_admitted(
    requirement: Requirement,
) -> None:
    name = canonicalize_name(requirement.name)
    assert name in pinned(), "run `make lock`"
    assert requirement.specifier.contains(pinned()[name])


@pytest.mark.parametrize("requirement", DECLARED, ids=lambda requirement: requirement.name)
def test_the_tests_run_with_what_the_lock_pins(requirement: Requirement) -> None:
    installed = Version(Version(version(requirement.name)).public)
    assert installed == pinned()[canonicalize_name(requirement.name)]


def test_lock_holds_exact_pins_and_nothing_else() -> None:
    assert len(LOCK_LINES) > 50
    for line in LOCK_LINES:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line), line
    assert len(pinned()) == len(LOCK_LINES)


def test_lock_leaves_out_what_pip_must_choose_itself() -> None:
    assert not pinned().keys() & environment.NOT_PINNED
    assert not [name for name in pinned() if name.startswith("nvidia-")]


def test_conda_environment_is_the_lock_file_on_the_same_python() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    assert conda["dependencies"] == [
        "python=3.11",
        "pip",
        {"pip": ["-r requirements.lock", "-e ."]},
    ]


def test_suited_pythons_are_those_of_the_project() -> None:
    minors = range(8, 20)
    admitted = Requirement(f"python{PROJECT['requires-python']}").specifier
    suited = {(3, minor) for minor in minors if admitted.contains(f"3.{minor}.5")}
    assert suited == set(environment.SUITED)


@pytest.mark.parametrize(
    ("arguments", "folder"), [([], ".venv"), (["_build/python/3.13"], "_build/python/3.13")]
)
def test_an_environment_lies_where_it_is_wanted(
    arguments: list[str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr(environment, "install", made.append)
    monkeypatch.setattr("sys.argv", ["environment.py", *arguments])
    environment.main()
    assert made == [ROOT / folder]


def test_what_is_built_is_not_tracked() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert {"/_build/", "/.venv/", "/data/raw/", "*.ipynb"} <= set(ignored)
