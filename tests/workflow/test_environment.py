"""One list of dependencies: the lock file and the conda file follow from pyproject.toml."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from places import ROOT

from workflow import environment

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK_LINES = [
    line
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
EXTRAS = ("companion", "book", "parquet", "test")
DECLARED = [
    requirement
    for group in (
        PROJECT["dependencies"],
        *(PROJECT["optional-dependencies"][extra] for extra in EXTRAS),
    )
    for requirement in map(Requirement, group)
    if requirement.name != PROJECT["name"]
]


def test_an_extra_that_another_one_takes_in_is_looked_at() -> None:
    taken_in = {
        extra
        for name in EXTRAS
        for requirement in map(Requirement, PROJECT["optional-dependencies"][name])
        if requirement.name == PROJECT["name"]
        for extra in requirement.extras
    }
    assert taken_in == {"companion", "parquet"}
    assert taken_in <= set(EXTRAS)


NOT_FOR_PIP = """
    PIP_REQUIRE_VIRTUALENV PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_DRY_RUN PIP_PRE
    PIP_NO_BINARY PIP_ONLY_BINARY PIP_REQUIRE_HASHES PIP_NO_BUILD_ISOLATION PIP_IGNORE_INSTALLED
    PIP_PYTHON PIP_REQUIREMENT PIP_QUIET PIP_LOG PYTHONPATH PYTHONWARNINGS PYTHONOPTIMIZE
"""


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


def test_each_python_is_named_to_the_index() -> None:
    prefix = "Programming Language :: Python :: 3."
    named = {c.removeprefix(prefix) for c in PROJECT["classifiers"] if c.startswith(prefix)}
    assert named == {str(minor) for _, minor in environment.SUITED}


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


def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **variables: str) -> dict[str, str]:
    """pip's settings, with these variables and this machine's files out of sight."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(name, str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = environment.pip_environment(Path(sys.executable))
    assert found["PIP_CONFIG_FILE"] == os.devnull
    return {name: value for name, value in found.items() if name.startswith(("PIP_", "PYTHON"))}


def test_pip_is_told_where_packages_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".pip").mkdir()
    (tmp_path / ".pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://one.example\nuser = true\nretries = 7\n"
        "[install]\nextra-index-url = https://two.example\n    https://three.example\n"
        "target = elsewhere\n"
    )
    found = told(monkeypatch, tmp_path, PIP_RETRIES="9", PIP_CERT="/ca.pem", PIP_NO_DEPS="1")
    assert found["PIP_INDEX_URL"] == "https://one.example"
    assert found["PIP_EXTRA_INDEX_URL"].split() == [
        "https://two.example",
        "https://three.example",
    ]
    assert found["PIP_CERT"] == "/ca.pem"
    assert found["PIP_RETRIES"] == "9", "a variable is stronger than a file"
    assert not {"PIP_USER", "PIP_TARGET", "PIP_NO_DEPS"} & found.keys()


def test_pip_is_told_nothing_that_changes_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing = told(monkeypatch, tmp_path)
    assert told(monkeypatch, tmp_path, **dict.fromkeys(NOT_FOR_PIP.split(), "1")) == nothing


def test_an_environment_that_was_moved_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[bool] = []

    def builder(**options: bool) -> Any:
        made.append(options["clear"])
        return SimpleNamespace(create=lambda folder: Path(folder).mkdir(exist_ok=True))

    monkeypatch.setattr("venv.EnvBuilder", builder)
    monkeypatch.setattr(environment, "pip", lambda *arguments: None)
    for name in ("here", "here"):
        environment.install(tmp_path / name)
    assert made == [True]
    (tmp_path / "here").rename(tmp_path / "there")
    environment.install(tmp_path / "there")
    assert made == [True, True]
    (tmp_path / "link").symlink_to(tmp_path / "there")
    environment.install(tmp_path / "link")
    assert made == [True, True]


@pytest.mark.parametrize("name", ["a:b", "a\nb"])
def test_a_folder_that_can_hold_no_environment_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path / name)
    with pytest.raises(SystemExit, match="without `:` and line breaks"):
        environment.main()


def test_what_is_built_is_not_tracked() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert {"/_build/", "/.venv/", "/data/raw/", "*.ipynb"} <= set(ignored)
