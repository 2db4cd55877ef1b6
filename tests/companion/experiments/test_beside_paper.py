"""Where our curves lie beside the paper's, in words."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from companion.experiments.beside_paper import beside_by_decade


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([94.4, 320.6], "94 to 321 nats above"),
        ([-6.3, -67.0], "6 to 67 nats below"),
        ([-6.3, 17.1], "6 nats below to 17 above"),
        ([5.0, math.nan], "5 to 5 nats above"),
    ],
)
def test_the_nearest_and_the_furthest_are_named(differences: list[float], said: str) -> None:
    table = pd.DataFrame({"samples": 10**7, "difference": differences})
    assert beside_by_decade(table) == f"after 10 million samples {said}"


def test_of_no_curve_there_is_nothing_to_say() -> None:
    assert beside_by_decade(pd.DataFrame({"samples": [10**6], "difference": [math.nan]})) == ""
