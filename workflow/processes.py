"""The processes of a build: there is one build at a time, and they end with it.

    python -m workflow.processes MARK

Every process of a build carries a mark in its environment, which also those inherit that leave its
group or lose their parent. Called as a program, this is the guard of a build: when the build is
gone without a word, it ends what carries the mark.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import cast

import psutil
from filelock import BaseFileLock, FileLock, Timeout

from vaelib.errors import UserError
from workflow import messages

MARK = "COMPANION_BUILD"
LOCK = messages.BUILD / "lock"
# Beside it the process that holds it: Windows lets nobody else read a file that is locked.
HOLDER = messages.BUILD / "lock.holder"
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
GRACE = 60.0  # seconds that a process has to end by itself; a run saves its checkpoint in them
ENDED = b"ended"


def own_mark() -> str:
    """The mark of this build: its process, and its folder."""
    return f"{os.getpid()}@{psutil.Process().create_time()} {Path.cwd()}"


def is_abandoned(mark: str) -> bool:
    """Whether the mark is that of another build in this folder.

    If this build holds the lock, the other is gone.
    """
    return mark != own_mark() and mark.partition(" ")[2] == str(Path.cwd())


def marked(belongs: Callable[[str], bool]) -> list[psutil.Process]:
    """The processes whose mark is such, but for this one."""
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK)
        except (psutil.Error, OSError):
            continue  # another user's, or gone
        if mark is not None and belongs(mark) and process.pid != os.getpid():
            found.append(process)
    return found


def end(belongs: Callable[[str], bool], grace: float = GRACE) -> int:
    """End the processes whose mark is such, and return how many there were.

    Each is asked first. Snakemake hears Ctrl-C, which also cancels a cluster's jobs.
    """
    asked: set[psutil.Process] = set()
    deadline = time.monotonic() + grace
    while found := marked(belongs):
        late = time.monotonic() >= deadline
        for process in found:
            try:
                if late:
                    process.kill()
                elif process not in asked:
                    process.send_signal(signal.SIGINT if is_snakemake(process) else signal.SIGTERM)
            except psutil.Error:
                continue
            asked.add(process)
        time.sleep(0.1)
    return len(asked)


def is_snakemake(process: psutil.Process) -> bool:
    """Whether a process is Snakemake, called as a program or a module."""
    try:
        return "snakemake" in [Path(word).name for word in process.cmdline()[:4]]
    except psutil.Error:
        return False


@contextmanager
def guarded(environment: dict[str, str]) -> Iterator[None]:
    """Within it a guard waits for the end of this process, however that comes."""
    command = [sys.executable, "-m", "workflow.processes", environment[MARK]]
    unmarked = {name: value for name, value in environment.items() if name != MARK}
    with subprocess.Popen(
        command, env=unmarked, stdin=subprocess.PIPE, start_new_session=True
    ) as guard:
        try:
            yield
        finally:
            guard.communicate(ENDED)


def check_system() -> None:
    """Make sure that a build can end the processes that it starts.

    Raises:
        UserError: on Windows.
    """
    if sys.platform == "win32":
        raise UserError(
            "a build of the book needs Linux or macOS: on Windows use WSL, or open the chapters in "
            "JupyterLab; `vaelib` itself works"
        )


def take_lock() -> AbstractContextManager[BaseFileLock]:
    """Make sure that this is the only build here, and end what a killed one left at work.

    The system frees the lock with the process, however it ends. So what Snakemake's own lock
    says after that can only come from a Snakemake that was called by hand, or from a dead one.

    Returns:
        the lock, which is released at the end of its `with` block.

    Raises:
        UserError: if another build is at work, or the folder cannot be written.
    """
    try:
        LOCK.parent.mkdir(exist_ok=True)
        lock = cast(BaseFileLock, FileLock(LOCK)).acquire(timeout=0)
    except Timeout:
        with suppress(OSError):
            holder = HOLDER.read_text("ascii")
            raise UserError(
                f"another build of this book is at work (process {holder}): wait for it, or stop "
                f"it with `kill {holder}`"
            ) from None
        raise UserError("another build of this book is at work: wait for it") from None
    except OSError as error:
        raise UserError(
            f"{LOCK} cannot be written or locked ({error.strerror}): make the project's folder "
            "writable, or move it to a file system that has locks"
        ) from None
    try:
        HOLDER.write_text(str(os.getpid()), "ascii")
    except OSError as error:
        raise UserError(
            f"{HOLDER} cannot be written ({error.strerror}): make room on the disk"
        ) from None
    if left := end(is_abandoned):
        print(f"The last build was killed; what it left at work was ended ({left}).", flush=True)
    stale = list(SNAKEMAKE_LOCKS.glob("*"))
    if stale and (other := other_snakemake()) is not None:
        lock.lock.release()
        raise UserError(f"Snakemake is at work here (process {other}): wait for it, or stop it")
    for path in stale:
        path.unlink()
    return lock


def other_snakemake() -> int | None:
    """The process of a Snakemake that runs in this folder."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(Path.cwd()) and is_snakemake(process):
                return int(process.pid)
        except psutil.Error:
            continue
    return None


def main() -> int:
    (mark,) = sys.argv[1:]
    if sys.stdin.buffer.read() != ENDED:
        end(lambda other: other == mark)
    return 0


if __name__ == "__main__":
    sys.exit(main())
