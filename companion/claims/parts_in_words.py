"""The parts of a verdict as a sentence: effects, intervals, and what would have been seen."""

from __future__ import annotations

from collections.abc import Iterable

from companion.claims.verdict import Part
from companion.wording import significant


def effects(parts: Iterable[Part]) -> str:
    """Each part with its 95 % interval: "MNIST: 2.1 (1.9 to 2.3), Frey Face: 0.8 (0.5 to 1.1)"."""
    return ", ".join(
        f"{part.what}: {significant(part.effect)} ({significant(part.low)} to "
        f"{significant(part.high)})"
        for part in parts
    )


def least_seen(parts: Iterable[Part]) -> str:
    """How far from its threshold an effect has to lie to be seen, in the bluntest of the parts."""
    bluntest = max(parts, key=lambda part: part.seen)
    return (
        f"four of five repetitions would see an effect {significant(bluntest.seen, 2)} "
        f"{bluntest.unit} from the threshold"
    )
