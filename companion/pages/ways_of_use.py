"""What each way of using the book costs: seconds and megabytes that were measured."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from companion.wording import number

# Longer times are told in minutes.
MOST_SECONDS = 90.0


def measured_ways() -> dict[str, Any]:
    """What `python -m benchmarks.ways_of_use --write` measured last.

    Returns:
        machine: where, in words; seconds and megabytes: by name, only those that were measured.
    """
    text = resources.files(__package__).joinpath("ways_of_use.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def duration(seconds: float | None) -> str:
    """Seconds, or minutes where they are many, in words; "not measured" for None."""
    if seconds is None:
        return "not measured"
    if seconds <= MOST_SECONDS:
        return f"{number(max(seconds, 1.0))} s"
    return f"{number(seconds / 60)} minutes"


def size(megabytes: float | None) -> str:
    """Megabytes, or gigabytes where they are many, in words; "not measured" for None."""
    if megabytes is None:
        return "not measured"
    return f"{number(megabytes)} MB" if megabytes < 1000 else f"{number(megabytes / 1000, 1)} GB"
