"""The book's table of exact answers names tests that exist."""

from __future__ import annotations

import re

from conftest import ROOT

NAME = r"test_\w+"


def test_every_test_in_the_table_of_exact_answers_exists() -> None:
    page = (ROOT / "book" / "exact_answers.md").read_text("utf-8")
    table = [line for line in page.splitlines() if line.startswith("| ")]
    named = set(re.findall(rf"`({NAME})`", "\n".join(table)))
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    written = set(re.findall(rf"^def ({NAME})\(", sources, re.MULTILINE))
    assert len(table) > 20
    assert len(named) > 40
    assert named <= written
