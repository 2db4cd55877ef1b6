"""A symbol says what it stands for: to a pointer, a finger, the keyboard; in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

NAME = "s2_2_variational_bound"
EQUATION = "#equation-eq-3"
PHI = "phi: the variational parameters, of the recognition model"


def visit(browser: Browser, html: Path, name: str = NAME, *, phone: bool = False) -> Page:
    size = {"width": 390, "height": 800} if phone else {"width": 1200, "height": 800}
    page = browser.new_context(viewport=size, has_touch=phone).new_page()  # type: ignore[arg-type]
    page.goto((html / "book" / f"{name}.html").as_uri())
    return page


def symbol(page: Page, note: str) -> str:
    """A selector of the symbols of equation 3 with this note."""
    number = page.evaluate(
        """note => Object.entries(window.NOTATION)
            .find(([, [name, means]]) => `${name}: ${means}` === note)[0]""",
        note,
    )
    return f'{EQUATION} mjx-math [data-is="{number}"]'


def test_pointing_at_a_symbol_explains_it_and_leaving_ends_it(browser: Browser, html: Path) -> None:
    page = visit(browser, html)
    before = page.evaluate("document.body.scrollHeight")
    page.locator(symbol(page, PHI)).first.hover()
    tip = page.locator("#notation-tip")
    tip.wait_for(state="visible")
    assert tip.inner_text().strip() == PHI
    assert page.evaluate("document.body.scrollHeight") == before
    page.mouse.move(2, 2)
    tip.wait_for(state="hidden")
    page.context.close()


def test_the_keyboard_explains_a_whole_formula(browser: Browser, html: Path) -> None:
    page = visit(browser, html)
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


def test_a_finger_explains_a_symbol_within_the_screen(browser: Browser, html: Path) -> None:
    page = visit(browser, html, phone=True)
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


def test_each_formula_that_is_explained_can_be_reached(browser: Browser, html: Path) -> None:
    page = visit(browser, html)
    stops = page.evaluate(
        """() => [...document.querySelectorAll("article div.math")]
            .filter(found => found.querySelector("mjx-math [data-is]"))
            .map(found => found.tabIndex)"""
    )
    assert len(stops) > 10
    assert set(stops) == {0}
    page.context.close()


def test_a_note_is_not_printed(browser: Browser, html: Path) -> None:
    page = visit(browser, html)
    page.locator(symbol(page, PHI)).first.hover()
    page.locator("#notation-tip").wait_for(state="visible")
    page.emulate_media(media="print")
    assert page.locator("#notation-tip").is_hidden()
    page.context.close()
