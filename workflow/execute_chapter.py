"""Execute one chapter: MyST text → notebook with the reader's settings → papermill → stage.

    python -m workflow.execute_chapter s2_2_variational_bound --profile quick --device cpu --seed 0

The notebook that results is the same, byte for byte, whenever its inputs are.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import nbformat.v4
from nbformat import NotebookNode

from vaelib.errors import UserError
from vaelib.files import write_atomically
from workflow import messages, myst, outputs, parameters, settings, soundness
from workflow.chapters import BOOK, Page
from workflow.execution import ChapterError, execute
from workflow.settings import Settings

STAGE = messages.BUILD / "stage" / BOOK
TIMES = messages.BUILD / "chapters"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
TITLE = re.compile(r"^# .*$", re.MULTILINE)
BANNER = """\
```{{admonition}} Not the paper's data
:class: warning

{names} could not be had on this machine, and a stand-in took its place: {sources}.
What this page shows was computed from the stand-in, and checks that need the real data read
"not run".
```"""


class Stopped(KeyboardInterrupt):
    """A signal asked this process to stop; its number is the argument."""


def stop(number: int, frame: FrameType | None) -> None:
    """Handle a signal; the next ones are ignored, so that the kernel can be shut down."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def prepare(page: Page, chosen: Settings) -> NotebookNode:
    """The chapter as a notebook that holds the reader's settings and, if need be, the banner.

    Raises:
        UserError: if the chapter is no notebook, has no title, or sets other parameters than it
            reads.
    """
    notebook = myst.notebook(page.text, page.name, page.cells)
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(display_name="Python 3", language="python", name="python3"),
        language_info=NotebookNode(name="python"),
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
    parameters.write(notebook, page.name, vars(chosen), page.reads)
    if findings := list(soundness.of_source(notebook, page.name)):
        raise UserError("\n".join(findings))
    if stand_ins := stand_ins_of(page.data):
        insert_banner(notebook, page.name, stand_ins)
    return notebook


def stand_ins_of(datasets: list[str]) -> dict[str, str]:
    """Those datasets that a stand-in replaces, with what replaces them."""
    from vaelib.datasets import locate

    located = {name: locate(name, download=False) for name in datasets}
    return {name: found.source for name, found in located.items() if found.stand_in}


def insert_banner(notebook: NotebookNode, name: str, stand_ins: dict[str, str]) -> None:
    """Say right below the title that the page was not computed from the paper's data."""
    banner = BANNER.format(names=" and ".join(stand_ins), sources="; ".join(stand_ins.values()))
    for cell in notebook.cells:
        title = TITLE.search(cell.source) if cell.cell_type == "markdown" else None
        if title:
            before, after = cell.source[: title.end()], cell.source[title.end() :]
            cell.source = f"{before}\n\n{banner}{after}"
            return
    raise UserError(f"chapter {name} has no title: begin it with a line `# Title`")


def write(path: Path, text: str) -> None:
    """Put the file in its place whole, and its folder if that is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.encode())


def run(name: str, chosen: Settings, limit: int | None = None) -> None:
    """Execute a chapter and write its notebook and its time.

    Raises:
        UserError: if there is no such chapter, or if it cannot be executed as it is.
        ChapterError: if a cell did not run to its end, or left a traceback.
    """
    start = time.perf_counter()
    page = Page(BOOK / f"{name}.md")
    if not page.path.is_file():
        raise UserError(f"chapter {name!r} is not there: write {page.path}")
    if not page.computes:
        raise UserError(f"page {name} does not compute: give it a jupytext header")
    if limit is not None and limit < 1:
        raise UserError(f"limit {limit} is no number of seconds from 1: leave it out for no limit")
    executed = outputs.clean(execute(prepare(page, chosen), name, limit))
    if findings := list(soundness.of_execution(executed, name)):
        raise ChapterError("\n".join(findings))
    seconds = time.perf_counter() - start
    write(STAGE / f"{name}.ipynb", nbformat.v4.writes(executed) + "\n")
    times = {
        "chapter": name,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "settings": {parameter: vars(chosen)[parameter] for parameter in page.reads},
        "data": page.data,
        "stand_ins": sorted(stand_ins_of(page.data)),
        "runs": page.runs,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    write(TIMES / f"{name}.json", json.dumps(times, indent=2) + "\n")
    messages.done("chapter", name, seconds)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter")
    parser.add_argument("--limit", type=int, help="seconds after which a cell is stopped")
    settings.add_options(parser)
    options = parser.parse_args(arguments)
    name = options.chapter
    try:
        chosen = settings.read(options.profile, options.device, options.seed)
        run(name, chosen, options.limit)
    except UserError as error:
        messages.fail(name, str(error))
        return 2
    except ChapterError as error:
        if error.traceback:
            print(error.traceback, flush=True)
        messages.fail(name, str(error))
        return 1
    except OSError as error:
        messages.fail(name, f"Chapter {name} could not be executed or written: {error}")
        return 1
    except Stopped as stopped:
        number = signal.Signals(stopped.args[0])
        messages.fail(name, f"Chapter {name} was stopped by {number.name}.")
        return 128 + number
    return 0


if __name__ == "__main__":
    for each in SIGNALS:
        signal.signal(each, stop)
    sys.exit(main())
