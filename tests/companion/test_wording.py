"""Numbers as text."""

from __future__ import annotations

import math

import pytest
import torch

from companion.wording import (
    GAP,
    number,
    power_of_ten,
    scientific,
    significant,
    varying,
    with_minus_signs,
)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0, 0, "0"),
        (1234567, 0, f"1{GAP}234{GAP}567"),
        (-1234.56, 1, f"−1{GAP}234.6"),
        (999.96, 1, f"1{GAP}000.0"),
        (-0.04, 1, "0.0"),
        (0.125, 3, "0.125"),
        (math.nan, 2, "–"),
        (torch.tensor(-2.5), 1, "−2.5"),
    ],
)
def test_numbers_are_written_as_in_print(value: float, places: int, text: str) -> None:
    assert number(value, places) == text


def test_a_sign_is_shown_where_it_is_asked_for() -> None:
    assert number(0.5, 1, sign=True) == "+0.5"
    assert number(-0.5, 1, sign=True) == "−0.5"
    assert number(-0.01, 1, sign=True) == "+0.0"


@pytest.mark.parametrize("value", [0, 7, -12, 999, -1000, 123_456, -(10**9), 10**15 - 1])
def test_a_whole_number_can_be_read_back(value: int) -> None:
    text = number(value)
    assert int(text.replace(GAP, "").replace("−", "-")) == value
    assert not set(text) & set("- ,")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (12345.6, 3, f"12{GAP}300"),
        (999.9, 3, f"1{GAP}000"),
        (-0.01234, 3, "−0.0123"),
        (45.0, 3, "45"),
        (96_123, 2, f"96{GAP}000"),
    ],
)
def test_significant_digits(value: float, digits: int, text: str) -> None:
    assert significant(value, digits) == text


def test_powers_of_ten_are_raised() -> None:
    assert power_of_ten(-12) == "10⁻¹²"
    assert power_of_ten(0) == "10⁰"


def test_small_and_large_numbers_have_one_digit_and_a_power() -> None:
    assert scientific(0.000042) == f"4{GAP}·{GAP}10⁻⁵"
    assert scientific(-3.1e12) == f"−3{GAP}·{GAP}10¹²"


def test_hyphens_before_numbers_become_minus_signs_and_no_others() -> None:
    text = "-1.5 (-0.04 to 0.13), | -2 | 1e-05, wake-sleep, 2-D, -x"
    assert with_minus_signs(text) == "−1.5 (−0.04 to 0.13), | −2 | 1e-05, wake-sleep, 2-D, -x"


def test_columns_in_which_nothing_varies_become_words() -> None:
    rows = [{"run": "a", "on": "cpu", "note": ""}, {"run": "b", "on": "cpu", "note": ""}]
    assert varying(rows) == ([{"run": "a"}, {"run": "b"}], "on cpu")
    assert varying(rows, keep=["on"])[0] == [{"run": "a", "on": "cpu"}, {"run": "b", "on": "cpu"}]
    assert varying(rows[:1]) == (rows[:1], "")
    assert varying([]) == ([], "")
