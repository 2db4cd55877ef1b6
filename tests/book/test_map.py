"""The map in the README is the folder listing itself."""

from __future__ import annotations

import re
from pathlib import Path

from places import ROOT


def folders(place: Path) -> set[str]:
    """The folders of sources that lie here; those that a build leaves begin otherwise."""
    return {
        path.name
        for path in place.iterdir()
        if path.is_dir() and re.match("[a-z]", path.name) and not path.name.endswith(".egg-info")
    }


def test_the_map_is_the_folder_listing() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    shown = text.partition("## Map")[2].split("```")[1].strip("\n").splitlines()
    tops: dict[str, set[str]] = {}
    for line in shown:
        names = re.split(r" {2,}", line.strip())[0].split()
        if line.startswith(" "):
            tops[list(tops)[-1]].update(names)
        else:
            tops[names[0].rstrip("/")] = set()
    assert set(tops) == folders(ROOT)
    for package in ("vaelib", "companion"):
        assert tops[package] - {"*.py"} == folders(ROOT / package)
