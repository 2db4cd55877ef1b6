"""Words follow from intervals: which part holds, and what follows for the claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from companion.claims.verdict import (
    MOSTLY,
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    TIED,
    VERDICTS,
    Finding,
    Part,
    Verdict,
    judged,
    judged_from,
)
from companion.wording import number

INTERVALS: dict[Finding, tuple[float, float]] = {
    "holds": (0.6, 3.0),
    "fails": (-3.0, -0.6),
    "tied": (-0.2, 0.3),
    "open": (-1.0, 2.0),
}


def part(low: float, high: float, *, below: bool = False, alike: float = 0.5) -> Part:
    return Part("it", (low + high) / 2, low, high, 0.0, "nats", "5 seeds", below, alike)


@pytest.mark.parametrize(("found", "interval"), INTERVALS.items())
def test_an_interval_is_where_it_lies(found: Finding, interval: tuple[float, float]) -> None:
    assert part(*interval).found == found


@pytest.mark.parametrize(("found", "interval"), INTERVALS.items())
def test_below_is_the_mirror_of_above(found: Finding, interval: tuple[float, float]) -> None:
    low, high = interval
    assert part(-high, -low, below=True).found == found


def test_a_small_effect_that_is_sure_is_a_tie_only_if_it_does_not_count() -> None:
    assert part(0.1, 0.4).found == "tied"
    assert part(0.1, 0.4, alike=0.0).found == "holds"
    assert part(0.4, 0.6).found == "holds"


@pytest.mark.parametrize("low", [math.nan, -math.inf])
def test_what_was_not_measured_is_open(low: float) -> None:
    assert part(low, math.inf if math.isinf(low) else math.nan).found == "open"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ("", NOT_JUDGED),
        ("h", REPRODUCED),
        ("f", NOT_REPRODUCED),
        ("t", TIED),
        ("o", NOT_JUDGED),
        ("hhh", REPRODUCED),
        ("hhf", MOSTLY),
        ("hht", MOSTLY),
        ("hho", MOSTLY),
        # Half is not most.
        ("hf", MOSTLY_NOT),
        ("ht", MOSTLY_NOT),
        ("hff", MOSTLY_NOT),
        # What is open could make it more than half.
        ("ho", NOT_JUDGED),
        ("hof", NOT_JUDGED),
        ("hoff", MOSTLY_NOT),
        ("off", MOSTLY_NOT),
        ("fft", NOT_REPRODUCED),
        ("tft", NOT_REPRODUCED),
        ("tto", TIED),
        ("too", NOT_JUDGED),
    ],
)
def test_the_verdict_follows_from_what_can_hold(found: str, verdict: str) -> None:
    names: dict[str, Finding] = {"h": "holds", "f": "fails", "t": "tied", "o": "open"}
    for order in (found, found[::-1]):
        parts = [part(*INTERVALS[names[letter]]) for letter in order]
        assert judged(parts, "so") == Verdict(verdict, "so", tuple(parts))
    assert verdict in VERDICTS


def test_four_of_five_find_an_effect_that_would_be_seen() -> None:
    """Of 4000 estimates 0.8 are expected; 0.025 is four standard errors: one alarm in 16 000."""
    error = 0.7
    half = float(stats.norm.ppf(0.975)) * error
    truth = part(-half, half).seen
    means = np.random.default_rng(0).normal(truth, error, 4000)
    found = [part(mean - half, mean + half, alike=0.0).found == "holds" for mean in means]
    assert np.mean(found) == pytest.approx(0.8, abs=0.025)


def test_short_runs_are_not_judged_but_say_what_was_found() -> None:
    long = judged([part(1, 2)], "it leads")
    assert judged_from(1000, 1000, long) == long
    short = judged_from(10**6, 10**5, long)
    assert short.verdict == NOT_JUDGED
    assert short.evidence == f"it leads; judged from {number(10**6)} samples on"
    assert short.parts == long.parts
