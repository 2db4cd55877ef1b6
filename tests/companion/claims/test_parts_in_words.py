"""Parts of a verdict, in words."""

from __future__ import annotations

import math

from companion.claims.parts_in_words import effects, findings_counted, least_seen, with_its_interval
from companion.claims.verdict import Part

SHARP = Part("MNIST", 2.1, 2.0, 2.2, 1.0, "nats", "5 seeds")
BLUNT = Part("Frey Face", 0.8, 0.3, 1.3, 1.0, "nats", "5 seeds")


def test_each_part_has_its_interval() -> None:
    assert effects([SHARP, BLUNT]) == "MNIST: 2.1 (2 to 2.2), Frey Face: 0.8 (0.3 to 1.3)"


def test_the_bluntest_part_says_what_would_have_been_seen() -> None:
    """Its interval is 1 nat wide: (1.96 + 0.84) / (2 · 1.96) of it is 0.71."""
    expected = "four of five repetitions would see an effect 0.71 nats from the threshold"
    assert least_seen([SHARP, BLUNT]) == least_seen([BLUNT, SHARP]) == expected
    unknown = SHARP._replace(low=math.nan, high=math.nan)
    assert least_seen([unknown, BLUNT]) == expected
    assert least_seen([unknown]) == "without seeds to compare, no effect would be seen"


def part(low: float, high: float) -> Part:
    return Part("it", (low + high) / 2, low, high, 0.0, "nats", "5 seeds")


def test_findings_are_counted_the_good_ones_first() -> None:
    parts = [part(-2, -1), part(1, 2), part(-1, 1), part(1, 3)]
    assert findings_counted(parts, "panels") == "of 4 panels 2 hold, 1 is open and 1 fails"
    assert findings_counted(parts[1:2], "panels") == "of 1 panels 1 holds"


def test_an_interval_that_nobody_knows_is_not_shown() -> None:
    assert with_its_interval(part(1.0, 2.0)) == "1.5 (1 to 2)"
    endless = part(0.0, 1.0)._replace(effect=2.5, low=-math.inf, high=math.inf)
    assert with_its_interval(endless) == "2.5"
