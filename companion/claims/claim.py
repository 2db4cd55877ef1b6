"""A claim of the paper: what is measured for it, how that is judged, and what would refute it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import pandas as pd

from companion.claims.evidence import Evidence
from companion.claims.verdict import (
    MOSTLY,
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    TIED,
    Verdict,
)

Measured = TypeVar("Measured")
Kind = Literal["true", "false", "half true", "noise"]
# What may be said of a world in which the claim is true, false, true in part, or hidden by noise.
EXPECTED: dict[Kind, tuple[str, ...]] = {
    "true": (REPRODUCED,),
    "false": (NOT_REPRODUCED,),
    "half true": (MOSTLY, MOSTLY_NOT),
    "noise": (TIED, NOT_JUDGED),
}


@dataclass(frozen=True)
class World(Generic[Measured]):
    """What was measured, altered: a check that says the same of every world is no check.

    Attributes:
        words: what is other there: "every gap is 50 nats wider".
        kind: what the claim is there.
        altered: from what was measured to what would be measured there.
    """

    words: str
    kind: Kind
    altered: Callable[[Measured], Measured]

    @property
    def expected(self) -> tuple[str, ...]:
        """The verdicts that are right of it."""
        return EXPECTED[self.kind]


@dataclass(frozen=True)
class Claim(Generic[Measured]):
    """A claim, and the check on it.

    Attributes:
        id: C1 to C14 of the paper; R1 is of this companion.
        statement: in our words.
        where: in the paper.
        figure: label of the figure or table in the book that shows it.
        tests: names ``file::function`` of the tests of the check, and of what it measures with.
        measure: what the verdict is made of.
        judge: the verdict on what was measured, and on nothing else.
        worlds: in which it has to say something else, or the same for another reason.
    """

    id: str
    statement: str
    where: str
    figure: str
    tests: tuple[str, ...]
    measure: Callable[[Evidence], Measured]
    judge: Callable[[Measured], Verdict]
    worlds: tuple[World[Measured], ...] = ()

    def check(self, evidence: Evidence) -> Verdict:
        """Measure and judge."""
        return self.judge(self.measure(evidence))


def evenly(of: pd.Series[int]) -> pd.Series[float]:
    """For a world's noise: the rows of each seed moved by even steps around 0, with deviation 1.

    Args:
        of: which seed, or whatever repeats the measurement, each row is of; two at least.
    """
    ranks = of.rank(method="dense")
    steps = pd.Series(sorted(ranks.unique()))
    moved: pd.Series[float] = (ranks - steps.mean()) / steps.std()
    return moved
