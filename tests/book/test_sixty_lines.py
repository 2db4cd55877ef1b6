"""The page that promises sixty lines keeps the promise, and leaves none out."""

from __future__ import annotations

import re

from places import ROOT

CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_what_is_shown_is_a_whole_program_of_at_most_sixty_lines() -> None:
    cells = CELL.findall((ROOT / "book" / "sixty_lines.md").read_text("utf-8"))
    shown = [cell for cell in cells if "remove-cell" not in cell and "hide-" not in cell]
    text = re.sub(r"^:tags:.*\n", "", "".join(shown), flags=re.MULTILINE)
    # Lines that say something; an empty one is none.
    lines = [line for line in text.splitlines() if line.strip()]
    assert 40 < len(lines) <= 60
    assert [line for line in lines if "import" in line and "vaelib" in line] == [
        "from vaelib import datasets"
    ]
    compile(text, "sixty_lines", "exec")
