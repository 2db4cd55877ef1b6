"""The parts of a verdict in words: effects, intervals, and what would have been seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from companion.claims.verdict import Finding, Part
from companion.wording import significant

_SAID: dict[Finding, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "tied": ("is tied", "are tied"),
    "open": ("is open", "are open"),
    "fails": ("fails", "fail"),
}


def effects(parts: Iterable[Part]) -> str:
    """Each part with its 95 % interval: "MNIST: 2.1 (1.9 to 2.3), Frey Face: 0.8 (0.5 to 1.1)"."""
    return ", ".join(f"{part.what}: {with_its_interval(part)}" for part in parts)


def with_its_interval(part: Part) -> str:
    """As in "5.9 (1.2 to 10.6)"; where no seeds tell of an interval, "5.9"."""
    if math.isnan(part.effect):
        return "not computed"
    if math.isinf(part.high):
        return significant(part.effect)
    return f"{significant(part.effect)} ({significant(part.low)} to {significant(part.high)})"


def findings_counted(parts: Sequence[Part], what: str) -> str:
    """As in "of 9 panels 5 hold and 4 are open"; `what` is the plural of what a part is."""
    count = Counter(part.found for part in parts)
    listed = [f"{count[found]} {_SAID[found][count[found] > 1]}" for found in _SAID if count[found]]
    joined = " and ".join([", ".join(listed[:-1]), listed[-1]] if listed[1:] else listed)
    return f"of {len(parts)} {what} {joined}"


def least_seen(parts: Iterable[Part]) -> str:
    """How far from its threshold an effect has to lie to be seen, in the bluntest of the parts."""
    measured = [part for part in parts if math.isfinite(part.seen)]
    if not measured:
        return "without seeds to compare, no effect would be seen"
    bluntest = max(measured, key=lambda part: part.seen)
    return (
        f"four of five repetitions would see an effect {significant(bluntest.seen, 2)} "
        f"{bluntest.unit} from the threshold"
    )
