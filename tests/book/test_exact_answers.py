"""The page on exact answers names tests that exist, and the tolerances that they have."""

from __future__ import annotations

import re

from conftest import ROOT

from tests.companion.studies.test_linear_gaussian import LARGEST, MEDIAN

NAME = r"test_\w+"
PAGE = (ROOT / "book" / "exact_answers.md").read_text("utf-8")


def test_every_test_in_the_table_of_exact_answers_exists() -> None:
    table = [line for line in PAGE.splitlines() if line.startswith("| ")]
    named = set(re.findall(rf"`({NAME})`", "\n".join(table)))
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    written = set(re.findall(rf"^def ({NAME})\(", sources, re.MULTILINE))
    assert len(table) > 20
    assert len(named) > 40
    assert named <= written


def test_the_tolerances_are_those_of_the_test() -> None:
    assert f"all within {LARGEST} nats and half of them within {MEDIAN}" in PAGE
