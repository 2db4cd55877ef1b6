"""How a chapter can end: at its last cell, or with one sentence, and the last good page stays."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from places import ROOT

from workflow import execute_chapter, messages

HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A title
"""
LAST_GOOD = b"the last good page"


class End(NamedTuple):
    """How a call of `execute_chapter` ended."""

    code: int
    said: str


def chapter(*cells: str) -> str:
    """A chapter with these code cells; one that begins with a colon brings its own options."""
    return HEADER + "".join(f"\n```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project as the current folder, in which chapter `one` was executed before.

    Whatever happens there, no process outlives the test.
    """
    for name in ("IPYTHONDIR", "PATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.chdir(tmp_path)
    for folder in (Path("book"), execute_chapter.STAGE, execute_chapter.TIMES):
        folder.mkdir(parents=True)
    (execute_chapter.STAGE / "one.ipynb").write_bytes(LAST_GOOD)
    (execute_chapter.TIMES / "one.json").write_bytes(LAST_GOOD)
    yield tmp_path
    wait_for(lambda: not processes_in(tmp_path))


def processes_in(folder: Path) -> list[list[str]]:
    """The command lines of the processes that run in a folder, without this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.cwd() == str(folder):
                found.append(process.cmdline())
    return found


def kernels_in(folder: Path) -> list[list[str]]:
    """The kernels among them."""
    return [command for command in processes_in(folder) if "ipykernel_launcher" in command]


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def execute(text: str | bytes, *options: str) -> End:
    """Execute chapter `one` as the build does, but in this process."""
    Path("book/one.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    code = execute_chapter.main(["one", *options])
    return End(code, "\n".join(messages.failures()))


def assert_the_last_good_page_stays() -> None:
    assert (execute_chapter.STAGE / "one.ipynb").read_bytes() == LAST_GOOD
    assert (execute_chapter.TIMES / "one.json").read_bytes() == LAST_GOOD
    assert len(list(Path("_build").rglob("*"))) == 7, "nothing is left beside them"


NO_INPUT = "raw_input was called, but this frontend does not support input requests."
ASKS = "it asks the kernel to exit, and a chapter ends with its last cell"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import sys; sys.exit(1)", "SystemExit: 1"),
        ("import sys; sys.exit('enough')", "SystemExit: enough"),
        ("raise SystemExit", "SystemExit"),
        ("exit()", ASKS),
        ("quit", ASKS),
        ("import os; os._exit(0)", "the kernel ended itself with exit code 0"),
        (
            "import os; os.kill(os.getpid(), 9)  # SIGKILL",
            "the kernel was ended by SIGKILL; perhaps the memory was full",
        ),
        ("import os; os.kill(os.getpid(), 15)  # SIGTERM", "the kernel was ended by SIGTERM"),
        ("import os; os.kill(os.getpid(), 11)  # SIGSEGV", "the kernel was ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 2); sum(range(10**10))", "KeyboardInterrupt"),
        ("raise ValueError", "ValueError"),
        ("raise ValueError('\\x1b[31mred\\x1b[0m\\nand more')", "ValueError: red …"),
        ("raise ExceptionGroup('two', [OSError()])", "ExceptionGroup: two (1 sub-exception)"),
        ("%run nothing.py", "Exception: File `'nothing.py'` not found."),
        ("%no_such_magic", "UsageError: Line magic function `%no_such_magic` not found."),
        (
            "%%bash\nexit 3",
            "CalledProcessError: Command 'b'exit 3\\n'' returned non-zero exit status 3.",
        ),
        (
            "await AttributeError()",
            "TypeError: object AttributeError can't be used in 'await' expression",
        ),
        ("assert False", "AssertionError"),
        ("input()", f"StdinNotImplementedError: {NO_INPUT}"),
    ],
)
def test_a_cell_that_does_not_run_to_its_end_fails_the_chapter(cell: str, cause: str) -> None:
    end = execute(chapter("print(1)", cell, "print(3)"))
    line = cell.splitlines()[0]
    assert end == End(1, f"Chapter one failed in code cell 2 (`{line}`): {cause}")
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="needs a signal without a name")
def test_a_kernel_may_be_ended_by_a_signal_without_a_name() -> None:
    number = signal.SIGRTMIN + 6
    end = execute(chapter(f"import os; os.kill(os.getpid(), {number})"))
    assert end.said.endswith(f": the kernel was ended by signal {number}")


@pytest.mark.usefixtures("project")
def test_an_error_of_a_script_that_a_cell_runs_fails_the_chapter() -> None:
    Path("script.py").write_text("1 / 0")
    end = execute(chapter("%run script.py"))
    assert end.code == 1
    assert end.said.endswith("code cell 1 (`%run script.py`): ZeroDivisionError: division by zero")
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("ending", "code"), [("pass", 0), ("1 / 0", 1), ("os._exit(0)", 1)])
def test_what_a_cell_starts_does_not_outlive_the_chapter(ending: str, code: int) -> None:
    start = f"import os, subprocess; _ = subprocess.Popen(['sleep', '600']); {ending}"
    assert execute(chapter(start)).code == code


@pytest.mark.usefixtures("project")
def test_a_thread_that_fails_fails_the_chapter() -> None:
    cell = "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()"
    said = "chapter one, code cell 1 shows a traceback on stderr: mend what it starts"
    assert execute(chapter(cell)) == End(1, said)
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("cell", ["import sys; sys.exit(0)", "exit()"])
def test_the_last_cell_ends_no_chapter_either(cell: str) -> None:
    assert execute(chapter("print(1)", cell)).code == 1
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "cell", ["while True: pass", "import os; os.kill(os.getpid(), 19)  # SIGSTOP"]
)
def test_a_cell_is_stopped_at_the_limit_and_those_after_it_count_as_not_run(cell: str) -> None:
    end = execute(chapter("print(1)", cell, "print(3)"), "--limit", "1")
    said = f"Chapter one failed in code cell 2 (`{cell}`): it was not done after 1 s"
    assert end == End(1, said)
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    said = f"limit {limit} is no number of seconds from 1: leave it out for no limit"
    assert execute(chapter("1"), "--limit", limit) == End(2, said)


@pytest.mark.usefixtures("project")
def test_a_kernel_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    end = execute(chapter("print(1)"))
    said = "Chapter one failed before its first cell: Kernel died before replying to kernel_info"
    assert end == End(1, said)
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
def test_an_error_in_the_parameters_cell_is_told_with_other_settings_than_the_defaults() -> None:
    parameters = ":tags: [parameters]\nseed = 0\n1 / seed if seed < 5 else 1 / 0"
    end = execute(chapter(parameters, "print(seed)"), "--seed", "7", "--profile", "standard")
    said = "Chapter one failed in code cell 1 (`seed = 7`): ZeroDivisionError: division by zero"
    assert end == End(1, said)


@pytest.mark.usefixtures("project")
def test_of_two_equal_cells_the_one_that_failed_is_named() -> None:
    end = execute(chapter("left = [1]", "left.pop()", "left.pop()"))
    assert end.said.startswith("Chapter one failed in code cell 3 (`left.pop()`): IndexError")


@pytest.mark.usefixtures("project")
def test_cells_without_code_fail_no_chapter() -> None:
    assert execute(chapter("", "   ", "# a comment", "print(1)")) == End(0, "")
    assert b'"print(1)"' in (execute_chapter.STAGE / "one.ipynb").read_bytes()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (":tags: [raises-exception]\n1 / 0", "tag 'raises-exception', which nothing knows"),
        (":tags: [skip-execution]\n1 / 0", "'skip-execution', which nothing knows: leave it out"),
        (":tags: [hide-imput]\n1", "'hide-imput', which nothing knows: use 'hide-input'"),
        (":tag: [hide-input]\n1", "option 'tag', which nothing knows: use 'tags'"),
        (":tags: hide-input\n1", "the tags 'hide-input' are not a list"),
        ("!false", "calls a shell command, whose failure would go unseen"),
        ("x = (  # not closed", "code cell 1 is not Python: '(' was never closed"),
    ],
)
def test_a_cell_whose_failure_would_go_unseen_is_refused(cell: str, said: str) -> None:
    end = execute(chapter(cell))
    assert end.code == 2
    assert said in end.said
    assert len(end.said.splitlines()) == 1
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
def test_what_is_no_chapter_is_told() -> None:
    assert execute("# A page\n") == End(2, "page one does not compute: give it a jupytext header")
    Path("book/one.md").unlink()
    assert execute_chapter.main(["one"]) == 2
    assert messages.failures() == ["chapter 'one' is not there: write book/one.md"]
    assert_the_last_good_page_stays()


@pytest.mark.usefixtures("project")
def test_a_full_disk_is_told_and_the_last_good_page_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(execute_chapter, "write_atomically", full)
    end = execute(chapter("print(1)"))
    assert end.code == 1
    assert end.said.startswith("Chapter one could not be executed or written: [Errno 28] No space")
    assert_the_last_good_page_stays()


# Signals to the process that executes

WAITING = "import pathlib, time; pathlib.Path('begun').touch(); time.sleep(60)"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_chapter_and_kernel_with_a_sentence(number: signal.Signals) -> None:
    def send() -> None:
        wait_for(Path("begun").is_file)
        os.kill(os.getpid(), number)

    before = {each: signal.signal(each, execute_chapter.stop) for each in execute_chapter.SIGNALS}
    sender = threading.Thread(target=send)
    sender.start()
    try:
        end = execute(chapter(WAITING))
    finally:
        sender.join()
        for each, handler in before.items():
            signal.signal(each, handler)
    assert end == End(128 + number, f"Chapter one was stopped by {number.name}.")
    assert_the_last_good_page_stays()


@pytest.fixture
def started(project: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that executes a chapter whose only cell makes the file `begun` and then waits."""
    Path("book/one.md").write_text(chapter(WAITING))
    process = subprocess.Popen(
        [sys.executable, "-m", "workflow.execute_chapter", "one"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_a_signal_while_the_kernel_starts_is_told(
    started: subprocess.Popen[str], project: Path
) -> None:
    wait_for(lambda: bool(kernels_in(project)))
    started.terminate()
    said, _ = started.communicate(timeout=60)
    assert started.returncode == 128 + signal.SIGTERM
    assert messages.failures() == ["Chapter one was stopped by SIGTERM."]
    assert messages.failures()[0] in said.splitlines()
    assert "Traceback" not in said
    assert_the_last_good_page_stays()


def test_a_kernel_does_not_outlive_a_process_that_was_killed(
    started: subprocess.Popen[str], project: Path
) -> None:
    wait_for(Path("begun").is_file)
    assert len(kernels_in(project)) == 1
    started.kill()
    wait_for(lambda: not kernels_in(project))
    assert not list(Path("_build").rglob(".*")), "nothing is half written"
