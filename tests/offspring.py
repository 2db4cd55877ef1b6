"""A forked child ends with the process that forked it.

A worker of pytest that reaches its time limit is ended at once. A child that it had forked holds
the pipe to pytest open, and pytest would wait for that child: for good, if that is what hangs.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def bind() -> None:
    """Bind all children that this process forks from now on, where Linux can."""
    if sys.platform == "linux":
        kernel = ctypes.CDLL(None)
        os.register_at_fork(after_in_child=lambda: kernel.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
