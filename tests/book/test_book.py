"""The built pages as files: complete, numbered as the paper, self-contained, nothing unresolved."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from places import ROOT

from companion.claims.scoreboard import CLAIMS
from workflow import chapters
from workflow.chapters import Page

pytestmark = pytest.mark.book

PAGES = chapters.pages(ROOT)
NAMES = [page.name for page in PAGES]
COMPUTED = [page.name for page in PAGES if page.computes]
# These gather what the chapters computed; there is nothing to play with.
GATHERED = {"index", "scoreboard", "provenance", "status", "ways_of_use"}
# What the paper shows, and the chapter that shows it; captions name these figures and tables.
FIGURES = {
    "s2_1_problem_scenario": 1,
    "s5_1_lower_bound": 1,
    "s5_2_marginal_likelihood": 1,
    "a_visualisations": 2,
}


@cache
def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def places(path: Path) -> set[str]:
    """Where a link can lead within a page."""
    page = read(path)
    return {str(tag[key]) for key in ("id", "name") for tag in page.find_all(attrs={key: True})}


@pytest.fixture(params=NAMES)
def page(request: pytest.FixtureRequest, html: Path) -> BeautifulSoup:
    return read(html / "book" / f"{request.param}.html")


def article(page: BeautifulSoup) -> Tag:
    found = page.select_one("article.bd-article")
    assert found is not None
    return found


def number_of(name: str) -> str:
    """The paper's number of a section or appendix, from the name of its page."""
    if section := re.match(r"s(\d)(?:_(\d))?_", name):
        return ".".join(filter(None, section.groups()))
    appendix = re.match(r"([a-f])_", name)
    return appendix[1].upper() if appendix else ""


def test_there_is_a_page_for_each_entry_of_the_contents(html: Path) -> None:
    assert len(NAMES) >= 35
    built = {path.stem for path in (html / "book").glob("*.html")}
    assert built == set(NAMES)
    assert "book/index.html" in (html / "index.html").read_text("utf-8")


def test_every_page_has_one_title(page: BeautifulSoup) -> None:
    assert len(article(page).select("h1")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_titles_carry_the_numbers_of_the_paper(name: str, html: Path) -> None:
    title = article(read(html / "book" / f"{name}.html")).select_one("h1")
    assert title is not None
    number = title.select_one(".section-number")
    assert (number.get_text().strip().rstrip(".") if number else "") == number_of(name)


def test_nothing_is_left_unresolved(page: BeautifulSoup) -> None:
    assert not article(page).select(".problematic, .system-message, .pasted-inline .error")
    # An example may show the sentence for a bad input, as Python does.
    strings = article(page).find_all(string=True)
    text = "".join(part for part in strings if part.find_parent(class_="doctest") is None)
    for sign in ("Traceback (most recent call last)", "{glue", "{numref}", "{eq}`", "%s"):
        assert sign not in text


def test_no_page_shows_a_warning(page: BeautifulSoup) -> None:
    assert not article(page).select(".output.stderr")


def test_every_image_is_there_and_says_what_it_shows(page: BeautifulSoup, html: Path) -> None:
    for image in article(page).select("img"):
        source = str(image["src"])
        assert (html / "book" / unquote(source)).resolve().is_file(), source
        assert len(str(image.get("alt", ""))) > 10, f"{source} has no description"
        assert not str(image["alt"]).startswith(("..", "_images", "/")), image["alt"]


@pytest.mark.parametrize(("name", "count"), FIGURES.items())
def test_figures_of_the_paper_are_there_with_captions(name: str, count: int, html: Path) -> None:
    figures = article(read(html / "book" / f"{name}.html")).select("figure")
    assert len(figures) >= count
    for figure in figures:
        caption = figure.select_one("figcaption")
        assert caption is not None
        assert len(caption.get_text()) > 20


def test_no_table_has_a_column_in_which_every_row_says_the_same(page: BeautifulSoup) -> None:
    """What all rows have in common is said once: in the caption, or in a sentence."""
    constant = []
    for table in article(page).select("table"):
        *_, head = table.select("thead tr")
        rows = [row.find_all(["th", "td"]) for row in table.select("tbody tr")]
        if len(rows) < 3:
            continue
        names = [name.get_text(strip=True) for name in head.find_all(["th", "td"])]
        for name, *column in zip(names, *rows, strict=True):
            if len(said := {cell.get_text(strip=True) for cell in column}) == 1:
                constant.append((table.get("id"), name, said))
    assert constant == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.computes], ids=COMPUTED)
def test_computed_pages_show_the_settings_that_they_read(page: Page, html: Path) -> None:
    text = article(read(html / "book" / f"{page.name}.html")).get_text()
    # As code, or in words on the landing page.
    shown = {
        "profile": r'[Pp]rofile( = "| )(quick|standard|paper)\b',
        "device": r'device( = "| )(cpu|cuda)\b',
        "seed": r"seed( =)? \d+",
    }
    for name in page.reads:
        assert re.search(shown[name], text)
    for name in shown.keys() - page.reads:
        assert not re.search(rf"^{name} = ", text, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in COMPUTED if name not in GATHERED])
def test_a_chapter_ends_with_a_cell_to_try(name: str, html: Path) -> None:
    text = article(read(html / "book" / f"{name}.html"))
    (heading,) = (tag for tag in text.select("h2, p.rubric") if "Try it" in tag.text)
    cell = text.select("div.cell")[-1]
    assert cell in heading.find_all_next("div")
    assert cell.select_one(".cell_input") is not None
    shown = cell.select_one(".cell_output")
    assert shown is not None
    assert shown.get_text().strip() or shown.select("img, svg")


@pytest.mark.parametrize("name", NAMES)
def test_internal_links_lead_somewhere(name: str, html: Path) -> None:
    """In the text, and in the menus around it."""
    own = html / "book" / f"{name}.html"
    assert read(own).select("nav a[href]")
    for link in read(own).select("a[href]"):
        target = urlsplit(str(link["href"]))
        if target.scheme or target.netloc:
            continue
        path = (own.parent / unquote(target.path)).resolve() if target.path else own
        assert path.is_file(), link["href"]
        if target.fragment and path.suffix == ".html":
            assert unquote(target.fragment) in places(path), link["href"]


def test_a_page_needs_nothing_from_elsewhere(page: BeautifulSoup) -> None:
    loaded = [str(tag["src"]) for tag in page.select("script[src], img[src], iframe[src]")]
    loaded += [
        str(tag["href"])
        for tag in page.select("link[href]")
        if {"stylesheet", "preload", "icon"} & set(tag.get_attribute_list("rel"))
    ]
    assert loaded
    assert not [address for address in loaded if urlsplit(address).netloc]


@pytest.mark.parametrize("name", NAMES)
def test_equations_show_the_paper_s_number_and_no_other(name: str, html: Path) -> None:
    for equation in article(read(html / "book" / f"{name}.html")).select("div.math[id]"):
        if label := re.fullmatch(r"equation-eq-(\d+)", str(equation["id"])):
            number = equation.select_one(".eqno")
            assert number is not None
            assert number.get_text().strip("#") == f"({label[1]})"
            assert "\\tag" not in equation.get_text()


@pytest.mark.parametrize(
    ("name", "label", "shown"),
    [
        ("s2_1_problem_scenario", "fig-1", "Fig. 1"),
        ("s5_1_lower_bound", "fig-2", "Fig. 2"),
        ("s5_2_marginal_likelihood", "fig-3", "Fig. 3"),
        ("a_visualisations", "fig-4a", "Fig. 4a"),
        ("a_visualisations", "fig-4b", "Fig. 4b"),
        ("a_visualisations", "fig-5", "Fig. 5"),
        ("s2_3_sgvb_and_aevb", "alg-1", "Algorithm 1"),
        ("f_full_vb", "alg-2", "Algorithm 2"),
    ],
)
def test_figures_and_algorithms_carry_the_paper_s_numbers(
    name: str, label: str, shown: str, html: Path
) -> None:
    found = article(read(html / "book" / f"{name}.html")).find(id=label)
    assert isinstance(found, Tag)
    number = found.select_one(".caption-number")
    assert number is not None
    assert number.get_text().strip() == shown


def test_no_two_figures_of_the_book_share_a_number(html: Path) -> None:
    pages = [article(read(html / "book" / f"{name}.html")) for name in NAMES]
    shown = [n.get_text().strip() for page in pages for n in page.select("figure .caption-number")]
    assert len(shown) == len(set(shown)) > len(FIGURES)


def test_equations_1_to_24_are_each_defined_once() -> None:
    sources = "\n".join(page.text for page in PAGES)
    labels = Counter(re.findall(r"^\$\$ *\((eq-\d+)\)|^:label: *(eq-\d+)", sources, re.MULTILINE))
    defined = Counter({first or second: count for (first, second), count in labels.items()})
    assert defined == {f"eq-{number}": 1 for number in range(1, 25)}


def test_every_claim_s_figure_is_in_the_book(html: Path) -> None:
    pages = "\n".join(path.read_text("utf-8") for path in (html / "book").glob("*.html"))
    for claim in CLAIMS:
        assert f'id="{claim.figure}"' in pages, claim.id


def test_the_scoreboard_leads_to_figures_and_code(html: Path) -> None:
    lines = article(read(html / "book" / "scoreboard.html")).select("details.claim")
    assert [line["id"] for line in lines] == [f"check-{claim.id.lower()}" for claim in CLAIMS]
    for claim, line in zip(CLAIMS, lines, strict=True):
        targets = [str(link["href"]) for link in line.select("a[href]")]
        assert any(target.endswith(f"#{claim.figure}") for target in targets), claim.id
        assert f"def {claim.judge.__name__}(" in line.get_text()


def test_mathematics_is_never_left_as_source(page: BeautifulSoup) -> None:
    for element in article(page).select("td, th, p, figcaption, li"):
        code = "".join(inner.get_text() for inner in element.select("code"))
        assert element.get_text().count("$") == code.count("$"), element.get_text()[:80]


def test_the_landing_page_has_every_verdict_of_the_scoreboard(html: Path) -> None:
    rows = article(read(html / "book" / "index.html")).select("#tab-score-short tbody tr")
    cells = [[cell.get_text(strip=True) for cell in row.select("td")] for row in rows]
    short = {claim: verdict for claim, _, _, verdict in cells}
    lines = article(read(html / "book" / "scoreboard.html")).select("details.claim")
    words = [
        [span.get_text() for span in line.select("summary span.sd-summary-text > span")]
        for line in lines
    ]
    assert short == {claim: verdict for claim, verdict, *_ in words}
    assert set(short) == {claim.id for claim in CLAIMS}
