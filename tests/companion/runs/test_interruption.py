"""A request to end is heard once, and a second one ends at once."""

from __future__ import annotations

import signal
import threading

import pytest

from companion.runs.interruption import SIGNALS, deferred


@pytest.mark.parametrize("number", SIGNALS)
def test_a_request_is_noted_and_the_handlers_come_back(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with deferred() as request:
        assert not request.made
        signal.raise_signal(number)
        assert request.made
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_the_second_request_does_not_wait() -> None:
    with deferred() as request:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert request.made


def test_other_threads_have_nothing_to_hear() -> None:
    seen = []

    def work() -> None:
        with deferred() as request:
            seen.append(request.made)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
