"""Every page of the built book in Chromium, served from this machine."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import ROOT
from playwright.sync_api import Browser, Page, sync_playwright

from workflow import chapters

pytestmark = pytest.mark.browser

NAMES = [page.name for page in chapters.pages(ROOT)]
WITH_MATHEMATICS = [page.name for page in chapters.pages(ROOT) if "$" in page.text]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(html: Path) -> Iterator[str]:
    """The book on a loopback port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(html))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("there is no Chromium here: install the package chromium", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visit:
    """A page that was opened, with all that it asked for and complained about."""

    def __init__(self, browser: Browser, url: str, *, width: int = 1200) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 800})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )
        response = self.page.goto(url, wait_until="networkidle")
        assert response is not None
        assert response.ok
        self.page.evaluate("() => window.MathJax?.startup?.promise")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()


def test_the_book_has_its_25_pages(html: Path) -> None:
    assert len(NAMES) == 25
    assert len(list((html / "book").glob("*.html"))) == 25
    assert len(WITH_MATHEMATICS) > 10


def test_the_front_door_leads_to_the_index(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/index.html") as visit:
        visit.page.wait_for_url("**/book/index.html")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole_and_asks_nobody_else(name: str, browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/book/{name}.html") as visit:
        assert visit.complaints == []
        assert visit.requests
        assert {urlsplit(url).hostname for url in visit.requests} <= {"127.0.0.1", None}
        if name in WITH_MATHEMATICS:
            assert visit.page.locator("article mjx-container").count() > 0
        assert visit.page.locator("article mjx-merror").count() == 0
        visit.page.evaluate(
            "() => document.querySelectorAll('article img').forEach(i => i.loading = 'eager')"
        )
        visit.page.wait_for_load_state("networkidle")
        broken = visit.page.evaluate(
            "() => [...document.querySelectorAll('article img')]"
            ".filter(i => !i.complete || i.naturalWidth === 0).map(i => i.src)"
        )
        assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_no_page_scrolls_sideways_on_a_narrow_screen(
    name: str, browser: Browser, address: str
) -> None:
    with Visit(browser, f"{address}/book/{name}.html", width=390) as visit:
        widths = visit.page.evaluate(
            "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert widths[0] <= widths[1]


def test_the_search_finds_a_word_of_the_book(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/search.html?q=reparameterization") as visit:
        visit.page.wait_for_selector("#search-results li")
        assert visit.complaints == []


def test_pages_work_without_a_server(browser: Browser, html: Path) -> None:
    page = browser.new_page()
    page.goto((html / "book" / f"{WITH_MATHEMATICS[0]}.html").as_uri())
    page.wait_for_selector("article mjx-container")
    page.close()
