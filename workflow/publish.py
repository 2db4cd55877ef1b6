"""The executed notebooks, as Binder and Colab open them: `python -m workflow.publish FOLDER`.

They go to the branch that `repository` in _config.yml names. Colab comes without the package, so
each notebook begins with a cell that fetches it there and does nothing elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from vaelib.errors import UserError
from vaelib.files import write_atomically
from workflow import chapters, myst, soundness
from workflow.stage import CONFIG, STAGE

ON_COLAB = """\
# On Colab only: fetch the book and its package. Elsewhere this cell does nothing.
import sys

if "google.colab" in sys.modules:
    !git clone --quiet --depth 1 --branch {branch} {url} /content/companion
    !pip install --quiet --editable /content/companion myst-nb tabulate
    %cd /content/companion/book
    sys.path.insert(0, "/content/companion")"""


def publish(folder: Path, url: str, branch: str) -> list[Path]:
    """Write every executed chapter into the folder, its Colab cell first.

    Raises:
        UserError: if a page of the book is not sound; nothing is written then.
    """
    if findings := list(soundness.of_stage(STAGE)):
        raise UserError("\n".join(findings))
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for page in (page for page in chapters.pages() if page.computes):
        notebook = nbformat.read(STAGE / chapters.BOOK / f"{page.name}.ipynb", as_version=4)
        cell = new_code_cell(ON_COLAB.format(url=url, branch=branch), id="on-colab")
        notebook.cells.insert(0, cell)
        path = folder / f"{page.name}.ipynb"
        write_atomically(path, (nbformat.writes(notebook) + "\n").encode())
        written.append(path)
    return written


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
