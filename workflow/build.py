"""`make book`: obtain the data, let Snakemake do what is missing, and say it in few words.

    python -m workflow.build --profile quick --device cpu --seed 0 [--cluster slurm] [--cores N]
    python -m workflow.build pdf ...

Snakemake's own log goes to _build/log; the terminal shows one line for each finished step and,
if a step failed, what failed in the last lines.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil

from vaelib.errors import UserError
from workflow import messages, settings
from workflow.joined import PDF
from workflow.settings import Settings

LOCK = messages.BUILD / "lock"
LOG = messages.BUILD / "log" / "snakemake.log"
GOALS = {"book": messages.BUILD / "html" / "index.html", "pdf": PDF}
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
TOTAL = re.compile(r"^total\s+(\d+)")
COUNT = re.compile(r"(\d+) of (\d+) steps \(\d+%\) done")
NOTHING = "Nothing to be done"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the book.")
    parser.add_argument("goal", nargs="?", default="book", choices=GOALS, help="what to make")
    settings.add_options(parser)
    parser.add_argument("--cluster", default="local", help="a folder of workflow/profiles")
    parser.add_argument("--cores", default="all", help="how many steps run at the same time")
    options = parser.parse_args(arguments)
    try:
        chosen = settings.read(options.profile, options.device, options.seed)
        cluster = cluster_profile(options.cluster)
        lock = take_lock()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    with lock:
        return build(chosen, cluster, options.cores, lock, options.goal)


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


def take_lock() -> IO[str]:
    """Make sure that this is the only build here.

    The kernel frees the lock with the process, however it ends. So what Snakemake's own lock
    says after that can only come from a Snakemake that was called by hand, or from a dead one.

    Raises:
        UserError: if another build is at work.
    """
    LOCK.parent.mkdir(exist_ok=True)
    lock = LOCK.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        with lock:
            holder = lock.read().strip()
        raise UserError(
            f"another build of this book is at work (process {holder}): wait for it, or stop it"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    if SNAKEMAKE_LOCKS.is_dir() and any(SNAKEMAKE_LOCKS.iterdir()):
        if (other := other_snakemake()) is not None:
            raise UserError(f"Snakemake is at work here (process {other}): wait for it, or stop it")
        for stale in SNAKEMAKE_LOCKS.iterdir():
            stale.unlink()
    return lock


def other_snakemake() -> int | None:
    """The process of a Snakemake that runs in this folder."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(Path.cwd()) and "snakemake" in " ".join(process.cmdline()):
                return int(process.pid)
        except psutil.Error:
            continue
    return None


def build(chosen: Settings, cluster: Path, cores: str, lock: IO[str], goal: str) -> int:
    """Data, then Snakemake, then the last words."""
    made = GOALS[goal]
    start = time.perf_counter()
    print(f"Book with {chosen}.", flush=True)
    messages.forget()
    data = subprocess.run([sys.executable, "-m", "vaelib.cli", "data"], check=False)
    if data.returncode:
        return data.returncode
    code, log = run_snakemake(chosen, cluster, cores, lock, goal)
    if code:
        failures = messages.failures() or [*log.splitlines()[-25:], f"Snakemake failed; see {LOG}."]
        kept = f" {made} is still that of the last good build." if made.is_file() else ""
        print(f"\nThe {goal} was not built.{kept}", *failures, sep="\n", flush=True)
        return code
    if NOTHING in log:
        print(f"Nothing to do: {made} is up to date.")
    else:
        print(f"Built {made} in {time.perf_counter() - start:.0f} s.")
    return 0


def run_snakemake(
    chosen: Settings, cluster: Path, cores: str, lock: IO[str], goal: str
) -> tuple[int, str]:
    """Run the Snakefile; return its exit code and its log."""
    command = [sys.executable, "-m", "snakemake", goal, "--snakefile", "workflow/Snakefile"]
    command += ["--workflow-profile", str(cluster), "--cores", cores, "--nocolor"]
    command += ["--config", f"profile={chosen.profile}", f"device={chosen.device}"]
    command += [f"seed={chosen.seed}"]
    LOG.parent.mkdir(exist_ok=True)
    bars = {} if sys.stdout.isatty() else {"TQDM_DISABLE": "1"}
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            env={**os.environ, **bars},
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=(lock.fileno(),),
        ) as process,
    ):
        assert process.stderr is not None
        for line in process.stderr:
            log.write(line)
            log.flush()
            if total := TOTAL.search(line):
                print(f"{total[1]} steps to do:", flush=True)
            elif cluster.name != "local" and (count := COUNT.search(line)):
                print(f"  {count[1]} of {count[2]} steps done", flush=True)
    return process.returncode, LOG.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
