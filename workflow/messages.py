"""What a build tells the reader: a line for each finished step, and the failures at the end."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

BUILD = Path("_build")
FAILURES = BUILD / "failures"


def done(step: str, name: str, seconds: float) -> None:
    """Say that a step is finished and how long it took."""
    print(f"  {step:<8} {name:<52} {seconds:7.1f} s", flush=True)


def fail(name: str, message: str) -> None:
    """Keep the message of a failure, for the last lines of the build."""
    print(message, flush=True)
    with suppress(OSError):  # the disk may be full
        FAILURES.mkdir(parents=True, exist_ok=True)
        (FAILURES / f"{name}.txt").write_text(message.rstrip() + "\n", encoding="utf-8")


def has_failed(name: str) -> bool:
    """Whether that step has left a message."""
    return (FAILURES / f"{name}.txt").is_file()


def failures() -> list[str]:
    """The messages of the failures since `forget`."""
    return [path.read_text(encoding="utf-8").strip() for path in sorted(FAILURES.glob("*.txt"))]


def forget() -> None:
    """Forget the failures of earlier builds."""
    shutil.rmtree(FAILURES, ignore_errors=True)
