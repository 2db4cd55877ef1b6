"""The end of a curve is the mean over its last fifth."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from companion.experiments.ends_of_curves import means_at_the_end

PLACES = (1e6, 7.9e6, 8e6, 9e6, 1.0005e7, 2e7)


def curves(ends: dict[tuple[str, int], float]) -> pd.DataFrame:
    """Each curve to its end; its value is the place, in millions."""
    rows = [
        (algorithm, seed, place, place / 1e6)
        for (algorithm, seed), end in ends.items()
        for place in PLACES
        if place <= end
    ]
    return pd.DataFrame(rows, columns=["algorithm", "seed", "training_samples", "value"])


def test_the_last_fifth_is_averaged_with_a_little_slack() -> None:
    found = means_at_the_end(curves({("aevb", 0): 2e7, ("mcem", 0): 1.001e7}), until=1e7)
    assert found.loc[0].to_dict() == pytest.approx(
        {"aevb": (8 + 9 + 10.005) / 3, "mcem": (8 + 9 + 10.005) / 3}
    )


def test_a_run_that_stopped_before_is_missing() -> None:
    found = means_at_the_end(
        curves({("aevb", 0): 2e7, ("aevb", 1): 9e6, ("mcem", 1): 2e7}), until=1e7
    )
    assert found["aevb"].dropna().index.tolist() == [0]
    assert math.isnan(found.loc[1, "aevb"])
    assert found["mcem"].dropna().index.tolist() == [1]
