"""A small book as a whole, by Snakemake, papermill and Jupyter Book themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import small_book
from places import ROOT
from small_book import CHAPTER

# All that file systems and environments admit; a colon parts the entries of PATH.
ODD = 'it\'s a "책" [x]{y} (z) $HOME %d #1 & a;b * ? ! ~ \\ `c` <>|=,+@^'
HTML = "_build/html"


@pytest.fixture
def furnished(project: Path) -> Path:
    small_book.furnish(project)
    return project


def pages(folder: Path) -> dict[str, bytes]:
    """The files of the built book."""
    site = folder / HTML
    return {str(p.relative_to(site)): p.read_bytes() for p in site.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_from_nothing_to_html_after_an_edit_and_after_a_mistake(furnished: Path) -> None:
    def make() -> tuple[int, list[str]]:
        result = small_book.make(furnished)
        return result.returncode, result.stdout.splitlines()

    page, plain = furnished / HTML / "book/one.html", furnished / HTML / "book/index.html"
    code, said = make()
    assert code == 0, said
    assert "quick cpu 1" in page.read_text("utf-8")
    assert said[-1].startswith("Built _build/html/index.html")

    code, said = make()
    assert code == 0
    assert said[-1] == "Nothing to do: _build/html/index.html is up to date."

    # A plain page that was edited, on a machine whose clock was wrong; and a page that was lost.
    index = furnished / "book/index.md"
    index.write_text("# The book\n\nAn edit.\n")
    os.utime(index, (4e9, 4e9))
    page.unlink()
    code, said = make()
    assert code == 0, said
    assert "An edit." in plain.read_text("utf-8")
    assert "quick cpu 1" in page.read_text("utf-8")
    assert not [line for line in said if line.startswith("  chapter")]

    chapter = furnished / "book/one.md"
    chapter.write_text(CHAPTER.replace("seed + 1)", "seed + 1)\n1 / 0"))
    os.utime(chapter, (4e9, 4e9))
    code, said = make()
    assert code == 1
    assert said[-1].startswith("Chapter one failed in code cell 2 (`# What was chosen`): Zero")
    assert "quick cpu 1" in page.read_text("utf-8"), "the last good page stays"

    # As when memory is full: the step has no time for a word of its own.
    kill = "seed + 1)\nimport os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    chapter.write_text(CHAPTER.replace("seed + 1)", kill))
    code, said = make()
    assert code == 1
    assert said[-1] == "Chapter one was ended by SIGKILL; perhaps the memory was full."
    assert "quick cpu 1" in page.read_text("utf-8"), "the last good page stays"

    chapter.write_text(CHAPTER.replace("seed + 1)", "seed + 2)"))
    os.utime(chapter, (4e9, 4e9))
    code, said = make()
    assert code == 0, said
    assert "quick cpu 2" in page.read_text("utf-8")


@pytest.mark.slow
def test_the_book_is_the_same_wherever_it_lies_and_whatever_the_shell_says(
    furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert small_book.make(furnished).returncode == 0
    apart = tmp_path_factory.mktemp("apart")
    odd = apart / ODD / ("long" * 40)
    small_book.write(odd)
    small_book.furnish(odd)
    hostile = small_book.hostile_files(apart / "hostile")
    result = small_book.make(odd, **small_book.HOSTILE, **hostile)
    assert result.returncode == 0, result.stdout + result.stderr
    assert pages(odd) == pages(furnished)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["link", "worktree", "archive"])
def test_a_project_s_folder_may_come_about_in_any_way(
    kind: str, furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = tmp_path_factory.mktemp("there") / kind
    (furnished / ".gitignore").write_text("_build\n.snakemake\n__pycache__\n")

    def git(*arguments: str) -> None:
        own = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *own, *arguments], cwd=furnished, check=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "All")
    if kind == "link":
        there.symlink_to(furnished, target_is_directory=True)
    elif kind == "worktree":
        git("worktree", "add", "--quiet", str(there))
    else:
        git("archive", "--output", f"{there}.tar", "HEAD")
        shutil.unpack_archive(f"{there}.tar", there, filter="data")
    result = small_book.make(there)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "quick cpu 1" in (there / HTML / "book/one.html").read_text("utf-8")
    if kind != "archive":
        command = ["git", "status", "--porcelain"]
        assert subprocess.check_output(command, cwd=there) == b"", "the sources are as they were"


@pytest.mark.thorough
def test_a_chapter_that_is_asked_to_end_leaves_no_kernel(furnished: Path) -> None:
    started = furnished / "started"
    code = f"seed + 1)\nimport time\nopen({str(started)!r}, 'w').close()\ntime.sleep(300)"
    (furnished / "book/one.md").write_text(CHAPTER.replace("seed + 1)", code))
    command = [sys.executable, "-m", "workflow.build"]
    with subprocess.Popen(command, cwd=furnished, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 200
        while not started.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert started.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=100) == 143
    assert list(at_work_in(furnished)) == []


def at_work_in(folder: Path) -> Iterator[str]:
    """The commands that run in a folder, but for this test."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.cwd() == str(folder):
                yield " ".join(process.cmdline())
        except psutil.Error:
            continue


@pytest.mark.slow
def test_a_plain_build_shows_no_number_of_code_that_was_edited(furnished: Path) -> None:
    (furnished / "_config.yml").write_text(
        "title: Small\n"
        "execute: {execute_notebooks: cache, raise_on_error: true}\n"
        "sphinx: {local_extensions: {cached_chapters: book/_ext}}\n"
    )
    (furnished / "book/_ext").mkdir()
    extension = (ROOT / "book/_ext/cached_chapters.py").read_text("utf-8")
    (furnished / "book/_ext/cached_chapters.py").write_text(extension)
    chapter = CHAPTER.replace(
        "import companion.source_hash", "from companion.experiments.paper_curves import NUMBER"
    )
    (furnished / "book/one.md").write_text(chapter.replace("seed + 1", "NUMBER"))

    def shown(number: int) -> list[str]:
        (furnished / "companion/experiments/paper_curves.py").write_text(f"NUMBER = {number}\n")
        code = "from jupyter_book.cli.main import main; main()"
        result = subprocess.run(
            [sys.executable, "-c", code, "build", "."],
            cwd=furnished,
            env={**os.environ, "PYTHONPATH": str(furnished)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert result.returncode == 0, result.stderr
        page = (furnished / HTML / "book/one.html").read_text("utf-8")
        assert f"quick cpu {number}\n" in page
        lines = result.stdout.splitlines()
        return [line for line in lines if "Executing notebook" in line or "cached notebook" in line]

    assert "Executing" in "".join(shown(41))
    assert shown(41) == []
    assert "Executing" in "".join(shown(42))
    assert "Using cached" in "".join(shown(41))
