"""The explorers that load no network in Chromium, from the disk: still, on a phone, in the dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from exploring import BOUND, CURVES, LIKELIHOOD, SAMPLES, opened, settled
from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.browser

EXPLORERS = {
    BOUND: "bound",
    SAMPLES: "reparameterization",
    CURVES: "learning-curves",
    LIKELIHOOD: "learning-curves",
}


def test_the_pages_that_hold_these_explorers_are_known(html: Path) -> None:
    for path in (html / "book").glob("*.html"):
        text = path.read_text("utf-8")
        for name in set(EXPLORERS.values()):
            wanted = EXPLORERS.get(path.stem) == name
            assert (f"explorers/{name}.js" in text) == wanted, path.stem


@pytest.mark.parametrize("name", EXPLORERS)
def test_without_scripts_the_picture_and_its_words_are_there(
    name: str, browser: Browser, html: Path
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((html / "book" / f"{name}.html").as_uri())
        still = page.locator(f".explorer-{EXPLORERS[name]} figure")
        assert still.locator("img").is_visible()
        assert len(still.locator("img").get_attribute("alt") or "") > 50
        assert len(still.locator("figcaption").inner_text()) > 100
        assert page.locator(".explorer-stage").count() == 0


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_words_below_an_open_explorer_are_true_of_it(
    name: str, desk: BrowserContext, html: Path
) -> None:
    """Those of the samples speak of one f; those of the curves of all that can be chosen, and those
    of the bound of the numbers that it starts with."""
    page = opened(desk, html, name)
    page.wait_for_selector(".explorer-stage[data-ready]")
    caption = page.locator(f".explorer-{EXPLORERS[name]} .caption-text").inner_text()
    assert ("chosen f(z)" in caption) == (name == SAMPLES)
    assert ("reference runs" in caption) == (name in (CURVES, LIKELIHOOD))
    assert ("at x = 0.8 with s = 0.5" in caption) == (name == BOUND)


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_phone_shows_all_of_it(name: str, phone: BrowserContext, html: Path) -> None:
    page = opened(phone, html, name, touch=True)
    widths = page.evaluate(
        "() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll("
        "'.explorer-stage > *')].map((part) => part.getBoundingClientRect().right)]"
    )
    assert max(widths) <= 390
    # Large enough for a finger.
    heights = page.evaluate(
        "() => [...document.querySelectorAll('.explorer-stage :is(label, button)')]"
        ".map((part) => part.getBoundingClientRect().height)"
    )
    assert len(heights) > 5
    assert min(heights) >= 36


@pytest.mark.parametrize("name", EXPLORERS)
def test_it_is_drawn_anew_when_the_page_turns_dark(
    name: str, desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, name)
    settled(page)
    drawn = "() => document.querySelector('.explorer-stage .explorer-canvas').toDataURL()"
    page.evaluate("() => (document.documentElement.dataset.theme = 'light')")
    settled(page)
    light = page.evaluate(drawn)
    page.evaluate("() => (document.documentElement.dataset.theme = 'dark')")
    settled(page)
    assert page.evaluate(drawn) != light
