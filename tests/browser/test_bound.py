"""The explorer of section 2.2 in Chromium: its numbers are exact, and its handles lead."""

from __future__ import annotations

import re
from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
from exploring import BOUND, opened, settled
from places import ROOT
from playwright.sync_api import BrowserContext, Page

from companion.studies.one_dimensional import OneDimensional

pytestmark = pytest.mark.browser

SPLIT = "([theta, mean, deviation]) => explorers.oneDimensional.split(theta, mean, deviation)"


def test_both_sides_of_equation_1_are_those_of_the_study(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, BOUND)
    x, noise = page.evaluate("() => [explorers.oneDimensional.X, explorers.oneDimensional.NOISE]")
    source = (ROOT / "book" / f"{BOUND}.md").read_text("utf-8")
    shown = dict(re.findall(r"^(x|noise) = (\S+)", source, re.MULTILINE))
    assert shown == {"x": str(x), "noise": str(noise)}
    for theta, mean, deviation in product((0.0, 2.0, 5.0), (-1.5, 0.2, 2.0), (0.2, 1.5)):
        found = page.evaluate(SPLIT, [theta, mean, deviation])
        example = OneDimensional(noise=noise, slope=theta)
        exact = example.decompose(
            x, torch.tensor(mean, dtype=torch.float64), torch.tensor(deviation, dtype=torch.float64)
        )
        assert found["evidence"] == pytest.approx(exact.log_evidence.item(), abs=1e-10)
        assert found["bound"] == pytest.approx(exact.bound.item(), abs=1e-10)
        assert found["kl"] == pytest.approx(exact.kl.item(), abs=1e-10)
        # Of the widest q here up to 5e-8 of its mass lie beyond the ends of the lattice.
        assert found["bound"] + found["kl"] == pytest.approx(found["evidence"], abs=1e-7)


def values(page: Page) -> dict[str, float]:
    """Where the three sliders stand, and what the line below says."""
    places = page.locator(".explorer-slider input").evaluate_all(
        "all => all.map(one => +one.value)"
    )
    numbers = re.findall(r"−?\d+\.\d+", page.locator(".explorer-readout").inner_text())
    names = ("mean", "deviation", "theta", "evidence", "bound", "kl")
    said = (float(number.replace("−", "-")) for number in numbers)
    return dict(zip(names, (*places, *said), strict=True))


def test_the_bound_touches_where_the_posterior_is_a_gaussian(
    desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, BOUND)
    page.get_by_role("button", name="Best q for this θ").click()
    skewed = values(page)["kl"]
    slope = page.locator(".explorer-slider input").nth(2)
    slope.focus()
    page.keyboard.press("Home")
    lifted = values(page)["kl"]
    page.get_by_role("button", name="Best q for this θ").click()
    # With θ = 0 the posterior is the prior.
    found = values(page)
    assert (found["theta"], found["mean"], found["deviation"]) == (0, 0, 1)
    assert lifted > 5 * skewed > 5 * found["kl"] == 0


def test_steps_in_turn_never_lower_the_bound(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, BOUND)
    bounds = [values(page)["bound"]]
    for _ in range(3):
        for name in ("Best q for this θ", "Best θ for this q"):
            page.get_by_role("button", name=name).click()
            bounds.append(values(page)["bound"])
    # The sliders have steps of a hundredth.
    assert all(later >= earlier - 1e-3 for earlier, later in pairwise(bounds))
    assert bounds[-1] > bounds[0] + 0.05


def test_handles_follow_the_mouse(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, BOUND)
    settled(page)
    before = values(page)
    canvas = page.locator(".explorer-stage canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    # θ moves with a drag anywhere in its panel, for a mouse.
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], middle)
    page.mouse.up()
    after = values(page)
    assert after["theta"] > before["theta"] + 1
    assert (after["mean"], after["deviation"]) == (before["mean"], before["deviation"])
    total = after["bound"] + after["kl"]
    assert total == pytest.approx(after["evidence"], abs=2e-3)


def test_a_swipe_scrolls_the_page_unless_it_began_on_a_handle_and_a_tap_moves_it(
    phone: BrowserContext, html: Path
) -> None:
    page = opened(phone, html, BOUND, touch=True)
    panel = page.locator(".explorer-stage canvas").nth(1)
    fingers = phone.new_cdp_session(page)

    def swipe(x: float, y: float, across: float, up: float) -> tuple[bool, bool]:
        """Whether the page moved, and θ."""
        panel.evaluate("panel => panel.scrollIntoView({block: 'center'})")
        settled(page)
        box = panel.bounding_box()
        assert box is not None
        before = page.evaluate("scrollY"), values(page)["theta"]
        for step in range(9):
            at = {
                "x": box["x"] + x + across * step / 8,
                "y": box["y"] + y + up * step / 8,
            }
            kind = "touchMove" if step else "touchStart"
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
            settled(page)
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        settled(page)
        return page.evaluate("scrollY") != before[0], values(page)["theta"] != before[1]

    settled(page)
    x, y = panel.evaluate("panel => panel.handles().theta")
    assert swipe(x + 90, y + 60, 0, -120) == (True, False)
    assert swipe(x, y, 60, 0) == (False, True)
    before = values(page)["theta"]
    panel.tap(position={"x": 60, "y": 60})
    assert values(page)["theta"] < before
