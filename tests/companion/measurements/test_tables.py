"""A table comes back to the last bit, and what is no table is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from companion.measurements.tables import UNREADABLE, packed, told, unpacked

TABLE = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "share": [0.1, float("nan"), float("inf")],
        "small": pd.Series([0.1, 0.2, 0.3], dtype="float32"),
        "name": ["a", "β", "a"],
        "setting": ["x", None, "y"],
        "mixed": pd.Series([None, 3, "z"], dtype=object),
        "good": [True, False, True],
    }
)


@pytest.mark.parametrize("table", [TABLE, TABLE[:0], TABLE[["name"]], pd.DataFrame()])
def test_a_table_comes_back_as_it_was(table: pd.DataFrame) -> None:
    content = packed(table, {"measurement": "of:this"})
    pd.testing.assert_frame_equal(unpacked(content), table, check_exact=True)
    assert told(content) == {"measurement": "of:this"}


def test_the_same_table_is_the_same_file() -> None:
    assert packed(TABLE, {}) == packed(TABLE.copy(), {})
    assert packed(TABLE, {}) != packed(TABLE, {"another": 1})


def test_a_table_that_would_not_come_back_is_refused() -> None:
    with pytest.raises(TypeError, match="reset it"):
        packed(TABLE.set_index("name"), {})
    with pytest.raises(TypeError, match="not JSON serializable"):
        packed(pd.DataFrame({"date": [pd.Timestamp(0)]}), {})


@pytest.mark.parametrize("end", [0, 10, 300, -1])
def test_a_part_of_a_file_is_unreadable(end: int) -> None:
    with pytest.raises(UNREADABLE):
        unpacked(packed(TABLE, {})[:end])
