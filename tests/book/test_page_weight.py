"""What a first visit costs: bytes before the reader touches anything, time, and unrest."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from visiting import NAMES, Visit, each

pytestmark = pytest.mark.browser

BOOK = [f"book/{name}" for name in NAMES]
BYTES = 1_000_000
SECONDS = 1.0
SHIFT = 0.05
# Another process can only make a page slower: the best of a few visits is the page's own time.
VISITS = 5


@each("wide", BOOK)
def test_a_page_is_light_and_stands_still(wide: Visit) -> None:
    assert 50_000 < wide.untouched["bytes"] < BYTES
    assert wide.untouched["shift"] <= SHIFT


@each("narrow", BOOK)
def test_a_narrow_page_stands_still(narrow: Visit) -> None:
    assert narrow.untouched["shift"] <= SHIFT


@pytest.mark.timed
@pytest.mark.parametrize("name", BOOK)
def test_a_page_is_quick(name: str, browser: Browser, address: str) -> None:
    painted = []
    for _ in range(VISITS):
        with Visit(browser, f"{address}/{name}.html") as visit:
            painted.append(visit.cost()["painted"])
        if painted[-1] < SECONDS:
            break
    assert min(painted) < SECONDS
