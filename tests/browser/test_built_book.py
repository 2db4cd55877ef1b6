"""Every page of the built book in Chromium: whole, self-contained, fit for a narrow screen."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from visiting import NAMES, PAGES, WITH_MATHEMATICS, Visit, each

pytestmark = pytest.mark.browser
BOOK = [f"book/{name}" for name in NAMES]


def test_every_page_was_built(html: Path) -> None:
    assert len(NAMES) >= 25
    assert {path.stem for path in (html / "book").glob("*.html")} == set(NAMES)
    assert len(WITH_MATHEMATICS) > 10


def test_the_front_door_leads_to_the_index(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/index.html") as visit:
        visit.page.wait_for_url("**/book/index.html")


@each("wide", PAGES)
def test_a_page_is_whole_and_asks_nobody_else(wide: Visit) -> None:
    assert wide.complaints == []
    assert wide.requests
    assert {urlsplit(url).hostname for url in wide.requests} <= {"127.0.0.1", None}
    broken = wide.page.evaluate(
        "() => [...document.querySelectorAll('article img')]"
        ".filter(i => !i.complete || i.naturalWidth === 0).map(i => i.src)"
    )
    assert broken == []


@each("wide", [f"book/{name}" for name in WITH_MATHEMATICS])
def test_mathematics_is_typeset_and_its_fonts_are_there(wide: Visit) -> None:
    assert wide.page.locator("article .math").count() > 0
    assert wide.page.locator("article .math:not(:has(mjx-container))").count() == 0
    assert wide.page.locator("article mjx-merror").count() == 0
    assert wide.page.evaluate("() => document.fonts.check('16px MJXTEX-I')")


@each("narrow", BOOK)
def test_a_narrow_page_does_not_scroll_sideways_but_what_is_wide_in_it_does(
    narrow: Visit,
) -> None:
    widths = narrow.page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    # What sticks out of the screen can be moved into it.
    lost = narrow.page.evaluate(
        """() => [...document.querySelectorAll('article mjx-container, article img')]
            .filter(wide => wide.getBoundingClientRect().right > window.innerWidth + 1)
            .filter(wide => {
                for (let box = wide; box; box = box.parentElement)
                    if (box.scrollWidth > box.clientWidth
                        && getComputedStyle(box).overflowX === 'auto') return false;
                return true;
            }).map(wide => wide.outerHTML.slice(0, 200))"""
    )
    assert lost == []


@each("narrow", BOOK)
def test_what_is_cut_off_on_a_narrow_page_fades(narrow: Visit) -> None:
    # What a screen reader alone reads is not seen, and a brace is stretched by a part that is cut.
    cut = narrow.page.evaluate(
        """() => [...document.querySelectorAll('article *')].filter(box => {
            if (box.closest('mjx-assistive-mml, mjx-ext')) return false;
            const style = getComputedStyle(box);
            return style.overflowX !== 'visible' && style.display !== 'inline'
                && box.clientWidth > 1 && box.scrollWidth > box.clientWidth + 1
                && style.maskImage === 'none';
        }).map(box => box.outerHTML.slice(0, 200))"""
    )
    assert cut == []


@each("narrow", [f"book/{name}" for name in WITH_MATHEMATICS if name.startswith(("s2_", "s3_"))])
def test_the_method_and_its_model_are_read_without_scrolling(narrow: Visit) -> None:
    widths = narrow.page.evaluate(
        """() => [...document.querySelectorAll('article div.math > mjx-container')]
            .map(formula => formula.scrollWidth - formula.clientWidth)"""
    )
    assert widths or narrow.page.url.endswith("s2_method.html")
    assert max(widths, default=0) <= 1


@each("narrow", BOOK)
def test_a_caption_stays_while_its_table_scrolls(narrow: Visit) -> None:
    lost = narrow.page.evaluate(
        """() => [...document.querySelectorAll('article table > caption')].filter(caption => {
            const box = caption.closest('.pst-scrollable-table-container');
            if (!box || !box.clientWidth) return false;
            const within = () => {
                const [own, seen] = [caption, box].map(part => part.getBoundingClientRect());
                return own.left >= seen.left - 2 && own.right <= seen.right + 2;
            };
            const first = within();
            box.scrollLeft = box.scrollWidth;
            const then = within();
            box.scrollLeft = 0;
            return !first || !then;
        }).map(caption => caption.innerText)"""
    )
    assert lost == []


@each("narrow", BOOK)
def test_a_wide_table_of_words_is_a_card_for_each_row(narrow: Visit) -> None:
    wrong = narrow.page.evaluate(
        """() => [...document.querySelectorAll('article table')].filter(table => {
            const box = table.parentElement;
            const wide = box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1;
            if (!table.matches('.cards'))
                return wide && /\\p{L}/u.test(table.tBodies[0].innerText);
            return wide || getComputedStyle(table.tBodies[0].rows[0]).display !== 'block';
        }).map(table => table.outerHTML.slice(0, 200))"""
    )
    assert wrong == []
    shown = narrow.page.locator("table.cards >> visible=true")
    if shown.count():
        said = set(re.findall(r"^ *- '?(\w+)", shown.first.aria_snapshot(), re.MULTILINE))
        assert {"table", "rowgroup", "row", "columnheader", "cell"} <= said


@each("narrow", BOOK)
def test_letters_of_figures_are_legible_on_a_narrow_page(narrow: Visit) -> None:
    small = narrow.page.evaluate(
        """() => [...document.querySelectorAll('article .picture img')]
            .filter(image => image.getBoundingClientRect().width
                < parseFloat(image.style.getPropertyValue('--legible')) - 1)
            .map(image => image.src)"""
    )
    assert small == []


@pytest.mark.parametrize("word", ["reparameterization", "wake-sleep", "Frey"])
def test_the_search_finds_a_word_of_the_book(word: str, browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/search.html?q={word}") as visit:
        summary = visit.page.locator("#search-results li .context").first
        summary.wait_for()
        assert word.lower() in summary.inner_text().lower()
        assert visit.complaints == []


@pytest.mark.parametrize(
    ("term", "page"),
    [
        ("lower bound", "s2_2_variational_bound"),
        ("reparameterization", "s2_4_reparameterization"),
        ("wake-sleep", "s4_related_work"),
    ],
)
def test_the_section_that_explains_a_term_is_found_first(
    term: str, page: str, browser: Browser, address: str
) -> None:
    with Visit(browser, f"{address}/search.html?q={term}") as visit:
        first = visit.page.locator("#search-results li a").first
        first.wait_for()
        assert Path(urlsplit(first.get_attribute("href") or "").path).stem == page


@each("offline", BOOK)
def test_a_page_works_without_a_server(offline: Visit) -> None:
    assert offline.complaints == []
    assert {urlsplit(url).scheme for url in offline.requests} <= {"file", "data"}
    assert offline.page.locator("article h1").is_visible()
