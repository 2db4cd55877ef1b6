"""Ctrl-C, and a cluster's request to end, wait for the next good moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Request:
    """Whether an end was asked for."""

    def __init__(self) -> None:
        self.made = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note the first request; a second one ends at once."""
        if self.made:
            raise KeyboardInterrupt
        self.made = True


@contextmanager
def deferred() -> Iterator[Request]:
    """Within it SIGINT and SIGTERM only set `made`; whoever runs the loop looks at it and ends.

    Outside the main thread, where Python delivers no signals, it does nothing.
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
