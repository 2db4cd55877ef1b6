"""The scoreboard: the paper's claims as checks on runs, each verdict computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from companion.claims.agreement import distance_from_curves, own_beginning
from companion.claims.claim import Claim
from companion.claims.curves import (
    aevb_over_wake_sleep,
    few_or_many_hidden_units,
    marginal_likelihood_order,
    mcem_at_scale,
    superfluous_latents,
)
from companion.claims.estimator_b import C2
from companion.claims.evidence import NOT_RUN, Evidence
from companion.claims.likelihood_estimator import C9
from companion.claims.manifold import C12
from companion.claims.one_draw import C3
from companion.claims.precise_bound import C6
from companion.claims.regularisation import C10A, C10B
from companion.claims.score_function_variance import C1
from companion.claims.sharper_samples import C13
from companion.claims.verdict import Verdict
from companion.runs.requested import MissingRuns
from companion.wording import with_minus_signs


def as_it_is(evidence: Evidence) -> Evidence:
    return evidence


CLAIMS: tuple[Claim[Any], ...] = (
    C1,
    C2,
    C3,
    Claim(
        "C4",
        "AEVB converges faster and to a better bound than wake-sleep, in all nine panels.",
        "Fig. 2",
        "fig-2",
        (
            "companion/claims/test_scoreboard.py::test_the_paper_s_own_curves_pass",
            "companion/claims/test_scoreboard.py::test_curves_that_swap_places_fail",
        ),
        as_it_is,
        aevb_over_wake_sleep,
    ),
    Claim(
        "C5",
        "Superfluous latent variables do not cause overfitting.",
        "Fig. 2",
        "fig-2",
        ("companion/claims/test_scoreboard.py::test_superfluous_latents",),
        as_it_is,
        superfluous_latents,
    ),
    C6,
    Claim(
        "C7",
        "The order of the algorithms in each panel of Fig. 3.",
        "Fig. 3",
        "fig-3",
        (
            "companion/claims/test_scoreboard.py::test_the_paper_s_own_curves_pass",
            "companion/claims/test_scoreboard.py::test_curves_that_swap_places_fail",
        ),
        as_it_is,
        marginal_likelihood_order,
    ),
    Claim(
        "C8",
        "MCEM is not on-line and is inefficient with 50000 points.",
        "Fig. 3",
        "fig-3",
        ("companion/claims/test_scoreboard.py::test_the_paper_s_own_curves_pass",),
        as_it_is,
        mcem_at_scale,
    ),
    C9,
    C10A,
    C10B,
    Claim(
        "C11",
        "The number of hidden units matters little for relative performance.",
        "5",
        "tab-hidden-units",
        ("companion/claims/test_scoreboard.py::test_leads_by_hidden_units_decide_c11",),
        as_it_is,
        few_or_many_hidden_units,
    ),
    C12,
    C13,
    Claim(
        "C14",
        "Our curves agree with the paper's.",
        "Figs 2, 3",
        "tab-readings-curves",
        (
            "companion/claims/test_agreement.py::test_the_paper_s_own_curves_agree",
            "companion/claims/test_agreement.py::test_curves_moved_by_three_nats_do_not_agree",
        ),
        as_it_is,
        distance_from_curves,
    ),
    Claim(
        "R1",
        "Of this companion: your own runs are the beginning of the reference runs.",
        "Figs 2, 3",
        "fig-2",
        (
            "companion/claims/test_agreement.py::test_a_beginning_is_judged_by_the_way_that_it_has_come",
            "companion/studies/test_beginnings.py::test_a_beginning_is_compared_at_common_points",
        ),
        as_it_is,
        own_beginning,
    ),
)


def verdicts(evidence: Evidence) -> Iterator[tuple[Claim[Any], Verdict]]:
    """Every claim with its verdict, one after another, because some take a minute to measure.

    With a stand-in for the real data every claim reads "not run": the paper is not about it. So
    does a claim whose runs are not stored, where they are not to be computed.
    """
    for claim in CLAIMS:
        try:
            if evidence.stand_in:
                verdict = Verdict(NOT_RUN, "needs the real data: `vaelib data` obtains them")
            else:
                verdict = claim.check(evidence)
        except MissingRuns as missing:
            verdict = Verdict(NOT_RUN, str(missing))
        yield claim, verdict._replace(evidence=with_minus_signs(verdict.evidence))


def scoreboard(profile: str, *, seed: int = 0, device: str = "cpu") -> pd.DataFrame:
    """`verdicts` as a table; what is missing of the runs is computed.

    Returns:
        columns id, claim, where, verdict, evidence, figure (a label of the book).
    """
    rows = [
        (claim.id, claim.statement, claim.where, verdict.verdict, verdict.evidence, claim.figure)
        for claim, verdict in verdicts(Evidence(profile, seed, device))
    ]
    columns = ["id", "claim", "where", "verdict", "evidence", "figure"]
    return pd.DataFrame(rows, columns=columns)
