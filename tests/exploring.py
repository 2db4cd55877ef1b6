"""How the explorers of the built book are opened and asked in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from visiting import Visit

# The pages that hold an explorer.
MANIFOLD, DRAW = "a_visualisations", "s3_variational_autoencoder"
BOUND = "s2_2_variational_bound"
SAMPLES = "s2_4_reparameterization"
CURVES, LIKELIHOOD = "s5_1_lower_bound", "s5_2_marginal_likelihood"


def opened(context: BrowserContext, html: Path, name: str, *, touch: bool = False) -> Page:
    """The page with its explorer started; anything it complains about fails the test."""
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto((html / "book" / f"{name}.html").as_uri())
    invitation = page.locator(".explorer-invitation")
    if touch:
        invitation.tap()
    else:
        invitation.click()
    page.wait_for_selector(".explorer-stage canvas")
    return page


def settled(page: Page) -> None:
    """Wait until what was asked for has been computed and drawn."""
    page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 60))")


def start(page: Page) -> None:
    """Accept the invitation, and wait until the explorer stands."""
    page.locator(".explorer-invitation").click()
    page.wait_for_selector(".explorer-stage[data-ready]")


def ask(page: Page, function: str, argument: Any = None) -> Any:
    """What an asynchronous function of JavaScript returns for an argument."""
    return page.evaluate(function, argument)


def started(browser: Browser, address: str, name: str) -> Iterator[Visit]:
    """A visit to the page with its explorer standing; in the end nothing has complained."""
    with Visit(browser, f"{address}/book/{name}.html") as visit:
        start(visit.page)
        yield visit
        assert visit.complaints == []
