"""Steps one after another within a time limit; a table says what became of each.

Only the standard library: the first step makes the environment.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

PASSED, FAILED, STOPPED, NOT_RUN = "passed", "failed", "stopped", "not run"
# Windows has no SIGHUP.
SIGNALS = [
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
# What `timeout` of coreutils answers.
TIME_IS_UP = 124
# Seconds that a step has to end by itself when it is stopped.
GRACE = 5.0
# With these a shell or `make` passes over what it is told, and ends well.
DEAF = ("BASH_ENV", "SHELLOPTS", "BASHOPTS", "CDPATH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Step:
    """What is done.

    Attributes:
        name: for the table.
        command: for bash.
        why_not: why it cannot be run here; empty if it can.
        share: of the time of all steps that it usually takes; 0 where that says nothing.
    """

    name: str
    command: str
    why_not: str = ""
    share: float = 0.0


@dataclass
class Outcome:
    """What became of a step, and the seconds it took."""

    step: Step
    result: str = NOT_RUN
    seconds: float = 0.0


class Interrupted(Exception):
    """A signal asks all steps to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def run(steps: Sequence[Step], *, minutes: float, keep_going: bool = False) -> int:
    """Run all steps, end what they leave behind, print the table.

    Args:
        steps: in their order.
        minutes: after so many, the step at work and all that it has started are ended.
        keep_going: also after a step that failed.

    Returns:
        the exit code: 0 if no step failed, 1 if one did, 124 if the time was up, 128 + n after
        signal n.
    """
    adopt_orphans()
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    began = time.monotonic()
    outcomes = [Outcome(step) for step in steps]
    code = 0
    try:
        for outcome in outcomes:
            if outcome.step.why_not:
                outcome.result = f"{NOT_RUN}: {outcome.step.why_not}"
                continue
            say(f"\n== {outcome.step.name} ({time.monotonic() - began:.0f} s)")
            run_one(outcome, until=began + 60 * minutes)
            if outcome.result == FAILED:
                code = 1
                if not keep_going:
                    break
    except subprocess.TimeoutExpired:
        code = TIME_IS_UP
    except Interrupted as request:
        code = 128 + request.number
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        end_all()
        for number, handler in before.items():
            signal.signal(number, handler)
    say(f"\n{table(outcomes, time.monotonic() - began)}")
    for line in slower(outcomes):
        say(line)
    if code == TIME_IS_UP:
        (late,) = (outcome for outcome in outcomes if outcome.result == STOPPED)
        say(
            f"\nThe time is up: {minutes:g} minutes have passed, and `{late.step.name}` was ended "
            f"after {late.seconds:.0f} s; see above how far it was."
        )
    return code


def run_one(outcome: Outcome, until: float) -> None:
    """Run one step, and write what became of it into `outcome`.

    Raises:
        subprocess.TimeoutExpired: if it is still at work at the time `until`; it is ended.
        Interrupted: if a signal came; it is ended.
    """
    began = time.monotonic()
    command = ["bash", "-euo", "pipefail", "-c", outcome.step.command]
    outcome.result = STOPPED
    environment = {name: value for name, value in os.environ.items() if name not in DEAF}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        outcome.result = FAILED if process.wait(max(0.0, until - began)) else PASSED
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        end_all()
        outcome.seconds = time.monotonic() - began


def interrupt(number: int, _: FrameType | None) -> None:
    raise Interrupted(number)


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent ends, so that none is lost (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_all() -> None:
    """End every process below this one, without asking, until there is none (Linux)."""
    while left := list(descendants(os.getpid())):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def descendants(pid: int) -> Iterator[int]:
    """All processes below `pid` as Linux lists them; elsewhere none."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text("ascii").split()):
                yield child
                yield from descendants(child)


def table(outcomes: Iterable[Outcome], seconds: float) -> str:
    """What | result | seconds, in plain text."""
    rows = [(o.step.name, o.result, f"{o.seconds:.0f}") for o in outcomes]
    rows = [("what", "result", "seconds"), *rows, ("all", "", f"{seconds:.0f}")]
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    return "\n".join(f"{a:{first}} | {b:{second}} | {c:>7}" for a, b, c in rows)


def slower(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A line for each step that took twice its usual share of the time, if all have passed."""
    whole = sum(outcome.seconds for outcome in outcomes)
    if any(outcome.result != PASSED for outcome in outcomes):
        return
    for outcome in outcomes:
        if 0 < 2 * outcome.step.share * whole < outcome.seconds:
            yield (
                f"`{outcome.step.name}` took {outcome.seconds / whole:.0%} of the time, and "
                f"usually takes {outcome.step.share:.0%}: find out why."
            )


def say(text: str) -> None:
    print(text, flush=True)
