"""A symbol says what it stands for: to a pointer, a finger, the keyboard; in Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from test_browser import ARGUMENTS

pytestmark = pytest.mark.browser

NAME = "s2_2_variational_bound"
EQUATION = "#equation-eq-3 mjx-container"
PHI = "phi: the variational parameters, of the recognition model"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(browser: Browser, html: Path, name: str = NAME, *, phone: bool = False) -> Page:
    size = {"width": 390, "height": 800} if phone else {"width": 1200, "height": 800}
    context = browser.new_context(viewport=size, has_touch=phone)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto((html / "book" / f"{name}.html").as_uri())
    page.evaluate("() => MathJax.startup.promise")
    return page


def symbol(page: Page, meaning: str) -> str:
    """A selector of the first symbol of equation 3 with this meaning."""
    number = page.evaluate(
        """meaning => {
            const page = location.pathname.split("/").pop().replace(".html", "");
            const rows = window.NOTATION;
            const ordered = [...rows.filter(r => !r.pages),
                             ...rows.filter(r => r.pages && r.pages.includes(page))];
            return ordered.findIndex(r => `${r.name}: ${r.means}` === meaning);
        }""",
        meaning,
    )
    return f'{EQUATION} mjx-math [data-notation="{number}"]'


def test_pointing_at_a_symbol_explains_it_and_leaving_ends_it(
    chromium: Browser, html: Path
) -> None:
    page = visit(chromium, html)
    before = page.evaluate("document.body.scrollHeight")
    page.locator(symbol(page, PHI)).first.hover()
    tip = page.locator("#notation-tip")
    tip.wait_for(state="visible")
    assert tip.inner_text().strip() == PHI
    assert page.evaluate("document.body.scrollHeight") == before
    page.mouse.move(2, 2)
    tip.wait_for(state="hidden")
    page.context.close()


def test_the_keyboard_explains_a_whole_formula(chromium: Browser, html: Path) -> None:
    page = visit(chromium, html)
    page.locator(EQUATION).first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    tip = page.locator("#notation-tip")
    tip.wait_for(state="visible")
    assert PHI in tip.inner_text()
    assert tip.locator("p").count() >= 6
    assert (
        page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "notation-tip"
    )
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    page.context.close()


def test_a_finger_explains_a_symbol_within_the_screen(chromium: Browser, html: Path) -> None:
    page = visit(chromium, html, phone=True)
    page.locator(symbol(page, PHI)).first.tap()
    tip = page.locator("#notation-tip")
    tip.wait_for(state="visible")
    assert tip.inner_text().strip() == PHI
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.locator("article h1").tap()
    tip.wait_for(state="hidden")
    page.context.close()


def test_a_symbol_with_an_index_is_one_symbol(chromium: Browser, html: Path) -> None:
    """In N_z neither N nor z has its own meaning."""
    page = visit(chromium, html, "s5_1_lower_bound")
    marked = page.evaluate(
        """() => [...document.querySelectorAll("article mjx-math mjx-msub[data-notation]")]
            .map(found => [found.textContent, found.querySelectorAll("[data-notation]").length])"""
    )
    assert marked
    assert all(inner == 0 for _, inner in marked)
    page.context.close()


def test_a_page_s_own_meaning_wins(chromium: Browser, html: Path) -> None:
    page = visit(chromium, html, "d_marginal_likelihood")
    page.locator("article mjx-container").first.scroll_into_view_if_needed()
    text = page.evaluate(
        """() => {
            for (const container of document.querySelectorAll("article mjx-container")) {
                if (container.querySelector("mjx-math").textContent || true) container.click();
                const note = document.querySelector("#notation-tip")?.innerText || "";
                if (note.includes("number of posterior draws")) return note;
            }
            return "";
        }"""
    )
    assert "noise draws for each datapoint" not in text
    assert "number of posterior draws" in text
    page.context.close()


def test_a_note_is_not_printed(chromium: Browser, html: Path) -> None:
    page = visit(chromium, html)
    page.locator(symbol(page, PHI)).first.hover()
    page.locator("#notation-tip").wait_for(state="visible")
    page.emulate_media(media="print")
    assert page.locator("#notation-tip").is_hidden()
    page.context.close()


@pytest.mark.parametrize("name", ["s2_2_variational_bound", "s2_3_sgvb_and_aevb", "f_full_vb"])
def test_nearly_every_letter_is_explained(name: str, chromium: Browser, html: Path) -> None:
    """Of the letters in formulas, counted with repetitions; numbers and functions do not count."""
    page = visit(chromium, html, name)
    marked, letters = page.evaluate(
        """() => {
            let marked = 0, letters = 0;
            for (const math of MathJax.startup.document.math) math.root.walkTree(node => {
                if (node.kind !== "mi" || !/^\\p{L}$/u.test(node.getText())) return;
                letters++;
                for (let at = node; at; at = at.parent)
                    if (at.attributes?.getExplicit("data-notation") !== undefined) {
                        marked++;
                        break;
                    }
            });
            return [marked, letters];
        }"""
    )
    assert letters > 50
    assert marked >= 0.9 * letters
    page.context.close()
