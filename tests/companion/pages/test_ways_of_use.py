"""What was measured of each way of use is there, and told in words."""

from __future__ import annotations

import re

import pytest
from places import ROOT

from companion.pages.ways_of_use import duration, measured_ways, size

PAGE = (ROOT / "book" / "ways_of_use.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "not measured"),
        (0.2, "1 s"),
        (3.4, "3 s"),
        (90.0, "90 s"),
        (91.0, "2 minutes"),
        (600.0, "10 minutes"),
    ],
)
def test_a_time_is_told_in_its_unit(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("megabytes", "words"),
    [(None, "not measured"), (16.9, "17 MB"), (999.0, "999 MB"), (2121.0, "2.1 GB")],
)
def test_a_size_is_told_in_its_unit(megabytes: float | None, words: str) -> None:
    assert size(megabytes) == words


def test_what_was_measured_is_of_one_machine() -> None:
    measured = measured_ways()
    assert re.fullmatch(r"\d+ cores, \w+, Python 3\.\d+\.\d+, torch \S+", measured["machine"])
    for kind in ("seconds", "megabytes"):
        assert all(value > 0 for value in measured[kind].values())
    installs = [measured["seconds"][f"install {name}"] for name in ORDER]
    assert installs == sorted(installs)
    assert [measured["megabytes"][name] for name in ORDER] == sorted(
        measured["megabytes"][name] for name in ORDER
    )


ORDER = ("mathematics", "companion", "everything")


def test_the_page_types_no_time_and_no_size() -> None:
    prose = re.sub(r"```\{code-cell\}.*?```", "", PAGE, flags=re.DOTALL)
    assert not re.search(r"\d\s*(?:s|seconds|minutes?|MB|GB|megabytes|gigabytes)\b", prose)
