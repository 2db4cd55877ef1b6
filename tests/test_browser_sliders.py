"""The explorers of section 2.4 and of the learning curves in Chromium, opened from the disk."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.browser


SAMPLES, CURVES, LIKELIHOOD = (
    "s2_4_reparameterization",
    "s5_1_lower_bound",
    "s5_2_marginal_likelihood",
)
EXPLORERS = {
    SAMPLES: "reparameterization",
    CURVES: "learning-curves",
    LIKELIHOOD: "learning-curves",
}
DRAWS = 200_000
# A fixed seed: this is how far its averages happen to lie from the exact values, at the most.
STANDARD_ERRORS = 3.5
Function = Callable[[np.ndarray], np.ndarray]
TESTS: dict[str, tuple[Function, Function]] = {
    "square": (np.square, lambda z: 2 * z),
    "well": (lambda z: (z**2 - 1) ** 2, lambda z: 4 * z * (z**2 - 1)),
    "logistic": (lambda z: -np.logaddexp(0, -z), lambda z: 1 / (1 + np.exp(z))),
    "ripple": (lambda z: np.sin(10 * z), lambda z: 10 * np.cos(10 * z)),
}

# Both estimators in the browser, as the explorer computes them, and what it holds to be exact.
ESTIMATE = """([test, parameter, mu, sigma, n]) => {
  const { TESTS, PARAMETERS, normals, exact, estimates, moments } = explorers.gradients;
  const [f, direction] = [TESTS[test], PARAMETERS[parameter]];
  const { pathwise, score } = estimates(normals(1, n), f, direction, mu, sigma, 1);
  return {
    exact: exact(f, direction, mu, sigma),
    pathwise: moments(pathwise),
    score: moments(score),
  };
}"""


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        yield context


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    size = {"width": 390, "height": 844}
    with browser.new_context(viewport=size, has_touch=True, is_mobile=True) as context:  # type: ignore[arg-type]
        yield context


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


def test_the_pages_that_hold_these_explorers_are_known(html: Path) -> None:
    for path in (html / "book").glob("*.html"):
        text = path.read_text("utf-8")
        for name in set(EXPLORERS.values()):
            wanted = EXPLORERS.get(path.stem) == name
            assert (f"explorers/{name}.js" in text) == wanted, path.stem


@pytest.mark.parametrize("name", EXPLORERS)
def test_without_scripts_the_picture_and_its_words_are_there(
    name: str, browser: Browser, html: Path
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((html / "book" / f"{name}.html").as_uri())
        still = page.locator(f".explorer-{EXPLORERS[name]} figure")
        assert still.locator("img").is_visible()
        assert len(still.locator("img").get_attribute("alt") or "") > 50
        assert len(still.locator("figcaption").inner_text()) > 100
        assert page.locator(".explorer-stage").count() == 0


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_phone_shows_all_of_it(name: str, phone: BrowserContext, html: Path) -> None:
    page = opened(phone, html, name, touch=True)
    widths = page.evaluate(
        "() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll("
        "'.explorer-stage > *')].map((part) => part.getBoundingClientRect().right)]"
    )
    assert max(widths) <= 390
    # Large enough for a finger.
    heights = page.evaluate(
        "() => [...document.querySelectorAll('.explorer-stage :is(label, button)')]"
        ".map((part) => part.getBoundingClientRect().height)"
    )
    assert len(heights) > 5
    assert min(heights) >= 36


@pytest.mark.parametrize("name", EXPLORERS)
def test_it_is_drawn_anew_when_the_page_turns_dark(
    name: str, desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, name)
    settled(page)
    drawn = "() => document.querySelector('.explorer-stage .explorer-canvas').toDataURL()"
    page.evaluate("() => (document.documentElement.dataset.theme = 'light')")
    settled(page)
    light = page.evaluate(drawn)
    page.evaluate("() => (document.documentElement.dataset.theme = 'dark')")
    settled(page)
    assert page.evaluate(drawn) != light


# Section 2.4.


@pytest.mark.parametrize("test", TESTS)
def test_both_estimators_have_the_exact_mean_and_spread(
    test: str, desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, SAMPLES)
    # Independently: Gauss–Hermite quadrature, and the gradient as the mean of the other estimator.
    nodes, weights = hermegauss(300)
    weights = weights / weights.sum()
    f, slope = TESTS[test]
    for parameter, mu, sigma in product(("mu", "sigma"), (1.0, -0.7), (0.2, 1.1)):
        found = page.evaluate(ESTIMATE, [test, parameter, mu, sigma, DRAWS])
        z = mu + sigma * nodes
        pathwise = slope(z) * (nodes if parameter == "sigma" else 1)
        score = f(z) * ((nodes**2 - 1) if parameter == "sigma" else nodes) / sigma
        gradient = float(weights @ score)
        assert found["exact"]["gradient"] == pytest.approx(gradient, rel=1e-8, abs=1e-8)
        for key, values in (("pathwise", pathwise), ("score", score)):
            variance, fourth = (float(weights @ (values - gradient) ** power) for power in (2, 4))
            assert found["exact"][key] == pytest.approx(math.sqrt(variance), rel=1e-7)
            mean_error = math.sqrt(variance / DRAWS)
            variance_error = math.sqrt((fourth - variance**2) / DRAWS)
            assert abs(found[key]["mean"] - gradient) < STANDARD_ERRORS * mean_error
            assert abs(found[key]["deviation"] ** 2 - variance) < STANDARD_ERRORS * variance_error


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (1.0, 0.5), (-1.5, 0.05)])
def test_the_worked_example_has_the_variances_of_the_chapter(
    mu: float, sigma: float, desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, SAMPLES)
    found = page.evaluate(
        "([mu, sigma]) => explorers.gradients.exact(explorers.gradients.TESTS.square, "
        "explorers.gradients.PARAMETERS.mu, mu, sigma)",
        [mu, sigma],
    )
    assert found["gradient"] == pytest.approx(2 * mu, abs=1e-10)
    assert found["pathwise"] ** 2 == pytest.approx(4 * sigma**2, rel=1e-9)
    by_hand = mu**4 / sigma**2 + 14 * mu**2 + 15 * sigma**2
    assert found["score"] ** 2 == pytest.approx(by_hand, rel=1e-9)


def cell(page: Page, name: str) -> float:
    return float(page.locator(f"[data-cell={name}]").inner_text().replace("−", "-"))


def test_sliders_move_by_keyboard_and_the_numbers_follow(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, SAMPLES)
    mu, sigma, draws = (page.locator(".explorer-slider input").nth(place) for place in range(3))
    mu.press("Home")
    sigma.press("End")
    settled(page)
    assert cell(page, "pathwise-2") == pytest.approx(2 * 1.2, abs=0.01)
    assert cell(page, "pathwise-0") == pytest.approx(2 * -1.5, abs=0.3)
    assert "exact derivative is −3.00" in page.locator(".explorer-summary").inner_text()
    draws.press("End")
    settled(page)
    assert cell(page, "pathwise-2") == pytest.approx(0.24, abs=0.001)
    assert cell(page, "pathwise-1") == pytest.approx(0.24, rel=0.1)
    assert cell(page, "score-1") == pytest.approx(cell(page, "score-2"), rel=0.1)
    # A voice hears the outcome once the slider has come to rest.
    summary = page.locator(".explorer-summary").inner_text()
    expect(page.locator(".explorer-stage [role=status]")).to_have_text(summary)


def test_a_rough_function_favours_the_score_function_until_the_spread_is_small(
    desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, SAMPLES)
    page.locator(".explorer-choice label", has_text="sin 10z").click()
    settled(page)
    assert "The pathwise estimator spreads" in page.locator(".explorer-summary").inner_text()
    page.locator(".explorer-slider input").nth(1).press("Home")
    settled(page)
    assert "The score function estimator" in page.locator(".explorer-summary").inner_text()


def test_the_noise_stays_where_it_is_until_a_new_one_is_asked_for(
    desk: BrowserContext, html: Path
) -> None:
    page = opened(desk, html, SAMPLES)
    # The lower halves of the dots of the noise, and the upper halves of the samples' dots.
    strip = """(above) => {
      const canvas = document.querySelector(".explorer-columns canvas");
      const scale = canvas.width / canvas.getBoundingClientRect().width;
      const height = canvas.height / scale;
      const y = above ? 0.68 * height + 18 : height - 28;
      const context = canvas.getContext("2d");
      return [...context.getImageData(0, y * scale, canvas.width, 2 * scale).data].join();
    }"""

    def look() -> list[Any]:
        settled(page)
        return [page.evaluate(strip, above) for above in (True, False)]

    samples, noise = look()
    page.locator(".explorer-slider input").first.press("Home")
    moved, kept = look()
    assert moved != samples
    assert kept == noise
    page.get_by_role("button", name="New ε").click()
    assert look()[1] != noise


# Sections 5.1 and 5.2.


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


def test_the_paper_has_no_seconds_and_the_page_says_so(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, CURVES)
    assert any("the paper" in sentence for sentence in round_trip(page))
    note = page.locator(".explorer-note")
    assert not note.is_visible()
    page.locator(".explorer-choice label", has_text="seconds").click()
    assert "no times" in note.inner_text()
    said = round_trip(page)
    assert said
    assert not any("the paper" in sentence for sentence in said)
    assert all(sentence.endswith(" s)") for sentence in said)


def test_curves_can_be_taken_away(desk: BrowserContext, html: Path) -> None:
    page = opened(desk, html, CURVES)
    page.locator(".explorer-toggles input[value=wake_sleep]").uncheck()
    page.locator(".explorer-toggles input[value=paper]").uncheck()
    page.locator(".explorer-toggles input[value=train]").uncheck()
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
            assert page.locator(f".explorer-toggles input[value={value}]").count() == 1
    there = any(s["source"] == "reference" for panel in panels for s in panel["series"])
    assert page.locator(".explorer-toggles input[value=reference]").count() == int(there)


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
