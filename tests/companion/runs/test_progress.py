"""A progress bar says how far a run is, and binds it to no other process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

import pytest
import tqdm
import tqdm.auto

from companion.runs.progress import Bar, bar_of

FORK = multiprocessing.get_context("fork")


def hold_the_lock(told: Connection) -> None:
    Bar.get_lock().acquire()
    told.send("held")
    signal.pause()


def draw_a_bar(go: Connection) -> None:
    """Every way in which a run uses its bar, once it may."""
    go.recv()
    with bar_of("a-run", 0, 10, shown=True) as bar:
        bar.update(5)
        bar.refresh()
        Bar.write("a word")
        bar.update(5)


def test_a_process_killed_in_the_middle_of_its_bar_stops_no_other() -> None:
    bar_of("before", 0, 10, shown=False).close()
    # What other bars of this process, papermill's and a notebook's, may have made long before.
    tqdm.auto.tqdm(total=1, disable=True).close()
    hears, tells = FORK.Pipe(duplex=False)
    waits, lets_go = FORK.Pipe(duplex=False)
    other = FORK.Process(target=draw_a_bar, args=(waits,), daemon=True)
    killed = FORK.Process(target=hold_the_lock, args=(tells,), daemon=True)
    other.start()
    killed.start()
    assert hears.recv() == "held"
    assert killed.pid is not None
    os.kill(killed.pid, signal.SIGKILL)
    killed.join()
    lets_go.send("go")
    other.join(timeout=20)
    assert other.exitcode == 0
    assert Bar.get_lock().acquire(timeout=5)
    Bar.get_lock().release()


def test_a_thread_in_the_middle_of_its_bar_does_not_stop_a_forked_process() -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Bar.get_lock():
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    waits, lets_go = FORK.Pipe(duplex=False)
    process = FORK.Process(target=draw_a_bar, args=(waits,), daemon=True)
    process.start()
    lets_go.send("go")
    process.join(timeout=20)
    done.set()
    thread.join()
    assert process.exitcode == 0


def test_the_lock_is_not_tqdm_s_own() -> None:
    with bar_of("a-run", 0, 10, shown=False) as bar:
        assert bar.get_lock() is Bar.get_lock() is not tqdm.tqdm.get_lock()


def test_a_hidden_bar_writes_nothing_and_starts_no_thread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = threading.active_count()
    with bar_of("a-run", 0, 100, shown=False) as bar:
        bar.update(50)
        assert threading.active_count() == before
    assert capsys.readouterr() == ("", "")


def test_a_shown_bar_starts_no_thread(capsys: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    with bar_of("a-run", 0, 100, shown=True) as bar:
        bar.update(50)
        assert threading.active_count() == before
    assert "a-run" in capsys.readouterr().err


def test_a_shown_bar_names_the_run_and_where_it_began(capsys: pytest.CaptureFixture[str]) -> None:
    with bar_of("a-run", 3000, 10_000, shown=True) as bar:
        bar.update(7000)
    _, written = capsys.readouterr()
    assert written.startswith("\ra-run:  30%")
    assert "3.00k/10.0k" in written
    assert "a-run: 100%" in written
