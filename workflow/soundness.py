"""What Jupyter Book publishes without a warning, and no reader should see: found before it renders.

Stored errors and tracebacks, cells that never ran, tags and options that nothing knows, shell
commands whose failure goes unseen, equations that are referred to and not there, lines that MyST
drops.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from IPython.core.alias import default_aliases
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from workflow import chapters, myst
from workflow.chapters import Page

# Those of MyST-NB and of the theme, and papermill's.
TAGS = {
    *(f"{verb}-{what}" for verb in ("hide", "remove") for what in ("cell", "input", "output")),
    *("remove-stderr", "remove-stdout", "scroll-output", "full-width", "margin", "parameters"),
}
# Those of a notebook's cell and of MyST-NB.
OPTIONS = {
    *("collapsed", "deletable", "editable", "jupyter", "name", "scrolled", "slideshow", "tags"),
    "mystnb",
}
# Magics that pass over what their command answers; `%ls` and its like are aliases of commands.
SHELL_MAGICS = {"sc", "sx", "system", "pip", "uv", *dict(default_aliases())}
SHELL = re.compile(
    r"get_ipython\(\)\.(?:system|getoutput)\("
    rf"|run_(?:line|cell)_magic\('(?:{'|'.join(sorted(SHELL_MAGICS))})'"
)
TRACE = "Traceback (most recent call last)"
LABEL = re.compile(r"\\label\{([^}]*)\}")
REFERENCE = re.compile(r"\\(?:eq)?ref\{([^}]*)\}")
INLINE_CODE = re.compile(r"(?<!\})(`+)(?!`).*?(?<!`)\1(?!`)")
_PYTHON = TransformerManager()  # type: ignore[no-untyped-call]


def of_source(notebook: NotebookNode, name: str) -> Iterator[str]:
    """What is wrong with a chapter before it is executed, one sentence each."""
    for place, cell in _code_cells(notebook, name):
        tags = cell.metadata.get("tags", [])
        if not isinstance(tags, list):
            yield f"{place} has the tags {tags!r}, which are not a list: write [{tags}]"
            tags = []
        for kind, given, known in (("tag", tags, TAGS), ("option", cell.metadata, OPTIONS)):
            for unknown in [word for word in given if word not in known]:
                near = difflib.get_close_matches(str(unknown), known, 1)
                remedy = f"use {near[0]!r}" if near else "leave it out"
                yield f"{place} has the {kind} {unknown!r}, which nothing knows: {remedy}"
        if SHELL.search(_PYTHON.transform_cell(cell.source)):
            yield (
                f"{place} calls a shell command, whose failure would go unseen: "
                "use subprocess.run(..., check=True)"
            )


def of_execution(notebook: NotebookNode, name: str) -> Iterator[str]:
    """What is wrong with an executed chapter, one sentence each."""
    for place, cell in _code_cells(notebook, name):
        if cell.source.strip() and cell.execution_count is None:
            yield f"{place} never ran: execute the chapter again"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{place} holds an error, {output.ename}: mend the cell"
            if output.output_type == "stream" and output.name == "stderr" and TRACE in output.text:
                yield f"{place} shows a traceback on stderr: mend what it starts"


def of_page(text: str, name: str) -> Iterator[str]:
    """What is wrong with the words of a page, one sentence each."""
    for line, content in myst.lost_lines(text):
        yield (
            f"page {name}, line {line}: {content!r} begins with +++, and MyST would drop it: "
            "put it into a code fence"
        )
    prose = [(line, INLINE_CODE.sub("", text)) for line, text in myst.prose(text.splitlines())]
    labels = {label for _, text in prose for label in LABEL.findall(text)}
    for line, content in prose:
        for label in REFERENCE.findall(content):
            if label not in labels:
                yield (
                    f"page {name}, line {line} refers to equation {label!r}, which has no \\label "
                    f"on this page: write {{eq}}`{label}`"
                )


def of_stage(stage: Path) -> Iterator[str]:
    """What is wrong with the staged pages of the book, one sentence each."""
    for page in chapters.pages():
        path = stage / page.path.with_suffix(".ipynb" if page.computes else ".md")
        if not path.is_file():
            yield f"page {page.name} is not staged: {path} is not there"
        elif page.computes:
            yield from _of_staged_notebook(path, page)
        else:
            plain = Page(path)
            yield from of_page(plain.text, plain.name)
            if plain.cells:
                yield (
                    f"page {plain.name}, line {plain.cells[0].line} holds code that would not run: "
                    "give the page a jupytext header"
                )


def _of_staged_notebook(path: Path, page: Page) -> Iterator[str]:
    try:
        notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
        nbformat.validate(notebook)
    except (AttributeError, KeyError, TypeError, ValueError, nbformat.ValidationError) as error:
        why = str(getattr(error, "message", error)).splitlines()[0][:200]
        yield f"{path} is not a notebook ({why}): remove it and build again"
        return
    yield from of_source(notebook, page.name)
    yield from of_execution(notebook, page.name)
    yield from of_page(page.text, page.name)


def _code_cells(notebook: NotebookNode, name: str) -> Iterator[tuple[str, NotebookNode]]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        yield f"chapter {name}, code cell {number}", cell
