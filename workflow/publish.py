"""The executed notebooks, as Binder and Colab open them: `python -m workflow.publish FOLDER`.

They go to the branch that `repository` in _config.yml names. Colab comes without the package, so
each notebook begins with a cell that installs it there and does nothing elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from vaelib.errors import UserError
from vaelib.files import write_atomically
from workflow import chapters, myst, parameters, soundness
from workflow.stage import CONFIG, STAGE

ON_COLAB = """\
# On Colab only: install the book's package. Elsewhere this cell does nothing.
import sys

if "google.colab" in sys.modules:
    import subprocess

    package = "vaelib[companion] @ git+{url}@{branch}"
    command = [sys.executable, "-m", "pip", "install", "--quiet", package]
    installation = subprocess.run(command, capture_output=True, text=True)
    if installation.returncode:
        print(installation.stderr, file=sys.stderr)
        sys.exit("The book's package was not installed, so no cell below can run; see above.")"""
OPENING = """\
# What papermill was told is this chapter's, and the threads are the book's.
from companion.pages.opening import open_notebook

open_notebook(In, {names})"""


def publish(folder: Path, url: str, branch: str) -> list[Path]:
    """Write every executed chapter into the folder, as it opens elsewhere.

    Raises:
        UserError: if a page of the book is not sound; nothing is written then.
    """
    if findings := list(soundness.of_stage(STAGE)):
        raise UserError("\n".join(findings))
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for page in (page for page in chapters.pages() if page.computes):
        notebook = nbformat.read(STAGE / chapters.BOOK / f"{page.name}.ipynb", as_version=4)
        path = folder / f"{page.name}.ipynb"
        write_atomically(path, (nbformat.writes(opened(notebook, url, branch)) + "\n").encode())
        written.append(path)
    return written


def opened(notebook: NotebookNode, url: str, branch: str) -> NotebookNode:
    """The notebook with the cell that installs its package, and the one that looks at parameters.

    papermill puts what it is told below the parameters cell, or on top where there is none: the
    second of the two stands below that.
    """
    place = parameters.place(notebook)
    names = parameters.names(notebook.cells[place].source) if place is not None else []
    below = 0 if place is None else place + 1
    hidden = {"jupyter": {"source_hidden": True}}
    looks = new_code_cell(OPENING.format(names=names), id="opening", metadata=hidden)
    installs = new_code_cell(ON_COLAB.format(url=url, branch=branch), id="on-colab")
    cells = [installs, *notebook.cells[:below], looks, *notebook.cells[below:]]
    return NotebookNode({**notebook, "cells": cells})


def repository() -> tuple[str, str]:
    """Address and branch that _config.yml names; both empty if it names none.

    Raises:
        UserError: if it names an address without a branch, or cannot be read.
    """
    if not CONFIG.is_file():
        raise UserError(f"{CONFIG} is not there: call this in the project's folder")
    config = myst.mapping(CONFIG.read_text(encoding="utf-8"), f"the lines of {CONFIG}")
    named = config.get("repository") or {}
    if not isinstance(named, dict):
        raise UserError(f"repository of {CONFIG} is {named!r}: give it an url and a branch")
    if not named.get("url"):
        return "", ""
    if not named.get("branch"):
        raise UserError(f"repository of {CONFIG} has no branch: name the one of the notebooks")
    return str(named["url"]), str(named["branch"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        url, branch = repository()
        if not url:
            print("No notebooks to publish: set repository.url in _config.yml to your fork.")
            return 0
        written = publish(options.folder, url, branch)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The notebooks could not be written: {error}", file=sys.stderr)
        return 1
    print(f"{len(written)} notebooks written to {options.folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
