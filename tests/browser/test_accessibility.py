"""axe-core on every page, light and dark, with all that is folded opened."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from visiting import NAMES, PAGES, Visit, each

pytestmark = pytest.mark.browser

GRAVE = {"serious", "critical"}


def grave(visit: Visit, *, without: str | None = None) -> list[str]:
    """The rules that the page breaks badly, and where; one may be left out."""
    rules = {without: {"enabled": False}} if without else {}
    # axe reads the style sheets by itself, which a page without a server does not allow.
    with visit.examined():
        found = Axe().run(visit.page, options={"resultTypes": ["violations"], "rules": rules})
    answer: dict[str, Any] = found.response
    assert answer["passes"]
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in answer["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@each("wide", PAGES)
def test_no_page_shuts_a_reader_out_in_the_light(wide: Visit) -> None:
    assert wide.page.locator("html").get_attribute("data-theme") == "light"
    assert grave(wide) == []


@each("offline", PAGES)
def test_no_page_shuts_a_reader_out_in_the_dark(offline: Visit) -> None:
    assert offline.page.locator("html").get_attribute("data-theme") == "dark"
    assert grave(offline) == []


@each("narrow", [f"book/{name}" for name in NAMES])
def test_no_narrow_page_shuts_a_reader_out(narrow: Visit) -> None:
    # Contrast, which takes three quarters of the time, is that of the wide page.
    assert grave(narrow, without="color-contrast") == []


def test_a_page_with_a_fault_is_found(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/book/{NAMES[0]}.html") as visit:
        visit.page.evaluate("() => document.querySelector('article img').removeAttribute('alt')")
        assert [fault.split(":")[0] for fault in grave(visit)] == ["image-alt"]
