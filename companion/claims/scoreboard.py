"""The scoreboard: the paper's claims as checks on runs, each verdict computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from companion.claims.agreement import C14
from companion.claims.claim import Claim
from companion.claims.estimators import (
    estimator_b_variance,
    likelihood_estimator_by_dimension,
    little_bound_noise,
    one_draw_suffices,
    score_function_variance,
)
from companion.claims.evidence import Evidence
from companion.claims.faster_and_better import C4
from companion.claims.hidden_units import C11
from companion.claims.marginal_likelihood_order import C7
from companion.claims.mcem_at_scale import C8
from companion.claims.own_beginning import R1
from companion.claims.representation import kl_regularises, samples_sharpen, similar_digits_together
from companion.claims.superfluous_latents import C5
from companion.claims.verdict import NOT_JUDGED, Verdict
from companion.runs.requested import MissingRuns
from companion.wording import with_minus_signs


def as_it_is(evidence: Evidence) -> Evidence:
    return evidence


CLAIMS: tuple[Claim[Any], ...] = (
    Claim(
        "C1",
        "The score-function gradient has very high variance, the reparameterized one has not.",
        "2.2",
        "fig-gradient-variance",
        (
            "companion/claims/test_scoreboard.py::test_gradient_variance_decides_c1_and_c2",
            "companion/studies/test_gradients.py::test_gradient_means_agree",
        ),
        as_it_is,
        score_function_variance,
    ),
    Claim(
        "C2",
        "Estimator B typically has less variance than A.",
        "2.3",
        "fig-estimator-variance",
        (
            "companion/claims/test_scoreboard.py::test_gradient_variance_decides_c1_and_c2",
            "companion/studies/test_bounds.py::test_estimator_variance_of_an_exact_posterior",
        ),
        as_it_is,
        estimator_b_variance,
    ),
    Claim(
        "C3",
        "L = 1 suffices when M = 100.",
        "2.3",
        "fig-draws-against-images",
        (
            "companion/claims/test_scoreboard.py::test_draws_that_pay_refute_c3",
            "companion/studies/test_objective.py::test_equal_cost_and_equal_data_are_told_apart",
        ),
        as_it_is,
        one_draw_suffices,
    ),
    C4,
    C5,
    Claim(
        "C6",
        "The variance of the bound's estimator is below 1.",
        "Fig. 2",
        "tab-noise",
        (
            "companion/claims/test_scoreboard.py::test_noise_of_the_bound_decides_c6",
            "companion/studies/test_bounds.py::test_bound_noise_shrinks_with_the_data",
        ),
        as_it_is,
        little_bound_noise,
    ),
    C7,
    C8,
    Claim(
        "C9",
        "The likelihood estimator is good below 5 dimensions, not above.",
        "App. D",
        "fig-d-by-size",
        (
            "companion/claims/test_scoreboard.py::test_errors_by_dimension_decide_c9",
            "companion/studies/test_fitted_proposal.py::test_agrees_with_quadrature_on_a_nonlinear_decoder",
        ),
        as_it_is,
        likelihood_estimator_by_dimension,
    ),
    Claim(
        "C10",
        "The KL term regularises; no other regularisation is needed.",
        "2.3, 4",
        "tab-kl-weights",
        (
            "companion/claims/test_scoreboard.py::test_bounds_by_weight_decide_c10",
            "vaelib/test_aevb.py::test_without_the_kl_the_posterior_narrows",
        ),
        as_it_is,
        kl_regularises,
    ),
    C11,
    Claim(
        "C12",
        "2-D manifolds are smooth and group similar digits.",
        "Fig. 4",
        "tab-53",
        (
            "companion/claims/test_scoreboard.py::test_map_and_samples_decide_c12_and_c13",
            "companion/studies/test_neighbours.py::test_neighbours_vote",
            "companion/studies/test_latent_space.py::test_roughness_of_a_plane_and_of_noise",
        ),
        as_it_is,
        similar_digits_together,
    ),
    Claim(
        "C13",
        "Samples sharpen as N_z grows from 2 to 20.",
        "Fig. 5",
        "tab-a",
        (
            "companion/claims/test_scoreboard.py::test_map_and_samples_decide_c12_and_c13",
            "companion/studies/test_sample_quality.py::test_greyness_is_the_entropy_of_coins",
        ),
        as_it_is,
        samples_sharpen,
    ),
    C14,
    R1,
)


def verdicts(evidence: Evidence) -> Iterator[tuple[Claim[Any], Verdict]]:
    """Every claim with its verdict, one after another, because some take a minute to measure.

    With a stand-in for the real data every claim reads "not judged": the paper is not about it. So
    does a claim whose runs are not stored, where they are not to be computed.
    """
    for claim in CLAIMS:
        try:
            if evidence.stand_in:
                verdict = Verdict(NOT_JUDGED, "needs the real data: `vaelib data` obtains them")
            else:
                verdict = claim.check(evidence)
        except MissingRuns as missing:
            verdict = Verdict(NOT_JUDGED, str(missing))
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
