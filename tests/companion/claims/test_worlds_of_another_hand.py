"""Worlds thought of by somebody who had not read how the claims are judged.

What a sceptical reviewer would put in the place of what was measured, and what is right to say of
it. Each expectation was written down before the check was asked, but of four worlds that say so;
where it proved wrong, a comment says why. Nine checks were wrong, and were mended.
"""

from __future__ import annotations

import pytest

from companion.claims.scoreboard import CLAIMS
from tests.companion.claims.altering import EVEN, FALSE, HALF, TRUE, UNCLEAR, Altered
from tests.companion.claims.measured_by_hand import MEASURED
from tests.companion.claims.other_worlds_of_curves import OF_CURVES
from tests.companion.claims.other_worlds_of_estimators import OF_ESTIMATORS
from tests.companion.claims.other_worlds_of_models import OF_MODELS

WORLDS = [*OF_ESTIMATORS, *OF_CURVES, *OF_MODELS]
_JUDGES = {claim.id: claim.judge for claim in CLAIMS}


@pytest.mark.parametrize(
    ("claim", "words", "altered", "expected"),
    [pytest.param(*world, id=f"{world.claim}: {world.words}") for world in WORLDS],
)
def test_a_check_says_of_a_world_what_is_right(
    claim: str, words: str, altered: Altered, expected: tuple[str, ...]
) -> None:
    assert _JUDGES[claim](altered(MEASURED[claim]())).verdict in expected, words


@pytest.mark.parametrize("claim", MEASURED)
def test_it_says_yes_where_the_claim_is_true(claim: str) -> None:
    assert _JUDGES[claim](MEASURED[claim]()).verdict in TRUE


def test_there_are_worlds_of_each_kind_and_of_every_claim_of_the_paper() -> None:
    kinds = [world.expected for world in WORLDS]
    assert len(WORLDS) >= 10
    assert {world.claim for world in WORLDS} == set(MEASURED)
    assert all(kinds.count(kind) >= 4 for kind in (TRUE, FALSE, HALF, UNCLEAR))
    assert EVEN in kinds
