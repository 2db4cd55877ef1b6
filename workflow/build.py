"""`make book`: obtain the data, let Snakemake do what is missing, and say it in few words.

    python -m workflow.build --profile quick --device cpu --seed 0 [--cluster slurm] [--cores N]
    python -m workflow.build pdf ...

Snakemake's own log goes to _build/log; the terminal shows one line for each finished step and,
if a step failed, what failed in the last lines. The exit code is 0 if the book is there and up to
date, 2 for a bad input, 128 and the signal's number for a build that was stopped.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

from vaelib.errors import UserError
from workflow import messages, processes, render, settings, stamps, surroundings
from workflow.joined import PDF
from workflow.settings import Settings

LOG = messages.BUILD / "log" / "snakemake.log"
GOALS = {"book": messages.BUILD / "html" / "index.html", "pdf": PDF}
TOTAL = re.compile(r"^total\s+(\d+)")
COUNT = re.compile(r"(\d+) of (\d+) steps \(\d+%\) done")
NOTHING = "Nothing to be done"
# bash answers 128 and the signal's number for a command that a signal ended.
ENDED = re.compile(
    r"-m workflow\.(\w+) ([^\s']+).* returned non-zero exit status (129|1[3-5]\d)\.$", re.MULTILINE
)
KINDS = {"execute_chapter": "Chapter", "train": "Run"}


class Stopped(BaseException):
    """The build was asked to end, by Ctrl-C or by another signal."""

    def __init__(self, number: int) -> None:
        self.number = number


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the book.")
    parser.add_argument("goal", nargs="?", default="book", choices=GOALS, help="what to make")
    settings.add_options(parser)
    parser.add_argument("--cluster", default="local", help="a folder of workflow/profiles")
    parser.add_argument("--cores", default="all", help="how many steps run at the same time")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console need not know every letter
    try:
        processes.check_system()
        chosen = settings.read(options.profile, options.device, options.seed)
        cluster = cluster_profile(options.cluster)
        cores = checked_cores(options.cores)
        lock = processes.take_lock()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    mark = processes.own_mark()
    environment = surroundings.tidied({**os.environ, processes.MARK: mark})
    if not sys.stdout.isatty():
        environment["TQDM_DISABLE"] = "1"
    with lock, listening(), processes.guarded(environment):
        try:
            return build(chosen, cluster, cores, options.goal, environment)
        except Stopped as stopped:
            return stop(stopped.number, mark)
        except BrokenPipeError:  # nobody reads any more what is said here
            return 128 + signal.SIGPIPE
        except OSError as error:
            print(f"The build could not go on: {error}", file=sys.stderr)
            return 1
        finally:
            processes.end(mark.__eq__)


def cluster_profile(name: str) -> Path:
    """The Snakemake profile of that name.

    Raises:
        UserError: if there is none.
    """
    folder = Path(__file__).parent / "profiles"
    known = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if name not in known:
        raise UserError(f"cluster {name!r} is not known: use one of {', '.join(known)}")
    return folder / name


def checked_cores(cores: str) -> str:
    """How many steps run at the same time, as Snakemake takes it.

    Raises:
        UserError: if it is neither `all` nor a number of cores of this machine.
    """
    there = os.cpu_count() or 1
    if cores != "all" and not (re.fullmatch(r"[0-9]{1,4}", cores) and 1 <= int(cores) <= there):
        raise UserError(f"cores {cores!r} cannot be: use all, or a whole number from 1 to {there}")
    return cores


@contextmanager
def listening() -> Iterator[None]:
    """Within it a request to end is an exception; `nohup` keeps its meaning."""

    def hear(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, hear) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop(number: int, mark: str) -> int:
    """End all steps that are at work, and say so; return the exit code."""
    with suppress(OSError):  # the terminal may be gone
        print("Stopping; runs are saved first. A second Ctrl-C does not wait.", flush=True)
    try:
        processes.end(mark.__eq__)
    except Stopped:
        processes.end(mark.__eq__, grace=0.0)
    with suppress(OSError):
        print("Stopped. The same command goes on from here.", flush=True)
    return 128 + number


def build(
    chosen: Settings, cluster: Path, cores: str, goal: str, environment: dict[str, str]
) -> int:
    """Data, then Snakemake, then the last words."""
    made = GOALS[goal]
    start = time.perf_counter()
    print(f"Book with {chosen}.", flush=True)
    messages.forget()
    render.restore()
    obtain = [sys.executable, "-m", "companion.cli", "data"]
    data = subprocess.run(obtain, env=environment, start_new_session=True, check=False)
    if data.returncode:
        return data.returncode
    code, log = run_snakemake(chosen, cluster, cores, goal, environment)
    for module, name, answer in ENDED.findall(log):
        if not messages.has_failed(name):  # it had no time for a word of its own
            ended = signal.Signals(int(answer) - 128).name
            memory = "; perhaps the memory was full" if ended == "SIGKILL" else ""
            what = f"{KINDS.get(module, 'Step')} {name if module in KINDS else module}"
            messages.fail(name, f"{what} was ended by {ended}{memory}.")
    if code:
        failures = messages.failures() or [*log.splitlines()[-25:], f"Snakemake failed; see {LOG}."]
        kept = f" {made} is still that of the last good build." if made.is_file() else ""
        print(f"\nThe {goal} was not built.{kept}", *failures, sep="\n", flush=True)
        return code
    # Void stamps were removed before Snakemake began.
    if not stamps.path(goal).is_file():
        print(f"The {goal} was not built, though Snakemake ended without an error; see {LOG}.")
        return 1
    if NOTHING in log:
        print(f"Nothing to do: {made} is up to date.")
    else:
        print(f"Built {made} in {time.perf_counter() - start:.0f} s.")
    return 0


def run_snakemake(
    chosen: Settings, cluster: Path, cores: str, goal: str, environment: dict[str, str]
) -> tuple[int, str]:
    """Run the Snakefile; return its exit code and its log."""
    command = [sys.executable, "-m", "snakemake", goal, "--snakefile", "workflow/Snakefile"]
    command += ["--workflow-profile", str(cluster), "--cores", cores, "--nocolor"]
    command += ["--config", f"profile={chosen.profile}", f"device={chosen.device}"]
    command += [f"seed={chosen.seed}"]
    LOG.parent.mkdir(exist_ok=True)
    # In a session of its own: Ctrl-C reaches this process only, which ends the others in order.
    # Not through a pipe: what outlives a killed Snakemake would hold it open.
    with LOG.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
    with LOG.open(encoding="utf-8", errors="replace") as log:
        for line in lines_until(log, lambda: process.poll() is not None):
            if total := TOTAL.search(line):
                print(f"{total[1]} steps to do:", flush=True)
            elif cluster.name != "local" and (count := COUNT.search(line)):
                print(f"  {count[1]} of {count[2]} steps done", flush=True)
    code = process.wait()
    return code if code >= 0 else 128 - code, LOG.read_text(encoding="utf-8", errors="replace")


def lines_until(log: TextIO, ended: Callable[[], bool]) -> Iterator[str]:
    """The lines of a file that is being written."""
    line = ""
    while True:
        over = ended()
        line += log.readline()
        if line.endswith("\n"):
            yield line
            line = ""
        elif over:
            return
        else:
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
