"""A figure enlarges in Chromium: by a tap, by the keyboard, and it closes again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

# It holds a figure that no explorer replaces.
NAME = "s2_2_variational_bound"


def read(context: BrowserContext, html: Path) -> Page:
    page = context.new_page()
    page.goto((html / "book" / f"{NAME}.html").as_uri())
    return page


def test_a_tap_makes_a_figure_larger_than_a_phone_and_another_closes_it(
    phone: BrowserContext, html: Path
) -> None:
    page = read(phone, html)
    dialog = page.locator("dialog.enlarged")
    image = page.locator(".enlarge img").first
    words = image.get_attribute("alt") or ""
    image.tap()
    assert dialog.is_visible()
    large = dialog.locator("img")
    assert (large.get_attribute("alt"), len(words) > 40) == (words, True)
    box = large.bounding_box()
    assert box is not None
    assert box["width"] > 1.5 * 390
    dialog.tap(position={"x": 100, "y": 700})
    assert not dialog.is_visible()


def test_the_keyboard_opens_it_and_escape_leads_back(desk: BrowserContext, html: Path) -> None:
    page = read(desk, html)
    button = page.locator("button.enlarge").first
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog.enlarged").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.enlarged").is_visible()
    assert button.evaluate("(button) => button === document.activeElement")


def test_a_picture_is_left_to_its_explorer(phone: BrowserContext, html: Path) -> None:
    page = phone.new_page()
    page.goto((html / "book" / "index.html").as_uri())
    assert page.locator(".explorer img").count() > 0
    assert page.locator(".explorer button.enlarge").count() == 0
