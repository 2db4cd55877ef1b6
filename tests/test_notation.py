"""The table of notation: whole, without contradictions, and leading to sections that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from book._ext.notation import TABLE, Symbol, read, section
from workflow import chapters

ROWS = read(ROOT / TABLE)
PAGES = {page.name: page for page in chapters.pages(ROOT)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.symbol} {row.pages or ''}")
def test_a_symbol_leads_to_a_section_and_to_pages_that_are_there(row: Symbol) -> None:
    sources = "\n".join(page.text for page in PAGES.values())
    assert f"({row.label})=" in sources
    for name in row.pages or []:
        assert row.symbol in PAGES[name].text, f"{row.symbol} is not used on {name}"
    assert not re.search(r"[$\\{}]", row.means), "the note shows plain text"
    assert row.name


def test_the_symbols_of_the_paper_are_there() -> None:
    symbols = {row.symbol for row in ROWS if not row.pages}
    for symbol in (
        "x",
        "z",
        r"\theta",
        r"\phi",
        r"q_\phi",
        r"p_\theta",
        r"\epsilon",
        "N",
        "M",
        "L",
    ):
        assert symbol in symbols


def test_two_meanings_on_one_page_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "notation.yml"
    row = "- {symbol: 'a', name: a, means: one, label: sec-1, pages: [one, two]}\n"
    path.write_text(row + row.replace("[one, two]", "[three]"))
    assert len(read(path)) == 2
    path.write_text(row + row.replace("[one, two]", "[two]"))
    with pytest.raises(ValueError, match="a has two meanings on page two: keep one"):
        read(path)


@pytest.mark.parametrize(
    ("label", "short"),
    [("sec-2-3", "2.3"), ("app-f", "F"), ("app-c1", "C.1"), ("exact-answers", "exact answers")],
)
def test_a_label_is_shown_as_its_number(label: str, short: str) -> None:
    assert section(label) == short
