"""A claim's line can be read without colours, without the picture, and without a script."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from companion.claims.shown import mark, picture, table
from companion.claims.verdict import VERDICTS, Part


def part(low: float, high: float, threshold: float = 0.0, *, below: bool = False) -> Part:
    return Part("it", (low + high) / 2, low, high, threshold, "nats", "5 seeds", below)


def drawn(parts: list[Part]) -> tuple[list[tuple[str, float, float]], list[tuple[str, float]]]:
    """Class, and where it lies, of each interval and of each dot."""
    tree = ElementTree.fromstring(picture(parts))
    lines = [(node.attrib["class"], node.attrib["d"]) for node in tree.iter("path")]
    ends = [
        (name, *map(float, re.fullmatch(r"M(\S+) \S+H(\S+)", path).groups()))  # type: ignore[union-attr]
        for name, path in lines
        if "H" in path
    ]
    dots = [(node.attrib["class"], float(node.attrib["cx"])) for node in tree.iter("circle")]
    return ends, dots


def test_no_two_marks_have_the_same_shape() -> None:
    shapes = {re.sub(r"^<svg[^>]*>", "", mark(verdict)) for verdict in VERDICTS}
    assert len(shapes) == len(VERDICTS)
    for verdict in VERDICTS:
        ElementTree.fromstring(mark(verdict))


def test_the_claim_s_side_is_the_right_one() -> None:
    for below in (False, True):
        side = -1 if below else 1
        held, failed = part(3, 5, 1, below=below), part(-4, -2, 1, below=below)
        if below:
            held, failed = failed, held
        _, dots = drawn([held, failed])
        assert [name for name, _ in dots] == ["holds", "fails"], side
        assert dots[0][1] > 80 > dots[1][1]


def test_the_furthest_end_touches_the_edge_and_zero_is_the_middle() -> None:
    ends, dots = drawn([part(-1, 1), part(2, 10)])
    assert ends[0][1] + ends[0][2] == pytest.approx(160, abs=0.1)
    assert ends[1][2] == pytest.approx(160 - 2.6, abs=0.1)
    assert dots[0][1] == pytest.approx(80)
    # Another unit has a scale of its own.
    other = part(-0.01, 0.03)._replace(unit="nats²")
    assert drawn([part(2, 10), other])[0][1][2] == pytest.approx(160 - 2.6, abs=0.1)


def test_what_was_not_measured_is_left_out_and_what_has_no_end_ends_at_the_edge() -> None:
    nothing, endless = part(math.nan, math.nan), part(1, 2)._replace(high=math.inf)
    ends, dots = drawn([nothing, endless])
    assert len(ends) == len(dots) == 1
    assert ends[0][2] == pytest.approx(160 - 2.6, abs=0.1)
    assert picture([]) == ""


def test_the_picture_says_what_it_shows() -> None:
    parts = [part(1, 2), part(3, 4), part(-2, -1), part(-1, 1)]
    assert 'aria-label="of 4 parts 2 hold, 1 is open and 1 fails"' in picture(parts)


def test_the_table_has_a_row_for_each_part_and_its_power() -> None:
    parts = [part(-3, -1, below=True), part(-1, 2)._replace(high=math.inf)]
    lines = table(parts).splitlines()
    assert len(lines) == 4
    assert "−2 (−3 to −1) nats; 5 seeds | below 0 | holds | 1.43 off |" in lines[2]
    assert lines[3].endswith("| open | nothing |")
    assert len({line.count("|") for line in lines}) == 1
    # One part alone has nothing in common with others.
    assert table(parts[:1]).splitlines() == lines[:3]


def test_what_all_parts_have_in_common_stands_below_their_table() -> None:
    *lines, blank, common = table([part(1, 3), part(2, 6)]).splitlines()
    assert lines[0] == "| part | measured | would have seen |"
    assert (len(lines), blank) == (4, "")
    assert common == "All parts have in common: the claim says above 0, found holds."
