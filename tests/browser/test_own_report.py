"""The report on one's own data in Chromium: on a desk, on a phone, in the light, in the dark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from visiting import Visit

from companion.own.training import train

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = np.random.Generator(np.random.PCG64(0)).random((60, 5, 4), np.float32)
    out = tmp_path_factory.mktemp("own") / "out"
    return train(
        images, n_latent=4, n_hidden=3, samples=20_000, stepsize=0.1, out=out, progress=False
    ).report


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_everywhere_and_asks_for_nothing(
    width: int, scheme: str, report: Path, browser: Browser
) -> None:
    with Visit(browser, report.as_uri(), width=width, color_scheme=scheme) as visit:
        asked = [address for address in visit.requests if not address.startswith("data:")]
        assert (asked, visit.complaints) == ([report.as_uri()], [])
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        shown = visit.page.locator("img")
        assert shown.count() == 5
        for place in range(5):
            assert shown.nth(place).evaluate("image => image.naturalWidth") > 100
        found = Axe().run(visit.page, options={"resultTypes": ["violations"]}).response
        assert found["passes"]
        assert found["violations"] == []
