"""MyST text that cannot be read as it is meant: one sentence with chapter, line and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jupytext
import pytest
from places import ROOT

from vaelib.errors import UserError
from workflow import chapters, myst
from workflow.chapters import Page

HEADER = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
companion: {data: [], runs: []}
---

# A title
"""
CELL = "\n```{code-cell} python\nprint(1)\n```\n"


def read(path: Path, text: str | bytes) -> None:
    """Read a chapter as the workflow does before it executes it."""
    path = path / "one.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    page = Page(path)
    assert page.computes
    assert (page.data, page.runs, page.modules, page.reads) == ([], [], [], [])
    myst.notebook(page.text, page.name, page.cells)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "\n+++ b/vaelib/model.py\n",
            r"chapter one, line 8: '\+\+\+ b/vaelib/model\.py' begins with",
        ),
        ("\n````{note}\n+++ within\n````\n", "chapter one, line 9: '[+]{3} within' begins with"),
        ("\n```{code-cell} python\nprint(1)\n", "chapter one, line 8: the code cell is not closed"),
        ("\n```{code-cell} python\n1\n" + CELL, "chapter one, line 8: the code cell is not closed"),
        (
            CELL.replace("print", ":tags: [hide\nprint"),
            "line 8: the options of the code cell are not",
        ),
        (CELL.replace("print", ":tags: *x\nprint"), "line 8: the options of the code cell are not"),
        (
            CELL.replace("print", "---\na: [\n---\nprint"),
            "line 8: the options of the code cell are",
        ),
        (CELL.replace("print", ":tags\nprint"), "line 8: the options of the code cell are 'tags'"),
        (
            CELL.replace("print", ":tags: hide-input\nprint"),
            "line 8: the tags 'hide-input' are not a",
        ),
        (CELL.replace("print", ":tags: [1]\nprint"), r"line 8: the tags \[1\] are not a list"),
        ("\n+++ {broken: json\n", "chapter one cannot be read as a notebook: Markdown cell"),
    ],
)
def test_a_chapter_that_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, HEADER + text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("companion: {data", "companion: [data", "page one: the lines of the header are not YAML"),
        ("companion: ", "- companion: ", "page one: the lines of the header are not YAML"),
        ("companion: {data: [], runs: []}", "companion: mnist", "'mnist' as its companion header"),
        ("data: []", "data: mnist", r"'mnist' as data in its companion header: write \[mnist\]"),
        ("runs: []", "run: []", "'run' in its companion header: use after, data, runs"),
    ],
)
def test_a_header_that_cannot_be_read_is_told(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, HEADER.replace(old, new) + CELL)


def test_a_header_without_names_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"the lines of the header are \['jupytext'\]: write them as"
    ):
        read(tmp_path, "---\n- jupytext\n---\n")


def test_a_chapter_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"page one, line 7 is not UTF-8 \(byte 0xe9\): save the"):
        read(tmp_path, (HEADER + "Café\n").encode("latin-1"))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("---\n", "--- \n").encode(),
        lambda text: text.replace("```", "~~~~~").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: f"{text}\n+++\n\n+++ {{}}\n\n```diff\n+++ b/one.py\n```\n".encode(),
        lambda text: f"{text}\n- a list\n\n  ```python\n  +++ b/one.py\n  ```\n".encode(),
    ],
)
def test_a_chapter_may_be_written_in_many_ways(
    tmp_path: Path, change: Callable[[str], bytes]
) -> None:
    read(tmp_path, change(HEADER + CELL))


def test_every_chapter_has_the_cells_that_jupytext_finds() -> None:
    computing = [page for page in chapters.pages(ROOT) if page.computes]
    assert len(computing) > 20
    for page in computing:
        made = jupytext.reads(page.text, fmt="md:myst")
        found = [(c.source, dict(c.metadata)) for c in made.cells if c.cell_type == "code"]
        assert [(cell.code, cell.options) for cell in page.cells] == found
