"""A run of the reader's follows the reference to the bit where it must, and nearly elsewhere."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from companion.claims.claim import World
from companion.claims.own_beginning import R1
from companion.claims.verdict import (
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
)
from tests.companion.claims.paper_by_hand import evidence


def beginnings(largest: list[float], rounding: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": "mnist",
            "n_latent": range(2, 2 + len(largest)),
            "n_train": 50_000,
            "algorithm": "aevb",
            "points": 10,
            "largest": largest,
            "scale": 50.0,
            "identical": [value == 0 for value in largest],
            "until": 10**5,
            "rounding": rounding,
        }
    )


@pytest.mark.parametrize(
    ("largest", "rounding", "verdict"),
    [
        ([0.0, 0.3], "other", REPRODUCED),
        ([0.0, 0.3], "not recorded", REPRODUCED),
        ([0.0, 0.9], "other", MOSTLY_NOT),
        ([0.7, 0.9], "not recorded", NOT_REPRODUCED),
        ([0.0, 0.0], "same", REPRODUCED),
        ([0.0, 1e-9], "same", MOSTLY_NOT),
        ([1e-9, 0.3], "same", NOT_REPRODUCED),
        ([], "same", NOT_JUDGED),
    ],
)
def test_a_beginning_is_judged_by_the_way_that_it_came(
    largest: list[float], rounding: str, verdict: str
) -> None:
    """To the last bit where rounding is the same by the records, and else within a tolerance."""
    found = R1.check(evidence(beginnings=beginnings(largest, rounding)))
    assert found.verdict == verdict
    demand = {
        "same": "of 2 to the last bit, as code and processor are the same",
        "other": "of 2 to 1% of the way that they have come, where code or rounding is another",
        "not recorded": "of 2 to 1% of the way that they have come, where the rounding is not",
    }
    assert (demand[rounding] in found.evidence) == bool(largest)


def test_points_that_are_not_equal_are_apart_however_little() -> None:
    """A distance that rounds to none is not the last bit."""
    shown = beginnings([0.0], "same").assign(identical=False)
    assert R1.check(evidence(beginnings=shown)).verdict == NOT_REPRODUCED


@pytest.mark.parametrize("world", R1.worlds, ids=lambda world: world.words)
@pytest.mark.parametrize("rounding", ["same", "other"])
def test_each_world_is_judged_rightly(world: World[Any], rounding: str) -> None:
    measured = beginnings([0.0, 0.1, 0.2, 0.0], rounding)
    found = R1.judge(world.altered(measured))
    assert found.verdict in world.expected, found.evidence
