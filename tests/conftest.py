"""What several test files share."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import offspring
import pytest
import shapes
import torch
from places import ROOT
from together import begin_with_what_takes_longest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from visiting import Visit

offspring.bind()

# Before anything imports vaelib.
shapes.switch_on()

# A test measures anew: what it puts in the place of a function has no other name.
os.environ["VAELIB_MEASUREMENTS"] = ""

# No test asks a public mirror.
os.environ["VAELIB_OFFLINE"] = "1"

# Runs use one thread each; more would change the last bits, and slow small tests down.
torch.set_num_threads(1)

# Of the quick suite's statistical tests together.
FALSE_ALARMS_A_RUN = 1e-4


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one plain page and one chapter, as the current folder."""
    import small_book

    small_book.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def html() -> Path:
    """The built book; tests that need it are marked `book` or `browser`."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail(f"{folder} holds no book: run `make book` first", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def address(html: Path) -> Iterator[str]:
    """The book on a loopback port."""
    import visiting

    with visiting.server(html) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, which knows no other host than this machine."""
    import visiting
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = visiting.launch(playwright.chromium)
        yield chromium
        chromium.close()


def unfolded(
    request: pytest.FixtureRequest, browser: Browser, root: str, **options: Any
) -> Iterator[Visit]:
    """A visit to the page that a test names, with all that is folded opened."""
    import visiting

    with visiting.Visit(browser, f"{root}/{request.param}.html", **options) as visit:
        visit.untouched = visit.cost()
        visit.unfold()
        yield visit


@pytest.fixture(scope="session")
def wide(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Visit]:
    """A page on a desk, in the light; for `visiting.each`, as the next two."""
    yield from unfolded(request, browser, address, color_scheme="light")


@pytest.fixture(scope="session")
def narrow(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Visit]:
    """A page on a narrow screen."""
    yield from unfolded(request, browser, address, width=390)


@pytest.fixture(scope="session")
def offline(request: pytest.FixtureRequest, browser: Browser, html: Path) -> Iterator[Visit]:
    """A page from the disk, in the dark."""
    yield from unfolded(request, browser, html.as_uri(), color_scheme="dark")


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        yield context


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    size = {"width": 390, "height": 844}
    with browser.new_context(viewport=size, has_touch=True, is_mobile=True) as context:  # type: ignore[arg-type]
        yield context


@pytest.fixture
def manifold(browser: Browser, address: str) -> Iterator[Visit]:
    import exploring

    yield from exploring.started(browser, address, exploring.MANIFOLD)


@pytest.fixture
def draw(browser: Browser, address: str) -> Iterator[Visit]:
    import exploring

    yield from exploring.started(browser, address, exploring.DRAW)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What tests share is made in one worker."""
    from together import Together

    return Together(config, log)


@pytest.hookimpl(trylast=True)  # pytest puts together what shares a fixture
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long first; and the quick false-alarm rates add up to no more than is promised."""
    begin_with_what_takes_longest(items)
    quick = [item for item in items if item.get_closest_marker("slow") is None]
    total = sum(marker.args[0] for item in quick for marker in item.iter_markers("statistical"))
    if total > FALSE_ALARMS_A_RUN:
        raise pytest.UsageError(
            f"the statistical tests raise a false alarm in {total:.1e} of all runs, which is more "
            f"than {FALSE_ALARMS_A_RUN:.0e}: widen the tolerance of one"
        )
