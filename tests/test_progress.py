"""A progress bar says how far a run is, and binds it to no other process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

import pytest

from vaelib.progress import Bar, bar_of


def hold_the_lock(told: Connection) -> None:
    Bar.get_lock().acquire()
    told.send("held")
    signal.pause()


def test_a_process_killed_in_the_middle_of_its_bar_stops_no_other() -> None:
    bar_of("before", 0, 10, shown=False).close()
    context = multiprocessing.get_context("fork")
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=hold_the_lock, args=(tells,))
    process.start()
    assert hears.recv() == "held"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert Bar.get_lock().acquire(timeout=5)
    Bar.get_lock().release()


def test_a_hidden_bar_writes_nothing_and_starts_no_thread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = threading.active_count()
    with bar_of("a-run", 0, 100, shown=False) as bar:
        bar.update(50)
        assert threading.active_count() == before
    assert capsys.readouterr() == ("", "")


def test_a_shown_bar_names_the_run_and_where_it_began(capsys: pytest.CaptureFixture[str]) -> None:
    with bar_of("a-run", 3000, 10_000, shown=True) as bar:
        bar.update(7000)
    _, written = capsys.readouterr()
    assert written.startswith("\ra-run:  30%")
    assert "3.00k/10.0k" in written
    assert "a-run: 100%" in written
