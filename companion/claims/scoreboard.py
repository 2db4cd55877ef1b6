"""The scoreboard: the paper's claims as checks on runs, each verdict computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from companion.claims.agreement import C14
from companion.claims.claim import Claim, World
from companion.claims.estimator_b import C2
from companion.claims.evidence import Evidence
from companion.claims.faster_and_better import C4
from companion.claims.hidden_units import C11
from companion.claims.likelihood_estimator import C9
from companion.claims.manifold import C12
from companion.claims.marginal_likelihood_order import C7
from companion.claims.mcem_at_scale import C8
from companion.claims.one_draw import C3
from companion.claims.own_beginning import R1
from companion.claims.precise_bound import C6
from companion.claims.regularisation import C10A, C10B
from companion.claims.score_function_variance import C1
from companion.claims.sharper_samples import C13
from companion.claims.superfluous_latents import C5
from companion.claims.verdict import NOT_JUDGED, Verdict
from companion.runs.requested import MissingRuns
from companion.wording import with_minus_signs

CLAIMS: tuple[Claim[Any], ...] = (
    *(C1, C2, C3, C4, C5, C6, C7, C8, C9, C10A, C10B, C11, C12, C13, C14),
    R1,
)


class Judged(NamedTuple):
    """A claim, the verdict on it, and that on each of its worlds."""

    claim: Claim[Any]
    verdict: Verdict
    worlds: tuple[tuple[World[Any], Verdict], ...] = ()


def verdicts(evidence: Evidence) -> Iterator[Judged]:
    """Every claim with its verdict, one after another, because some take a minute to measure.

    With a stand-in for the real data no claim is judged: the paper is not about it. Nor is one
    whose runs are not stored, where they are not to be computed.
    """
    for claim in CLAIMS:
        worlds: tuple[tuple[World[Any], Verdict], ...] = ()
        try:
            if evidence.stand_in:
                verdict = Verdict(NOT_JUDGED, "needs the real data: `vaelib data` obtains them")
            else:
                measured = claim.measure(evidence)
                verdict = claim.judge(measured)
                worlds = tuple((w, claim.judge(w.altered(measured))) for w in claim.worlds)
        except MissingRuns as missing:
            verdict = Verdict(NOT_JUDGED, str(missing))
        signed = verdict._replace(evidence=with_minus_signs(verdict.evidence))
        yield Judged(claim, signed, worlds)
