"""The explorer of section 2.4 in Chromium: its estimators are exact, and its sliders lead."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exploring import SAMPLES, opened, settled
from numpy.polynomial.hermite_e import hermegauss
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

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
