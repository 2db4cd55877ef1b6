"""`make book` from the outside: how it ends, what it says, and that nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import small_book
import yaml
from places import ROOT

from vaelib.errors import UserError
from workflow import build

# In the place of Snakemake: it starts a job, which starts a kernel that leaves the session, as
# Jupyter's do; and it waits for the job, whatever is asked.
SNAKEMAKE = """
import signal, subprocess, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
sys.exit(subprocess.Popen([sys.executable, "job.py"]).wait())
"""
JOB = """
import os, signal, subprocess, sys, time
def save(*_):
    time.sleep(0.3)
    open("saved", "w").close()
    sys.exit(1)
signal.signal(signal.SIGTERM, save)
signal.signal(signal.SIGINT, lambda *_: os._exit(1))
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], start_new_session=True)
open("at-work", "w").close()
time.sleep(100)
"""
STUBBORN = JOB.replace("SIGTERM, save", "SIGTERM, signal.SIG_IGN")
COMMAND = [sys.executable, "-m", "workflow.build"]


@pytest.fixture
def stubbed(project: Path) -> Path:
    """The small project with these in the place of Snakemake and of the data."""
    small_book.furnish(project)
    (project / "companion/cli.py").write_text("")
    (project / "snakemake.py").write_text(SNAKEMAKE)
    (project / "job.py").write_text(JOB)
    return project


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def left(folder: Path) -> list[int]:
    """The processes that work in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return [pid for pid in found if pid != os.getpid()]


@pytest.fixture
def at_work(stubbed: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A build whose job is at work."""
    started = []

    def start(command: list[str] = COMMAND) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=stubbed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        until((stubbed / "at-work").exists, "no job began")
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    for pid in left(stubbed):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_build_that_is_asked_to_end_saves_its_runs_and_leaves_nothing(
    number: signal.Signals, at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work()
    process.send_signal(number)
    said = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode == 128 + number
    assert said[-2:] == [
        "Stopping; runs are saved first. A second Ctrl-C does not wait.",
        "Stopped. The same command goes on from here.",
    ]
    assert (stubbed / "saved").exists()
    assert left(stubbed) == []


def test_ctrl_c_at_the_terminal_reaches_everyone_once(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert (stubbed / "saved").exists()
    assert left(stubbed) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_make_passes_the_request_on(
    number: signal.Signals, at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    command = ["make", "-f", str(ROOT / "Makefile"), "-o", ".venv/ready"]
    process = at_work([*command, f"BIN={Path(sys.executable).parent}", "book"])
    # Ctrl-C reaches all that the terminal runs, SIGTERM only make, which passes it on.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    process.communicate(timeout=30)
    assert process.returncode not in (0, None)
    until(lambda: left(stubbed) == [], "a process stayed")
    assert (stubbed / "saved").exists()


def test_a_second_ctrl_c_does_not_wait(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    (stubbed / "job.py").write_text(STUBBORN)
    process = at_work()
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    until(lambda: "Stopping" in str(process.stdout and process.stdout.readline()), "not heard")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert left(stubbed) == []


def test_a_build_that_is_killed_takes_its_processes_with_it(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work()
    process.kill()
    until(lambda: left(stubbed) == [], "a process stayed")
    assert (stubbed / "saved").exists()


def test_the_next_build_ends_what_a_killed_one_left_and_goes_on(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work()
    guard = [
        child
        for child in psutil.Process(process.pid).children()
        if "workflow.processes" in child.cmdline()
    ]
    assert len(guard) == 1
    guard[0].kill()
    process.kill()
    process.wait()
    assert len(left(stubbed)) == 3
    (stubbed / "snakemake.py").write_text("raise SystemExit(1)")
    result = small_book.make(stubbed)
    assert result.stdout.startswith(
        "The last build was killed; what it left at work was ended (3).\n"
    )
    assert (stubbed / "saved").exists()
    assert left(stubbed) == []


def test_a_step_whose_snakemake_is_killed_does_not_outlive_the_build(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work()
    (snakemake,) = (
        child for child in psutil.Process(process.pid).children() if "snakemake" in child.cmdline()
    )
    snakemake.kill()
    said = process.communicate(timeout=30)[0]
    assert process.returncode not in (0, None)
    assert "The book was not built." in said
    assert left(stubbed) == []


def test_a_build_whose_reader_is_gone_leaves_nothing(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    text = JOB.replace("time.sleep(100)\n", 'time.sleep(2)\nprint("total 9", file=sys.stderr)\n')
    (stubbed / "job.py").write_text(text)
    process = at_work()
    assert process.stdout is not None
    process.stdout.close()
    process.wait(timeout=30)
    assert process.returncode != 0
    until(lambda: left(stubbed) == [], "a process stayed")


def test_nohup_keeps_its_meaning(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work(["nohup", *COMMAND])
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143


def test_two_builds_at_once_are_refused_with_the_one_that_lives(
    at_work: Callable[..., subprocess.Popen[str]], stubbed: Path
) -> None:
    process = at_work()
    result = small_book.make(stubbed)
    assert result.returncode == 2
    assert result.stderr == (
        f"another build of this book is at work (process {process.pid}): wait for it, or stop it "
        f"with `kill {process.pid}`\n"
    )
    assert process.poll() is None


@pytest.mark.parametrize(
    ("snakemake", "said"),
    [
        ("", "The book was not built, though Snakemake ended without an error; "),
        ("print('Nothing to be done')", "The book was not built, though "),
    ],
)
def test_built_is_said_only_of_what_was_built(snakemake: str, said: str, stubbed: Path) -> None:
    (stubbed / "snakemake.py").write_text(snakemake)
    result = small_book.make(stubbed)
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1].startswith(said)


# What is asked for


@pytest.mark.parametrize("cores", ["0", "-1", "abc", "1.5", "", "²", "99999", "1e1", "9" * 5000])
def test_cores_that_cannot_be_are_refused(cores: str) -> None:
    with pytest.raises(UserError, match=r"^cores '.*' cannot be: use all, or a whole number from"):
        build.checked_cores(cores)


@pytest.mark.parametrize("cores", ["all", "1", str(os.cpu_count())])
def test_cores_of_this_machine_are_taken(cores: str) -> None:
    assert build.checked_cores(cores) == cores


@pytest.mark.usefixtures("project")
def test_a_bad_input_ends_with_2_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--cores", "0"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_cluster_is_refused() -> None:
    with pytest.raises(UserError, match="'lsf' is not known: use one of kubernetes, local, slurm"):
        build.cluster_profile("lsf")


@pytest.mark.parametrize("name", ["local", "slurm", "kubernetes"])
def test_profiles_use_options_that_snakemake_knows(name: str) -> None:
    code = "from snakemake.cli import get_argument_parser as p; print(p().format_help())"
    command = [sys.executable, "-W", "ignore", "-c", code]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    profile = yaml.safe_load((build.cluster_profile(name) / "config.yaml").read_text("utf-8"))
    own = {"executor", "kubernetes-namespace", "kubernetes-persistent-volumes"}
    unknown = [key for key in profile.keys() - own if f"--{key}" not in help_text]
    assert not unknown
