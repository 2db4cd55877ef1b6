"""The parts of a verdict are told in words."""

from __future__ import annotations

import math

from companion.claims.findings import findings_counted, what_would_be_seen, with_its_interval
from companion.claims.verdict import Part


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


def test_what_would_be_seen_goes_from_the_best_to_the_worst_measured() -> None:
    narrow, wide = part(-1, 1), part(-10, 10)
    unknown = part(0, 1)._replace(low=math.nan, high=math.nan)
    low, high = (f"{one.seen:.2g}" for one in (narrow, wide))
    assert what_would_be_seen([narrow, wide, unknown]) == f"{low} to {high} nats would be seen"
    assert what_would_be_seen([narrow]) == f"{low} nats would be seen"
    assert what_would_be_seen([unknown]) == "without seeds to compare, none would be seen"
