"""The built book in Chromium: how a page is opened, and what is noted while it loads."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from playwright.sync_api import Browser, BrowserType, Page

from workflow import chapters

NAMES = [page.name for page in chapters.pages(ROOT)]
# The chapters, and one page of each kind that Sphinx writes beside them.
PAGES = [*(f"book/{name}" for name in NAMES), "search", "genindex", "py-modindex"]
PAGES += ["_modules/vaelib/elbo", "_tests/vaelib.test_elbo"]
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

OBSERVE = """
window.shift = 0;
window.painted = Infinity;
new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) window.shift += entry.value;
})).observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(entry => {
    window.painted = entry.startTime / 1000;
})).observe({type: 'largest-contentful-paint', buffered: true});
"""
# Headers included. A page from this machine is sent as it lies on the disk, not compressed.
MEASURE = """() => new Promise(resolve => setTimeout(() => resolve({
    bytes: [...performance.getEntriesByType('navigation'),
            ...performance.getEntriesByType('resource')]
        .reduce((sum, entry) => sum + entry.transferSize, 0),
    painted: window.painted,
    shift: window.shift,
}), 200))"""


def each(fixture: str, names: Iterable[str]) -> pytest.MarkDecorator:
    """Ask each of these pages in the visit of that kind, which all such tests share."""
    named = [pytest.param(name, id=f"{fixture} {name}") for name in names]
    return pytest.mark.parametrize(fixture, named, indirect=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def server(folder: Path) -> ThreadingHTTPServer:
    """A server of a folder on a free port of this machine, as `make serve` starts one."""
    return ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))


def launch(chromium: BrowserType) -> Browser:
    """Start the Chromium of this machine."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("there is no Chromium here: install the package chromium", pytrace=False)
    return chromium.launch(executable_path=found, args=ARGUMENTS)


class Visit:
    """A page that was opened, with all that it asked for and complained about.

    Every visit is a first one: it has a cache of its own, which is empty.

    Attributes:
        untouched: its cost before anything was touched, of a visit that tests share.
        requests: the addresses that the page asked for.
        complaints: what went wrong, in the page's own words.
    """

    def __init__(self, browser: Browser, url: str, *, width: int = 1200, **options: Any) -> None:
        self.untouched: dict[str, float] = {}
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 800}, **options)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{message.text} ({message.location.get('url')})")
                if message.type == "error" or re.search(r"\b(font|OTS)\b", message.text)
                else None
            ),
        )
        self.page.add_init_script(OBSERVE)
        response = self.page.goto(url, wait_until="networkidle")
        assert response is None or response.ok

    def cost(self) -> dict[str, float]:
        """What it took so far: bytes, seconds until the largest part was painted, and shift."""
        found: dict[str, float] = self.page.evaluate(MEASURE)
        return found

    @contextmanager
    def examined(self) -> Iterator[None]:
        """Within it, what is asked for and complained about is a tool's doing, not the page's."""
        requests, complaints = list(self.requests), list(self.complaints)
        yield
        self.requests[:], self.complaints[:] = requests, complaints

    def unfold(self) -> None:
        """Open all that is folded, at once and not by and by, and load every image."""
        self.page.evaluate(
            """async () => {
                document.querySelectorAll('article details').forEach(d => d.open = true);
                document.querySelectorAll('article .toggle-hidden')
                    .forEach(t => t.classList.remove('toggle-hidden'));
                const images = [...document.querySelectorAll('article img')];
                images.forEach(image => image.loading = 'eager');
                await Promise.allSettled(images.map(image => image.decode()));
                await new Promise(seen => setTimeout(seen, 100));
                document.getAnimations().forEach(animation => animation.finish());
            }"""
        )

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()
