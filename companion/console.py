"""What is printed reaches any console: a sign that its encoding lacks becomes one that it has."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import re
import sys
from pathlib import Path

from companion.wording import RAISED_SIGNS, plain

ERRORS = "vaelib.plain"
POWER = re.compile(f"[{RAISED_SIGNS}]+")


class OutputError(Exception):
    """Standard output takes nothing more; its message says why."""


def prepare() -> None:
    """Let standard output and error take every text, also one that was closed from the start."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def say(line: str = "", *, end: str = "\n") -> None:
    """Print a line on standard output, at once, and with it what is waiting there.

    Raises:
        BrokenPipeError: if nobody reads it any more.
        OutputError: if it cannot be written, as on a full disk.
    """
    try:
        print(line, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from None


def complain(line: str) -> None:
    """Print a line on standard error; if even that takes nothing, there is no one to tell."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def abandon() -> None:
    """Send what is left for standard output and error nowhere, lest Python stumble at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
            continue
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What takes the place of a sign that cannot be encoded, or of a power, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    power = POWER.match(error.object, error.start)
    if power is not None:
        return "^" + "".join(map(plain, power[0])), power.end()
    return plain(error.object[error.start]), error.start + 1


codecs.register_error(ERRORS, _plainly)
