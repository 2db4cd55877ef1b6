"""Tests that share what is dear to make run in one worker, and all others wherever one is free."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT
from together import FILES, group
from visiting import PAGES, each


def test_all_that_is_asked_of_one_visit_stays_together() -> None:
    first = group("tests/browser/test_built_book.py::test_a[wide book/index]")
    assert first == group("tests/browser/test_accessibility.py::test_b[wide book/index]")
    assert first != group("tests/browser/test_accessibility.py::test_b[narrow book/index]")
    assert first != group("tests/browser/test_accessibility.py::test_b[wide book/scoreboard]")


@pytest.mark.parametrize("fixture", ["wide", "narrow", "offline"])
def test_every_visit_to_a_page_has_such_a_name(fixture: str) -> None:
    parameters = each(fixture, PAGES).args[1]
    assert len(parameters) == len(PAGES)
    for name, parameter in zip(PAGES, parameters, strict=True):
        assert group(f"tests/test_x.py::test_y[{parameter.id}]") == f"{fixture} {name}"


def test_the_files_that_stay_together_are_there() -> None:
    for name in FILES:
        assert (ROOT / "tests" / name).is_file()
        assert group(f"tests/{name}::test_a[1]") == group(f"tests/{name}::test_b")


def test_other_tests_are_free() -> None:
    assert group("tests/vaelib/test_elbo.py::test_a[1]") != group(
        "tests/vaelib/test_elbo.py::test_a[2]"
    )


CONFTEST = """\
def pytest_xdist_make_scheduler(config, log):
    from together import Together

    return Together(config, log)
"""
TESTS = """\
import os

import pytest


@pytest.mark.parametrize("name", [pytest.param(name, id=f"wide {name}") for name in "abcdef"])
def test_of_a_page(name):
    with open(name, "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)


test_more = test_yet_more = test_of_a_page
"""


def test_workers_are_given_whole_groups(tmp_path: Path) -> None:
    """By pytest-xdist itself, which once let groups fall apart without a word."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_pages.py").write_text(TESTS)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "--rootdir=."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    workers = [(tmp_path / name).read_text().split() for name in "abcdef"]
    assert [len(names) for names in workers] == [3] * 6
    assert all(len(set(names)) == 1 for names in workers)
    assert len({names[0] for names in workers}) == 2
