"""How far a run is, for the person who waits."""

from __future__ import annotations

import os
import sys
import threading

from tqdm import tqdm

from vaelib.checks.limits import Whole, checked


class Bar(tqdm):  # type: ignore[type-arg]  # its argument exists for type checkers only
    """A progress bar that shares nothing with other processes.

    tqdm's own lock is shared with every forked process, and one that is killed while it holds the
    lock stops all others for good. tqdm's monitor is a thread that takes that lock, also where no
    bar is shown.
    """

    monitor_interval = 0


def renew_lock() -> None:
    """Give the bars of this process a lock that nobody holds."""
    Bar.set_lock(threading.RLock())


renew_lock()
# A thread that held the lock when its process was forked is not there in the child to release it.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=renew_lock)


@checked
def bar_of(name: str, samples: Whole, until: Whole, shown: bool) -> Bar:
    """The progress bar of a run, in training samples."""
    # Without a monitor, a count that follows the rate could fall behind where the rate drops.
    return Bar(
        total=until,
        initial=samples,
        desc=name,
        unit=" samples",
        unit_scale=True,
        miniters=1,
        disable=not shown,
    )


def tell(line: str) -> None:
    """Print a line on standard error, above the bars."""
    Bar.write(line, file=sys.stderr)
