"""Checks end in time and leave nothing behind, and a table says what became of each step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import ROOT

from workflow import checks, environment, steps
from workflow.steps import Outcome, Step

# A process that hangs: it hears no request to end, and has left its group.
HANGS = "setsid --wait bash -c 'trap \"\" TERM; echo $$ >> pids; while :; do sleep 0.1; done'"

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its processes so")


def start(
    folder: Path, *commands: str, minutes: float = 1, keep_going: bool = False, **variables: str
) -> subprocess.Popen[str]:
    """Run commands as steps named 1, 2, … in a process of its own, in `folder`."""
    named = [Step(str(number), command) for number, command in enumerate(commands, start=1)]
    code = f"""\
import sys
from workflow.steps import Step, run
sys.exit(run({named!r}, minutes={minutes}, keep_going={keep_going}))"""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """The exit code, and what was printed. A child that is left would keep the pipe open."""
    said, _ = process.communicate(timeout=30)
    return process.returncode, said.splitlines()


def rows(said: list[str]) -> dict[str, str]:
    """Results by the names of the steps, from the table."""
    cells = [[cell.strip() for cell in line.split("|")] for line in said if " | " in line]
    assert cells[0] == ["what", "result", "seconds"]
    assert cells[-1][0] == "all"
    assert all(cell[2].isdigit() for cell in cells[1:])
    return {name: result for name, result, _ in cells[1:-1]}


def alive(folder: Path) -> list[int]:
    """Those processes that wrote their number into the folder and still run."""
    found = [int(line) for line in (folder / "pids").read_text().split()]
    assert found
    return [pid for pid in found if Path(f"/proc/{pid}").exists()]


def wait_for(path: Path) -> None:
    for _ in range(200):
        if path.exists() and path.read_text():
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} was not written")


def test_a_step_that_takes_twice_its_share_is_named() -> None:
    usual, late = Step("usual", "", share=0.7), Step("late", "", share=0.2)
    unknown = Step("unknown", "")

    def slower(*seconds: float, result: str = steps.PASSED) -> list[str]:
        both = zip((usual, late, unknown), (*seconds, 5.0), strict=True)
        return list(steps.slower([Outcome(step, result, took) for step, took in both]))

    assert slower(60, 38) == []
    assert slower(60, 45) == [
        "`late` took 41% of the time, and usually takes 20%: find out why.",
    ]
    # Where a step has failed, the others' shares say nothing.
    assert slower(60, 45, result=steps.FAILED) == []


def test_steps_run_in_their_order_and_the_table_names_each(tmp_path: Path) -> None:
    code, said = finish(start(tmp_path, "echo first", "echo second"))
    assert code == 0
    assert [line for line in said if line in ("first", "second")] == ["first", "second"]
    assert rows(said) == {"1": "passed", "2": "passed"}


@pytest.mark.parametrize("command", ["false", "false | true", "echo $NOT_SET", "kill -9 $$"])
def test_a_step_that_fails_is_the_last(tmp_path: Path, command: str) -> None:
    code, said = finish(start(tmp_path, "true", command, "echo third"))
    assert code == 1
    assert "third" not in said
    assert rows(said) == {"1": "passed", "2": "failed", "3": "not run"}


def test_all_steps_run_where_each_is_wanted(tmp_path: Path) -> None:
    code, said = finish(start(tmp_path, "false", "echo second", keep_going=True))
    assert code == 1
    assert rows(said) == {"1": "failed", "2": "passed"}


def test_a_step_reads_nothing(tmp_path: Path) -> None:
    code, said = finish(start(tmp_path, "cat", "read -r line"))
    assert code == 1
    assert rows(said) == {"1": "passed", "2": "failed"}


def test_a_step_that_cannot_be_run_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = [steps.Outcome(Step("a", "true")), steps.Outcome(Step("longer", "", "why"), "b", 7)]
    assert steps.table(outcomes, 61.4).splitlines() == [
        "what   | result  | seconds",
        "a      | not run |       0",
        "longer | b       |       7",
        "all    |         |      61",
    ]


@linux
def test_a_step_that_hangs_is_ended_in_time_with_all_that_it_started(tmp_path: Path) -> None:
    hangs = f"{HANGS} & ({HANGS} &) ; {HANGS}"
    code, said = finish(start(tmp_path, "true", hangs, "true", minutes=2 / 60))
    assert code == steps.TIME_IS_UP
    assert rows(said) == {"1": "passed", "2": "stopped", "3": "not run"}
    assert said[-1].startswith("The time is up: ")
    assert "`2` was ended after" in said[-1]
    assert len((tmp_path / "pids").read_text().split()) == 3
    assert alive(tmp_path) == []


@linux
def test_what_a_step_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    leaves = f"({HANGS} &) ; until [ -s pids ]; do sleep 0.1; done"
    code, said = finish(start(tmp_path, leaves, 'kill -0 "$(cat pids)"'))
    assert code == 1
    assert rows(said) == {"1": "passed", "2": "failed"}
    assert alive(tmp_path) == []


@linux
@pytest.mark.parametrize("number", steps.SIGNALS)
def test_a_signal_ends_all_and_the_table_is_still_printed(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start(tmp_path, HANGS, "true")
    wait_for(tmp_path / "pids")
    process.send_signal(number)
    code, said = finish(process)
    assert code == 128 + number
    assert rows(said) == {"1": "stopped", "2": "not run"}
    assert alive(tmp_path) == []


# The two tiers


def test_other_pythons_are_found_on_the_path_and_below_pyenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def python(path: Path, version: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {version}\n")
        path.chmod(0o755)
        return path

    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert checks.find_python("3.99") is None
    python(tmp_path / "pyenv/versions/3.99.9/bin/python", "3.99")
    newest = python(tmp_path / "pyenv/versions/3.99.10/bin/python", "3.99")
    # A name on the path that runs no such Python, as pyenv leaves it.
    shim = python(tmp_path / "bin/python3.99", "")
    assert checks.find_python("3.99") == newest
    python(shim, "3.99")
    assert checks.find_python("3.99") == shim


def test_the_second_tier_has_a_row_for_every_other_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_python", lambda name: None)
    why_not = {step.name: step.why_not for step in checks.thorough() if step.why_not}
    others = set(environment.SUITED) - {sys.version_info[:2]}
    assert len(others) == 2
    for name in ("{}.{}".format(*version) for version in others):
        assert why_not[f"Quick tests on Python {name}"] == f"python{name} is not there"


def test_a_tier_that_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert checks.main(["everything"]) == 2
    assert capsys.readouterr().err == "give one of change, thorough\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("BASH_ENV", "ends"), ("SHELLOPTS", "noexec"), ("MAKEFLAGS", "n"), ("MAKEFLAGS", "i")],
)
def test_no_variable_lets_a_step_pass_that_fails(name: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "ends").write_text("exit 0\n")
    (tmp_path / "Makefile").write_text("all:\n\t@false\n")
    code, said = finish(start(tmp_path, "false", "make", keep_going=True, **{name: value}))
    assert (code, rows(said)) == (1, {"1": "failed", "2": "failed"})
