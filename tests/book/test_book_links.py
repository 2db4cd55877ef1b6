"""The built pages: links between equations, code, tests and figures; the folds below figures."""

from __future__ import annotations

import ast
import csv
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup, Tag
from places import ROOT

from book._ext.links_table import LinksTable
from book._ext.pages_of_tests import page_of
from companion.experiments.curve_by_curve import runs_in_reading
from companion.experiments.readings import READINGS
from workflow import chapters

pytestmark = pytest.mark.book

COMPUTED = [page.name for page in chapters.pages(ROOT) if page.computes]
TABLE = LinksTable(ROOT)
# Figures of the paper, and from how many runs each was drawn, the reference runs counted.
REFERENCE = {
    label: sum(len(runs_in_reading(figure, reading)) for reading in READINGS)
    for label, figure in (("fig-2", "figure2"), ("fig-3", "figure3"))
}
RUNS = {
    "fig-1": 0,
    "fig-2": 18 + REFERENCE["fig-2"],
    "fig-3": 6 + REFERENCE["fig-3"],
    "fig-4a": 1,
    "fig-4b": 1,
    "fig-5": 4,
}


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def pages(html: Path) -> dict[str, BeautifulSoup]:
    return {path.stem: read(path) for path in sorted((html / "book").glob("*.html"))}


def folds(page: BeautifulSoup) -> dict[str, Tag]:
    """The folds of a page by the figure above."""
    found = {}
    for fold in page.select("details.provenance"):
        figure = fold.find_previous("figure")
        assert isinstance(figure, Tag)
        found[str(figure["id"])] = fold
    return found


@pytest.mark.parametrize("number", range(1, 25))
def test_an_equation_leads_to_its_code(number: int, pages: dict[str, BeautifulSoup]) -> None:
    (equation,) = [
        found for page in pages.values() for found in page.select(f"#equation-eq-{number}")
    ]
    line = equation.find_next(class_="in-code")
    assert isinstance(line, Tag)
    named = {str(link["href"]).partition("#")[2] for link in line.select("a")}
    assert named & set(TABLE.equations[number]) or "module" in str(line)


def test_a_function_leads_to_equation_tests_and_source(pages: dict[str, BeautifulSoup]) -> None:
    entry = pages["api_paper"].find(id="vaelib.sgvb.estimator_a")
    assert isinstance(entry, Tag)
    links = [str(link["href"]) for link in entry.find_parent("dl").select("a[href]")]  # type: ignore[union-attr]
    assert any(link.endswith("#equation-eq-6") for link in links)
    assert "../_tests/vaelib.test_sgvb.html#test_estimators_are_the_paper_s_sums" in links
    assert any("_modules/vaelib/sgvb.html#" in link for link in links)


def test_a_test_s_page_leads_back(html: Path) -> None:
    page = read(html / "_tests" / "vaelib.test_sgvb.html")
    section = page.find(id="test_estimators_are_the_paper_s_sums")
    assert isinstance(section, Tag)
    assert "def test_estimators_are_the_paper_s_sums" in section.get_text()
    links = [str(link["href"]) for link in section.select("a[href]")]
    assert "../book/api_paper.html#vaelib.sgvb.estimator_a" in links


def test_every_test_that_is_named_has_its_place(html: Path) -> None:
    tests = ROOT / "tests"
    for path in sorted(tests.rglob("test_*.py")):
        page = html / f"{page_of(path.relative_to(tests).as_posix())}.html"
        text = page.read_text("utf-8")
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert f'id="{node.name}"' in text, f"{path.name}::{node.name}"


def test_names_in_the_text_lead_to_the_reference(pages: dict[str, BeautifulSoup]) -> None:
    link = pages["b_gaussian_kl"].select_one(
        'article a[href="api_paper.html#vaelib.elbo.gaussian_kl"]'
    )
    assert link is not None
    assert link.select_one("code") is not None


def test_the_table_of_equations_has_them_all(pages: dict[str, BeautifulSoup]) -> None:
    terms = [term.get_text() for term in pages["api"].select("article dl dt")]
    assert terms == [f"Equation ({number})" for number in range(1, 25)]


@pytest.mark.parametrize("name", COMPUTED)
def test_every_glued_figure_has_its_fold(name: str, pages: dict[str, BeautifulSoup]) -> None:
    text = (ROOT / "book" / f"{name}.md").read_text("utf-8")
    glued = set(re.findall(r"\{glue:figure\} \S+\n:name: (\S+)", text))
    assert folds(pages[name]).keys() == glued


@pytest.mark.parametrize("name", COMPUTED)
def test_what_a_fold_offers_is_there(
    name: str, pages: dict[str, BeautifulSoup], html: Path
) -> None:
    for label, fold in folds(pages[name]).items():
        files = [
            (html / "book" / unquote(str(link["href"]))).resolve()
            for link in fold.select("a[download]")
        ]
        assert [path.suffix for path in files if path.is_file()] in (
            [".svg", ".csv", ".ipynb"],
            [".svg", ".ipynb"],
        )
        assert label == "fig-1" or len(files) == 3
        if len(files) == 3:
            header, *rows = csv.reader(files[1].read_text("utf-8").splitlines())
            assert {"panel", "kind"} <= set(header)
            assert rows


def test_figures_of_the_paper_name_their_runs(pages: dict[str, BeautifulSoup]) -> None:
    found = {label: fold for page in pages.values() for label, fold in folds(page).items()}
    for label, count in RUNS.items():
        assert len(found[label].select("tbody tr")) == count, label
        text = found[label].get_text(" ")
        for word in ("vaelib", "torch", "seed", "threads"):
            assert word in text
        # How far runs go is no setting of a figure that has none.
        assert ("profile" in text) == bool(count)
        assert ("SHA-256" in text) == bool(count)


def test_the_curves_in_the_table_of_fig_2_have_names(html: Path) -> None:
    with (html / "_downloads/figures/fig-2.csv").open() as file:
        rows = list(csv.DictReader(file))
    series = {row["series"] for row in rows if row["kind"] == "line"}
    assert {"AEVB, as written", "Wake-Sleep, this build", "the paper's AEVB"} <= series
    assert len({row["panel"] for row in rows}) == 9


def test_the_status_page_lists_every_other_chapter(pages: dict[str, BeautifulSoup]) -> None:
    rows = pages["status"].select("table tbody tr")
    assert len(rows) == len(COMPUTED) - 2
    for row in rows:
        assert row.select_one("a[href$='.html']") is not None
        assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", row.get_text())


def test_no_button_leads_nowhere(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        assert not page.select(".dropdown-launch-buttons"), name


def test_the_citation_is_there(pages: dict[str, BeautifulSoup]) -> None:
    text = pages["cite"].get_text()
    assert "@inproceedings{kingma2014," in text
    assert "@misc{companion," in text
    assert "@article" not in text
