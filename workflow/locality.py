"""What an edit costs: for each module the chapters that it executes again.

python -m workflow.locality
"""

from __future__ import annotations

from pathlib import Path

from companion.source_hash import PACKAGES, closure
from workflow.chapters import pages


def chapters_of_modules(root: Path = Path()) -> dict[str, list[str]]:
    """Every module of the packages, with the chapters whose key its code is part of."""
    found: dict[str, list[str]] = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): []
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }
    for page in pages(root):
        if page.computes:
            for module in closure(page.modules):
                found[module].append(page.name)
    return found


def table(found: dict[str, list[str]]) -> str:
    """A line for each module; the names where there are few enough to be read."""
    lines = []
    for module, names in found.items():
        listed = ", ".join(names) if len(names) <= 5 else "…"
        lines.append(f"{module:45}{len(names):3}  {listed}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(chapters_of_modules()))
