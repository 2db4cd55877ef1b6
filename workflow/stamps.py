"""What of a build is up to date, by content: dates of files decide nothing.

    python -m workflow.stamps NAME KEY FILE...

A step that ended well leaves a stamp, `_build/stamps/NAME`. It holds the key of what the step was
made from and a digest of what it made. So it is void once either has changed, or was deleted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vaelib.files import write_atomically
from workflow import keys, messages

if TYPE_CHECKING:
    from workflow.plan import Plan

STAMPS = messages.BUILD / "stamps"
RECORDS = messages.BUILD / "chapters"


def path(name: str) -> Path:
    """Where the stamp of that name lies."""
    return STAMPS / name


def content(key: str, files: Iterable[Path]) -> str:
    """What a stamp holds for these files as they are."""
    return f"{key} {keys.files(*files)}\n"


def write(name: str, key: str, files: Iterable[Path]) -> None:
    """Stamp what a step made."""
    path(name).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path(name), content(key, files).encode())


def sweep(plan: Plan) -> None:
    """Remove every stamp that is void for this plan, and what chapters that are gone left behind.

    A stamp is void too if one that it rests on is. What remains is up to date.
    """
    kept = {name for name in plan.run_stamps if path(name).is_file() and plan.has_run(name)}
    for name, product in plan.products.items():
        if kept.issuperset(product.needs) and holds(name, product.key, product.files):
            kept.add(name)
    for stamp in STAMPS.rglob("*"):
        name = stamp.relative_to(STAMPS).as_posix()
        # Runs of other settings are named by their keys, and wait for their turn.
        of_other_settings = name.startswith("runs/") and name not in plan.run_stamps
        if not stamp.is_dir() and not of_other_settings and name not in kept:
            stamp.unlink()
    for name in kept:
        # Snakemake refuses what is older than its input: no date may lie in the future.
        os.utime(path(name))
    for record in RECORDS.glob("*.json"):
        if record.stem not in plan.chapters:
            record.unlink()


def holds(name: str, key: str, files: Iterable[Path]) -> bool:
    """Whether the stamp is there and says what is the case."""
    try:
        return path(name).read_text(encoding="utf-8") == content(key, files)
    except (OSError, UnicodeDecodeError):
        return False


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("key")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    write(options.name, options.key, options.files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
