"""What was measured of each part of a claim, and the word that follows from it.

A part is an effect with a 95 % interval. Whether it holds is decided by where the interval lies:

- it *holds* if the whole interval is on the claim's side of the threshold,
- it *fails* if the whole interval is on the other side,
- it is *tied* if the whole interval is so near to the threshold that the difference does not count,
- it is *open* otherwise: the measurement cannot tell.

The verdict follows from the least and the most parts that can hold, which differ by the open ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from scipy import stats

from companion.wording import significant

REPRODUCED, MOSTLY, MOSTLY_NOT = "reproduced", "mostly", "mostly not"
NOT_REPRODUCED, TIED, NOT_JUDGED = "not reproduced", "tied", "not judged"
VERDICTS = (REPRODUCED, MOSTLY, MOSTLY_NOT, NOT_REPRODUCED, TIED, NOT_JUDGED)

Finding = Literal["holds", "fails", "tied", "open"]
# Of a normal estimate with a 95 % interval: how far, in widths of it, the truth has to lie beyond
# the threshold for four of five measurements to find it there.
_SEEN = float((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / (2 * stats.norm.ppf(0.975)))


class Part(NamedTuple):
    """One thing that a claim says, as it was measured.

    Attributes:
        what: was compared, in words: "MNIST, N_z = 20".
        effect: in `unit`.
        low, high: its 95 % interval.
        threshold: the claim says that the effect lies above it, or below it if `below`.
        below: on which side of the threshold the claim holds.
        alike: an effect that is no further than this from the threshold is no difference; 0 where
            the threshold itself says what counts.
        unit: of the effect, in words.
        over: what the interval is taken over: "5 seeds", "200 test points".
    """

    what: str
    effect: float
    low: float
    high: float
    threshold: float
    unit: str
    over: str
    below: bool = False
    alike: float = 0.0

    @property
    def found(self) -> Finding:
        """Where the interval lies; open if it is not a number."""
        low, high = self.low - self.threshold, self.high - self.threshold
        if -self.alike < low and high < self.alike:
            return "tied"
        if low > 0:
            return "fails" if self.below else "holds"
        if high < 0:
            return "holds" if self.below else "fails"
        return "open"

    @property
    def seen(self) -> float:
        """How far from the threshold an effect has to lie to be found in 80 % of repetitions.

        For an interval as wide as this one, of a normal estimate.
        """
        return _SEEN * (self.high - self.low)


class Verdict(NamedTuple):
    """What a check found.

    Attributes:
        verdict: one of `VERDICTS`.
        evidence: the numbers behind it, in a sentence.
        parts: what it was made of; none where nothing could be judged.
    """

    verdict: str
    evidence: str
    parts: tuple[Part, ...] = ()


def judged(parts: Sequence[Part], evidence: str) -> Verdict:
    """The verdict on a claim that says of each part that it holds.

    Let h parts hold, and o of all n be open. It is "reproduced" if h = n, "mostly" if h > n/2, and
    "not judged" if h + o > n/2 with h ≤ n/2: the open ones decide, and there is nobody to ask.
    Else no more than half can hold: "mostly not"; "not reproduced" if none can, and "tied" if none
    holds and none fails.
    """
    count = Counter(part.found for part in parts)
    n, holds, can_hold = len(parts), count["holds"], count["holds"] + count["open"]
    if n and holds == n:
        verdict = REPRODUCED
    elif 2 * holds > n:
        verdict = MOSTLY
    elif n == 0 or 2 * can_hold > n:
        verdict = NOT_JUDGED
    elif holds == 0 and count["fails"] == 0:
        verdict = TIED
    else:
        verdict = MOSTLY_NOT if can_hold else NOT_REPRODUCED
    return Verdict(verdict, evidence, tuple(parts))


def judged_from(needed: int, samples: int, verdict: Verdict) -> Verdict:
    """The verdict on converged behaviour, or "not judged" if the runs are too short to tell.

    Args:
        needed: training samples from which on it is judged.
        samples: what the shortest of the runs has.
        verdict: if they suffice.
    """
    if samples >= needed:
        return verdict
    reason = f"{verdict.evidence}; judged from {significant(needed)} samples on"
    return verdict._replace(verdict=NOT_JUDGED, evidence=reason)
