"""axe-core on every page, light and dark, with all that is folded opened."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from visiting import NAMES, PAGES, Visit

pytestmark = pytest.mark.browser

GRAVE = {"serious", "critical"}


def grave(visit: Visit) -> list[str]:
    """The rules that the page breaks badly, and where."""
    answer: dict[str, Any] = Axe().run(visit.page, options={"resultTypes": ["violations"]}).response
    assert answer["passes"]
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in answer["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_shuts_a_reader_out(
    name: str, scheme: Literal["light", "dark"], browser: Browser, address: str
) -> None:
    with Visit(browser, f"{address}/{name}.html", color_scheme=scheme) as visit:
        assert visit.page.locator("html").get_attribute("data-theme") == scheme
        visit.unfold()
        assert grave(visit) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_narrow_page_shuts_a_reader_out(name: str, browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/book/{name}.html", width=390) as visit:
        visit.unfold()
        assert grave(visit) == []


def test_a_page_with_a_fault_is_found(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/book/{NAMES[0]}.html") as visit:
        visit.page.evaluate("() => document.querySelector('article img').removeAttribute('alt')")
        assert [fault.split(":")[0] for fault in grave(visit)] == ["image-alt"]
