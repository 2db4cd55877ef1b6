"""The table of notation: whole, without contradictions, and leading to sections that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from places import ROOT

from book._ext.notation import TABLE, Symbol, meant_on, part_styles, read, section
from book._ext.static_mathematics import Typesetter
from companion.figures.theme import PARTS
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


def test_parts_of_the_network_have_its_colours() -> None:
    parts = {row.symbol: row.part for row in ROWS if row.part}
    assert set(parts.values()) == set(PARTS)
    assert (parts[r"\mu"], parts[r"\epsilon"], parts["p_\\theta"]) == (
        "encoder",
        "noise",
        "decoder",
    )
    number = next(n for n, row in enumerate(ROWS) if row.symbol == r"\mu")
    rules = part_styles(ROWS).splitlines()
    assert len(rules) == 2 * len(parts)
    own = [rule for rule in rules if f'[data-is="{number}"]' in rule]
    assert len(own) == 2
    assert all(PARTS["encoder"] in rule for rule in own)


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


@pytest.fixture(scope="module")
def mathjax() -> Typesetter:
    return Typesetter({"KL": "D_{KL}"})


def marked(mathjax: Typesetter, tex: str, *symbols: str) -> list[tuple[str, str]]:
    """What is marked in a formula: the symbol, and the tag of what the eye sees of it."""
    known = {mathjax.key(symbol): number for number, symbol in enumerate(symbols)}
    html = mathjax.formula(tex, display=False, known=known).partition("<mjx-assistive-mml")[0]
    found = re.findall(r'<(mjx-\w+)[^>]* data-is="(\d+)"', html)
    return [(symbols[int(number)], tag) for tag, number in found]


def test_symbols_are_found_by_their_structure(mathjax: Typesetter) -> None:
    found = marked(mathjax, r"\mathcal{L}(\theta) + L \, \ell", "L", r"\mathcal{L}", r"\theta")
    assert [symbol for symbol, _ in found] == [r"\mathcal{L}", r"\theta", "L"]


def test_a_symbol_with_an_index_is_one_symbol(mathjax: Typesetter) -> None:
    assert marked(mathjax, "N_z + N + z", "N", "z", "N_z") == [
        ("N_z", "mjx-msub"),
        ("N", "mjx-mi"),
        ("z", "mjx-mi"),
    ]
    # An index that is no part of a known symbol is looked into.
    assert [s for s, _ in marked(mathjax, r"\sigma_j^2", "j", r"\sigma")] == [r"\sigma", "j"]


def test_macros_and_spelling_make_no_difference(mathjax: Typesetter) -> None:
    assert mathjax.key(r"\KL") == mathjax.key("D_{KL}") == mathjax.key("D_{K L}")
    assert mathjax.key("q_\\phi") != mathjax.key("q_\\varphi")


def test_no_two_symbols_of_a_page_look_alike(mathjax: Typesetter) -> None:
    for name in PAGES:
        rows = [ROWS[number] for number in meant_on(name, ROWS)]
        general = [mathjax.key(row.symbol) for row in rows if not row.pages]
        special = [mathjax.key(row.symbol) for row in rows if row.pages]
        assert len(set(general)) == len(general)
        assert len(set(special)) == len(special)


def test_a_page_s_own_meaning_wins() -> None:
    for page, means in (("d_marginal_likelihood", "posterior draws"), ("s3", "noise draws")):
        last = {ROWS[number].symbol: ROWS[number].means for number in meant_on(page, ROWS)}
        assert means in last["L"]


@pytest.mark.parametrize("name", ["s2_2_variational_bound", "s2_3_sgvb_and_aevb", "f_full_vb"])
def test_nearly_every_letter_is_explained(name: str, mathjax: Typesetter) -> None:
    """Of the letters in formulas, counted with repetitions; digits and functions do not count."""
    known = {mathjax.key(ROWS[n].symbol): n for n in meant_on(name, ROWS)}
    formulas = re.findall(
        r"\$\$(.+?)\$\$|(?<![\$\"\w])\$([^\n$]+?)\$(?!\d)", PAGES[name].text, re.S
    )
    letters = explained = 0
    for display, inline in formulas:
        tex = re.sub(r"\\tag\{\d+\}", "", display or inline)
        html = mathjax.formula(tex, display=bool(display), known=known)
        tree = BeautifulSoup(html.partition("<mjx-assistive-mml")[0], "html.parser")
        for letter in tree.select("mjx-mi:not(mjx-mi mjx-mi)"):
            if len(letter.select("mjx-c")) == 1:
                letters += 1
                explained += bool(
                    letter.get("data-is") or letter.find_parent(attrs={"data-is": True})
                )
    assert letters > 100
    assert explained >= 0.9 * letters
