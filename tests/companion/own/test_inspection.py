"""What is said of data is so, and the likelihood that is chosen fits them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from companion.own.found import BLOCK_ROWS, Found
from companion.own.inspection import Inspection, look_at
from tests.companion.own.files import images
from vaelib.errors import UserError

X = images()


def looked_at(values: Any, *, whole: bool = False, **settings: Any) -> Inspection:
    return look_at(Found(np.asarray(values), "x.npy", whole=whole), **settings)


@pytest.mark.parametrize(
    ("values", "scale", "decoder"),
    [
        (X, 255.0, "bernoulli"),
        (X > 100, 1.0, "bernoulli"),
        ((X > 100).astype(np.int64), 1.0, "bernoulli"),
        ((X > 100).astype(np.uint8), 1.0, "bernoulli"),
        (X / 255, 1.0, "bernoulli"),
        (X / 256, 1.0, "bernoulli"),
        (X / 254, 1.0, "unbounded gaussian"),
        (X / 255 - 0.01, 1.0, "unbounded gaussian"),
        (X.astype(np.float32), 1.0, "unbounded gaussian"),
        (np.float16(X / 255), 1.0, "bernoulli"),
    ],
    ids=str,
)
def test_the_likelihood_follows_from_the_range(values: Any, scale: float, decoder: str) -> None:
    seen = looked_at(values)
    assert (seen.scale, seen.decoder) == (scale, decoder)
    assert seen.is_binary is (set(np.unique(values)) == {0, 1})


@pytest.mark.parametrize(
    ("settings", "scale", "decoder"),
    [
        ({"likelihood": "gaussian"}, 255.0, "gaussian"),
        ({"scale": 1}, 1.0, "unbounded gaussian"),
        ({"scale": 254.9}, 254.9, "unbounded gaussian"),
        ({"scale": 300, "likelihood": "bernoulli"}, 300.0, "bernoulli"),
    ],
)
def test_what_is_asked_for_is_done(settings: dict[str, Any], scale: float, decoder: str) -> None:
    seen = looked_at(X, **settings)
    assert (seen.scale, seen.decoder) == (scale, decoder)


def test_nothing_is_rescaled_without_a_word() -> None:
    assert "every value is divided by 255" in looked_at(X).lines
    assert not any("divided" in line for line in looked_at(X / 255).lines)
    dark = looked_at(np.uint8(X // 20))
    assert "the largest is then 0.0471; a scale of 12 would make it 1" in dark.lines


def test_integers_that_are_no_bytes_are_asked_about() -> None:
    for values, whole in ((X.astype(np.int32), False), (X.astype(np.float32), True)):
        with pytest.raises(UserError, match=r"integers from 0 to 255: say by scale what they are"):
            looked_at(values, whole=whole)
        assert looked_at(values, whole=whole, scale=255).decoder == "bernoulli"


def test_what_never_changes_is_counted_and_warned_of() -> None:
    fixed = X / 255
    fixed[:, 1:3, 0] = 0.5
    seen = looked_at(fixed)
    assert seen.n_constant == 2
    assert "2 of 12 values are the same in every datapoint" in seen.lines
    assert not any("no largest likelihood" in line for line in seen.lines)
    wide = looked_at(20 * fixed)
    assert any("no largest likelihood" in line for line in wide.lines)
    assert any(line.startswith("values as large as 20 train slowly") for line in wide.lines)


def test_shape_and_range_are_those_of_all_rows() -> None:
    """Also where these are looked at in blocks."""
    values = np.zeros((2 * BLOCK_ROWS + 5, 2), np.float32)
    values[-1] = 3, -4
    values[BLOCK_ROWS] = 7, 0
    seen = looked_at(values)
    assert (seen.n, seen.shape, seen.low, seen.high) == (len(values), (2,), -4, 7)
    assert seen.lines[0].startswith(
        "x.npy: 100\u202f005 datapoints of 2 values, float32 from −4 to 7"
    )
    values[-2, 1] = np.nan
    with pytest.raises(UserError, match=f"first in datapoint {len(values) - 2} "):
        looked_at(values)


def test_a_likelihood_that_the_data_have_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"values from 0 to 255, but a Bernoulli likelihood takes"):
        looked_at(X.astype(np.float32), likelihood="bernoulli")
