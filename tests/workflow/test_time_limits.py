"""A test that hangs ends, says where every thread stands, and keeps no other test from running."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends a child with its parent"
)
HANGS = """\
import multiprocessing
import threading

import pytest


def wait_for_good():
    threading.Event().wait()


def test_that_hangs():
    if {forked}:
        child = multiprocessing.get_context("fork").Process(target=wait_for_good)
        child.start()
        print("child", child.pid, flush=True)
        child.join()
    else:
        threading.Thread(target=wait_for_good, daemon=True).start()
        wait_for_good()


@pytest.mark.parametrize("number", range(4))
def test_beside_it(number):
    pass
"""


def run(folder: Path, hang: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `hang` in `folder` with this project's settings, and a limit of a second."""
    (folder / "test_hang.py").write_text(hang)
    (folder / "conftest.py").write_text("import offspring\n\noffspring.bind()\n")
    shutil.copy(ROOT / "tests" / "offspring.py", folder)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-s"]
    command += ["--rootdir", str(folder), "-p", "no:cacheprovider", "-o", "faulthandler_timeout=1"]
    environment = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    return subprocess.run(
        [*command, *options, str(folder)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "in-workers"])
def test_a_hang_names_the_line_of_every_thread(tmp_path: Path, options: tuple[str, ...]) -> None:
    result = run(tmp_path, HANGS.format(forked=False), *options)
    assert result.returncode == 1
    assert "Timeout (0:00:01)!" in result.stderr
    main, thread = HANGS[: HANGS.index("wait_for_good()\n\n\n@")], HANGS[: HANGS.index(".wait()")]
    for part, function in ((main, "test_that_hangs"), (thread, "wait_for_good")):
        line = part.count("\n") + 1
        assert f'test_hang.py", line {line} in {function}' in result.stderr


def test_workers_go_on_after_a_hang_and_it_is_the_only_failure(tmp_path: Path) -> None:
    result = run(tmp_path, HANGS.format(forked=False), "-n", "2")
    assert "1 failed, 4 passed" in result.stdout
    assert "crashed while running 'test_hang.py::test_that_hangs'" in result.stdout


@linux
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "in-workers"])
def test_a_forked_child_that_hangs_ends_with_its_test(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = run(tmp_path, HANGS.format(forked=True), *options)
    assert result.returncode == 1
    assert "in test_that_hangs" in result.stderr


@linux
def test_children_of_these_tests_are_bound() -> None:
    child = multiprocessing.get_context("fork").Process(target=end_with_what_ends_me)
    child.start()
    child.join()
    assert child.exitcode == signal.SIGKILL


def end_with_what_ends_me() -> None:
    number = ctypes.c_int()
    pr_get_pdeathsig = 2
    ctypes.CDLL(None).prctl(pr_get_pdeathsig, ctypes.byref(number))
    sys.exit(number.value)
