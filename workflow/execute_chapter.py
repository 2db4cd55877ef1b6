"""Execute one chapter: MyST text → notebook with the reader's settings → papermill → stage.

    python -m workflow.execute_chapter s2_2_variational_bound --profile quick --device cpu --seed 0

The notebook that results is the same, byte for byte, whenever its inputs are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jupytext
import nbformat.v4
import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from vaelib.errors import UserError
from vaelib.files import write_atomically
from workflow import messages, settings
from workflow.chapters import BOOK, Page
from workflow.settings import Settings

STAGE = messages.BUILD / "stage" / BOOK
TIMES = messages.BUILD / "chapters"
PARAMETERS = ("profile", "device", "seed")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
TITLE = re.compile(r"^# .*$", re.MULTILINE)
BANNER = """\
```{{admonition}} Not the paper's data
:class: warning

{names} could not be had on this machine, and a stand-in took its place: {sources}.
What this page shows was computed from the stand-in, and checks that need the real data read
"not run".
```"""


def prepare(page: Page, chosen: Settings) -> NotebookNode:
    """The chapter as a notebook that holds the reader's settings and, if need be, the banner.

    Raises:
        UserError: if the chapter has no title or no complete cell of parameters.
    """
    notebook: NotebookNode = jupytext.reads(page.text, fmt="md:myst")
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(display_name="Python 3", language="python", name="python3"),
        language_info=NotebookNode(name="python"),
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
    set_parameters(notebook, page.name, vars(chosen))
    if stand_ins := stand_ins_of(page.data):
        insert_banner(notebook, page.name, stand_ins)
    return notebook


def set_parameters(notebook: NotebookNode, name: str, values: dict[str, Any]) -> None:
    """Write the values into the cell tagged `parameters`, which stays the only one to be seen."""
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise UserError(
            f"chapter {name} has {len(tagged)} cells tagged parameters: give it exactly one"
        )
    for parameter in PARAMETERS:
        pattern = re.compile(rf"^{parameter} *= *(\"[^\"]*\"|[^#\n]*?)(?= *(#.*)?$)", re.MULTILINE)
        found = pattern.search(tagged[0].source)
        if found is None:
            raise UserError(
                f"chapter {name} does not set {parameter} in its parameters cell: "
                f"add the line `{parameter} = ...`"
            )
        before, after = tagged[0].source[: found.start()], tagged[0].source[found.end() :]
        tagged[0].source = f"{before}{parameter} = {json.dumps(values[parameter])}{after}"


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


def execute(notebook: NotebookNode, name: str) -> NotebookNode:
    """Run all cells with this environment's own kernel, in the project's folder."""
    with tempfile.TemporaryDirectory() as scratch:
        configuration = Path(scratch) / "profile_default" / "ipython_kernel_config.py"
        configuration.parent.mkdir()
        configuration.write_text("get_config().IPKernelApp.log_level = 'CRITICAL'\n")
        os.environ["IPYTHONDIR"] = scratch  # nobody's startup files, and no shared history
        os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        executed: NotebookNode = papermill.execute_notebook(
            notebook,
            None,
            kernel_name="python3",
            cwd=Path.cwd(),
            progress_bar={"desc": name, "leave": False} if sys.stderr.isatty() else False,
        )
    return executed


def clean(notebook: NotebookNode) -> NotebookNode:
    """Remove what differs from one execution to the next: times, progress bars, addresses.

    The warning about a stand-in goes too: the banner says it, without a path of this machine.
    """
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "tags" in cell.metadata and not cell.metadata["tags"]:
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs = joined(
                o for o in cell.outputs if not (is_progress(o) or is_stand_in_warning(o))
            )
    return notebook


def joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """The outputs, with what was printed in pieces in one: where it breaks is a matter of time."""
    found: list[NotebookNode] = []
    for output in outputs:
        last = found[-1] if found else None
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            found[-1] = NotebookNode({**last, "text": last.text + output.text})
        else:
            found.append(output)
    return found


def is_progress(output: NotebookNode) -> bool:
    """Whether an output is a progress bar, as text or as a widget."""
    if output.output_type == "stream":
        return output.name == "stderr" and "\r" in output.text
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def is_stand_in_warning(output: NotebookNode) -> bool:
    """Whether an output is the warning that a stand-in is used."""
    return bool(output.output_type == "stream" and "StandInWarning" in output.text)


def describe(error: PapermillExecutionError, notebook: NotebookNode, name: str) -> str:
    """Chapter, cell and error in one sentence."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    number = next(i for i, c in enumerate(code, start=1) if c.source == error.source)
    first_line = error.source.strip().splitlines()[0]
    message = ESCAPE.sub("", str(error.evalue)).strip()
    return f"Chapter {name} failed in code cell {number} (`{first_line}`): {error.ename}: {message}"


def write(path: Path, text: str) -> None:
    """Put the file in its place whole, and its folder if that is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.encode())


def run(name: str, chosen: Settings) -> None:
    """Execute a chapter and write its notebook and its time."""
    start = time.perf_counter()
    page = Page(BOOK / f"{name}.md")
    notebook = prepare(page, chosen)
    executed = clean(execute(notebook, name))
    seconds = time.perf_counter() - start
    write(STAGE / f"{name}.ipynb", nbformat.v4.writes(executed) + "\n")
    times = {
        "chapter": name,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        **vars(chosen),
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
    settings.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        run(options.chapter, settings.read(options.profile, options.device, options.seed))
    except UserError as error:
        messages.fail(options.chapter, str(error))
        return 2
    except PapermillExecutionError as error:
        print(ESCAPE.sub("", "\n".join(error.traceback)), flush=True)
        notebook = jupytext.read(BOOK / f"{options.chapter}.md", fmt="md:myst")
        messages.fail(options.chapter, describe(error, notebook, options.chapter))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
