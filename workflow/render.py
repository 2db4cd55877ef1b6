"""Render the staged book; the last good HTML stays until a new one is complete."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from workflow import chapters, messages, soundness
from workflow.stage import STAGE

HTML = messages.BUILD / "html"
OLD = messages.BUILD / "html.old"
RENDERED = messages.BUILD / "render"
LOG = messages.BUILD / "log" / "render.log"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TOLD = re.compile(r"WARNING|ERROR|Error|error:")


def command(folder: Path, *options: str) -> list[str]:
    """Jupyter Book on the staged book, with these options; what it makes goes into the folder."""
    # As a module: a script's first line cannot hold every path of an environment.
    program = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    return [*program, "build", str(STAGE), "--path-output", str(folder), "--all", *options]


def render() -> Path:
    """Run Jupyter Book with warnings as errors; return the folder of the HTML."""
    shutil.rmtree(RENDERED, ignore_errors=True)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    strictly = command(RENDERED, "--warningiserror", "--keep-going", "-n")
    plain = {**os.environ, "NO_COLOR": "1"}
    with LOG.open("w", encoding="utf-8") as log:
        result = subprocess.run(
            strictly, stdout=log, stderr=subprocess.STDOUT, env=plain, check=False
        )
    html = RENDERED / "_build" / "html"
    lines = COLOUR.sub("", LOG.read_text("utf-8")).splitlines()
    told = [line for line in lines if TOLD.search(line)]
    if result.returncode:
        raise RuntimeError(f"Jupyter Book failed; its log is {LOG}.\n" + "\n".join(told[-20:]))
    missing = [page.name for page in chapters.pages() if not page_of(html, page.name).is_file()]
    if missing:
        raise RuntimeError(f"Jupyter Book wrote no page for {', '.join(missing)}; see {LOG}.")
    return html


def page_of(html: Path, name: str) -> Path:
    """The HTML file of a page."""
    return html / chapters.BOOK / f"{name}.html"


def swap(new: Path) -> None:
    """Put the new HTML in the place of the old."""
    shutil.rmtree(OLD, ignore_errors=True)
    if HTML.exists():
        HTML.rename(OLD)
    new.rename(HTML)
    shutil.rmtree(OLD, ignore_errors=True)
    shutil.rmtree(RENDERED, ignore_errors=True)


def restore() -> None:
    """Take the last good HTML back, if `swap` was killed between its two renames."""
    if OLD.is_dir() and not HTML.exists():
        OLD.rename(HTML)


def main() -> int:
    start = time.perf_counter()
    if findings := list(soundness.of_stage(STAGE)):
        messages.fail("~render", "\n".join(findings))
        return 1
    try:
        swap(render())
    except RuntimeError as error:
        messages.fail("~render", str(error))
        return 1
    messages.done("book", f"{len(chapters.pages())} pages", time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
