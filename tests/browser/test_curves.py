"""The learning curves of sections 5.1 and 5.2 in Chromium: every value can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exploring import CURVES, LIKELIHOOD, opened, settled
from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser


def carried(page: Page) -> dict[str, Any]:
    """The data in the page."""
    text = page.locator(".explorer script[type='application/json']").text_content()
    content: dict[str, Any] = json.loads(text or "")
    return content


def readout(page: Page) -> str:
    return page.locator(".explorer-readout").inner_text()


def round_trip(page: Page) -> set[str]:
    """What is said of a point of each visible curve, going down from curve to curve."""
    page.locator(".explorer-stage .explorer-canvas").first.focus()
    said: set[str] = set()
    page.keyboard.press("ArrowRight")
    while (now := readout(page)) not in said:
        said.add(now)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("End")
    return said


@pytest.mark.parametrize("name", [CURVES, LIKELIHOOD])
def test_the_keyboard_reaches_every_curve_and_reads_its_values(
    name: str, desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, name)
    curves = carried(page)["groups"][0]["panels"][0]["series"]
    tested = [series for series in curves if series["split"] == "test"]
    assert len(round_trip(page)) == len(tested) < len(curves)
    page.locator(".explorer-toggles input[value=train]").check()
    said = round_trip(page)
    assert len(said) == len(curves)
    for series in curves:
        value = f"{series['value'][-1]:.1f} nats".replace("-", "−")
        assert any(value in sentence for sentence in said), value
    page.keyboard.press("Home")
    first = readout(page)
    page.keyboard.press("ArrowRight")
    assert readout(page) != first
    page.keyboard.press("ArrowLeft")
    assert readout(page) == first


def test_every_panel_of_figure_2_can_be_chosen(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, CURVES)
    panels = 0
    for group in carried(page)["groups"]:
        page.locator(".explorer-choice label", has_text=group["name"]).click()
        for panel in group["panels"]:
            # The values of the second row of buttons.
            page.locator(".explorer-choice").nth(1).locator(
                f"input[value='{panel['value']}']"
            ).check(force=True)
            page.locator(".explorer-stage .explorer-canvas").first.focus()
            page.keyboard.press("ArrowRight")
            value = f"{panel['series'][0]['value'][-1]:.1f} nats".replace("-", "−")
            assert value in readout(page)
            panels += 1
    assert panels == 9


def test_curves_can_be_taken_away(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, CURVES)
    page.locator(".explorer-toggles input[value=wake_sleep]").uncheck()
    page.locator(".explorer-toggles input[value=paper]").uncheck()
    said = round_trip(page)
    assert said
    assert all(sentence.startswith("AEVB, test set") for sentence in said)
    assert not any("the paper" in sentence for sentence in said)
    page.locator(".explorer-toggles input[value=test]").uncheck()
    assert "Point at a curve" in readout(page)


def test_what_is_not_there_is_not_offered(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, LIKELIHOOD)
    panels = carried(page)["groups"][0]["panels"]
    for key in ("source", "algorithm", "split"):
        for value in {series[key] for panel in panels for series in panel["series"]}:
            assert page.locator(f".explorer-toggles input[value='{value}']").count() == 1
    sources = {series["source"] for panel in panels for series in panel["series"]}
    assert {"paper", "own"} <= sources
    for reading in ("as run", "as written"):
        box = page.locator(f".explorer-toggles input[value='{reading}']")
        assert box.count() == int(reading in sources)


def test_readings_can_be_chosen_with_the_keyboard(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, CURVES)
    before = round_trip(page)
    assert any("reference run, as written" in sentence for sentence in before)
    box = page.locator(".explorer-toggles input[value='as written']")
    box.focus()
    page.keyboard.press("Space")
    assert not box.is_checked()
    after = round_trip(page)
    assert after < before
    assert not any("reference run, as written" in sentence for sentence in after)


@pytest.mark.parametrize("touch", [False, True])
def test_a_pointer_finds_the_nearest_point(
    touch: bool, desk: BrowserContext, phone: BrowserContext, html: Path
) -> None:
    page = opened(phone if touch else desk, html, CURVES, touch=touch)
    settled(page)
    canvas = page.locator(".explorer-stage .explorer-canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    said = set()
    for share in np.linspace(0.15, 0.95, 17):
        x, y = box["x"] + share * box["width"], box["y"] + 0.3 * box["height"]
        if touch:
            page.touchscreen.tap(x, y)
        else:
            page.mouse.move(x, y)
        said.add(readout(page))
    assert len([sentence for sentence in said if " nats at " in sentence]) > 5


def test_the_figure_comes_back(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, CURVES)
    for _ in range(2):
        page.get_by_role("button", name="Back to the figure").click()
        assert page.locator(".explorer-learning-curves figure img").is_visible()
        assert page.locator(".explorer-stage").count() == 0
        page.locator(".explorer-invitation").click()
        assert page.locator(".explorer-stage .explorer-readout").count() == 1
