"""There is one build at a time, and what a build started is found by its mark and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vaelib.errors import UserError
from workflow import build, processes
from workflow.processes import MARK

SLEEP = "import time; open(1, 'w').write('ready\\n'); time.sleep(100)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process with a mark, and wait until it is at work."""
    started: list[subprocess.Popen[str]] = []

    def begin(mark: str, code: str = SLEEP, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            env={**os.environ, MARK: mark},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_only_what_carries_the_mark_is_ended(start: Start, tmp_path: Path) -> None:
    # Tests of other processes have other folders.
    mark, another = f"1@2.0 {tmp_path}", f"1@3.0 {tmp_path}"
    mine, other = start(mark), start(another)
    assert processes.end(mark.__eq__) == 1
    assert mine.wait() == -signal.SIGTERM
    assert other.poll() is None


def test_what_does_not_hear_is_killed_after_its_time(start: Start, tmp_path: Path) -> None:
    mark = f"1@2.0 {tmp_path}"
    deaf = start(mark, DEAF)
    assert processes.end(mark.__eq__, grace=0.3) == 1
    assert deaf.wait() == -signal.SIGKILL


def test_children_are_found_though_their_parent_is_gone(start: Start, tmp_path: Path) -> None:
    mark = f"1@2.0 {tmp_path}"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}])"
    parent = start(mark, code)
    parent.wait()
    assert processes.end(mark.__eq__) == 1


@pytest.mark.usefixtures("project")
def test_a_build_is_abandoned_if_it_is_another_one_of_this_folder() -> None:
    folder = Path.cwd()
    assert processes.is_abandoned(f"1@2.0 {folder}")
    assert not processes.is_abandoned(f"1@2.0 {folder} too")
    assert not processes.is_abandoned(f"1@2.0 {folder.parent}")
    assert not processes.is_abandoned(processes.own_mark())


@pytest.mark.usefixtures("project")
def test_the_guard_ends_the_build_s_processes_if_it_hears_nothing(start: Start) -> None:
    mark = f"1@2.0 {Path.cwd()}"
    step = start(mark)
    command = [sys.executable, "-m", "workflow.processes", mark]
    root = Path(processes.__file__).parent.parent
    subprocess.run(command, cwd=root, input=processes.ENDED, check=True)
    assert step.poll() is None
    subprocess.run(command, cwd=root, input=b"", check=True)
    assert step.wait() == -signal.SIGTERM


@pytest.mark.usefixtures("project")
def test_two_builds_at_once_are_refused() -> None:
    with processes.take_lock(), pytest.raises(UserError, match=f"`kill {os.getpid()}`"):
        processes.take_lock()
    with processes.take_lock():
        pass


@pytest.mark.usefixtures("project")
def test_what_a_killed_build_left_is_ended_before_the_next(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    step = start(f"1@2.0 {Path.cwd()}")
    with processes.take_lock():
        pass
    assert step.wait() == -signal.SIGTERM
    assert capsys.readouterr().out == (
        "The last build was killed; what it left at work was ended (1).\n"
    )


@pytest.mark.usefixtures("project")
def test_a_stale_lock_of_snakemake_is_removed() -> None:
    processes.SNAKEMAKE_LOCKS.mkdir(parents=True)
    (processes.SNAKEMAKE_LOCKS / "0.output.lock").touch()
    with processes.take_lock():
        pass
    assert not any(processes.SNAKEMAKE_LOCKS.iterdir())


@pytest.mark.usefixtures("project")
def test_a_snakemake_that_was_called_by_hand_keeps_its_lock(start: Start) -> None:
    processes.SNAKEMAKE_LOCKS.mkdir(parents=True)
    (processes.SNAKEMAKE_LOCKS / "0.output.lock").touch()
    reader = start("no build", SLEEP, "_build/log/snakemake.log")
    with processes.take_lock():
        pass
    assert not any(processes.SNAKEMAKE_LOCKS.iterdir()), f"{reader.args} is no Snakemake"
    (processes.SNAKEMAKE_LOCKS / "0.output.lock").touch()
    by_hand = start("no build", SLEEP, "snakemake")
    with pytest.raises(UserError, match=rf"Snakemake is at work here \(process {by_hand.pid}\)"):
        processes.take_lock()


@pytest.mark.usefixtures("project")
def test_a_folder_that_cannot_hold_a_lock_is_named() -> None:
    Path("_build").write_text("a file")
    with pytest.raises(UserError, match="_build/lock cannot be written or locked"):
        processes.take_lock()


def test_on_windows_a_build_says_what_works_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert build.main([]) == 2
    assert capsys.readouterr().err == (
        "a build of the book needs Linux or macOS: on Windows use WSL, or open the chapters in "
        "JupyterLab; `vaelib` itself works\n"
    )
