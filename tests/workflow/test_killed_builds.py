"""A build that is killed at any moment leaves nothing that the next one does not mend."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import small_book
from small_book import CHAPTER

KILLS = 12
PAGES = ("book/one.html", "book/index.html")


def start(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "said").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "workflow.build"],
            cwd=folder,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def build(folder: Path) -> None:
    assert start(folder).wait(300) == 0, (folder / "said").read_text()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As when the power fails: the build, Snakemake, and every kernel, all at once."""
    top = psutil.Process(process.pid)
    top.suspend()
    below = top.children(recursive=True)
    for one in (top, *below):
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
    psutil.wait_procs(below, timeout=30)


@pytest.mark.thorough
def test_after_a_dozen_kills_the_book_is_the_same(project: Path) -> None:
    small_book.furnish(project)
    build(project)
    html = project / "_build" / "html"
    expected = [(html / page).read_bytes() for page in PAGES]
    moments = random.Random(1)
    finished = 0
    for _ in range(KILLS):
        # Every round has the whole chapter to do.
        (project / "book" / "one.md").write_text(CHAPTER + f"\n{moments.random()}\n")
        process = start(project)
        try:
            process.wait(moments.uniform(0.2, 12))
            finished += 1
        except subprocess.TimeoutExpired:
            kill(process)
        # The last good page stays.
        assert all((html / page).is_file() for page in PAGES)
    assert finished < KILLS
    (project / "book" / "one.md").write_text(CHAPTER)
    build(project)
    assert [(html / page).read_bytes() for page in PAGES] == expected
