"""What Jupyter Book would publish without a warning is found; a sound book is silent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from places import ROOT

from workflow import chapters, messages, myst, render, soundness, stage

ERROR = new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=[])

TRACED = new_output("stream", name="stderr", text="Traceback (most recent call last):\n")


def executed(source: str = "1 / 0", **known: Any) -> NotebookNode:
    """A notebook with a title and one cell that was executed."""
    cell = new_code_cell(source, **{"execution_count": 1, **known})
    return new_notebook(cells=[new_markdown_cell("# One"), cell])


@pytest.mark.parametrize(
    ("notebook", "found"),
    [
        (executed(), []),
        (executed("  ", execution_count=None), []),
        (executed(outputs=[ERROR]), ["holds an error, ZeroDivisionError: mend the cell"]),
        (executed(outputs=[TRACED]), ["shows a traceback on stderr: mend what it starts"]),
        (executed(execution_count=None), ["never ran: execute the chapter again"]),
    ],
)
def test_what_a_cell_left_is_judged(notebook: NotebookNode, found: list[str]) -> None:
    sentences = [f"chapter one, code cell 1 {sentence}" for sentence in found]
    assert list(soundness.of_execution(notebook, "one")) == sentences


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"tags": sorted(soundness.TAGS)}, []),
        ({}, []),
        (
            {"tags": ["remove-cells"]},
            ["the tag 'remove-cells', which nothing knows: use 'remove-cell'"],
        ),
        ({"tags": ["hide_input"]}, ["the tag 'hide_input', which nothing knows: use 'hide-input'"]),
        (
            {"tags": "hide-input"},
            ["the tags 'hide-input', which are not a list: write [hide-input]"],
        ),
        ({"tag": []}, ["the option 'tag', which nothing knows: use 'tags'"]),
    ],
)
def test_tags_and_options_that_nothing_knows_are_found(
    metadata: dict[str, Any], found: list[str]
) -> None:
    notebook = executed()
    notebook.cells[1].metadata = NotebookNode(metadata)
    sentences = [f"chapter one, code cell 1 has {sentence}" for sentence in found]
    assert list(soundness.of_source(notebook, "one")) == sentences


SHELL = ["!false", "x = !false", "!!false", "%sx false", "    !false", "%ls nothing", "%pip list"]


@pytest.mark.parametrize("line", SHELL)
def test_a_shell_command_is_found(line: str) -> None:
    (found,) = soundness.of_source(executed(f"if 1:\n    pass\n{line}"), "one")
    assert found.startswith("chapter one, code cell 1 calls a shell command, whose failure would")


@pytest.mark.parametrize(
    "source", ["a != b", "print('''\n!false\n''')", "# !false", "%time f()", "%lsmagic"]
)
def test_what_only_looks_like_a_shell_command_is_not(source: str) -> None:
    assert list(soundness.of_source(executed(source), "one")) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("See \\eqref{eq-99}.", 1),
        ("$$\nx \\label{eq-1}\n$$\nSee $\\eqref{eq-2}$.", 4),
        ("````{note}\n```{math}\n\\ref{eq-3}\n```\n````", 3),
        ("{math}`\\eqref{eq-4}`", 1),
    ],
)
def test_a_reference_to_an_equation_that_is_not_there_is_found(text: str, line: int) -> None:
    (found,) = soundness.of_page(text, "one")
    assert found.startswith(f"page one, line {line} refers to equation 'eq-")


@pytest.mark.parametrize(
    "text",
    [
        "$$\nx \\label{eq-1}\n$$\nSee $\\eqref{eq-1}$ and {eq}`eq-7`.",
        "In LaTeX one writes `\\eqref{eq-1}`.",
        "```latex\n\\eqref{eq-1}\n```",
        "```{code-cell} python\nprint('\\\\eqref{x}')\n```",
        "+++\n\n```diff\n+++ a.py\n```",
    ],
)
def test_what_is_right_is_passed_over(text: str) -> None:
    assert list(soundness.of_page(text, "one")) == []


def test_a_line_that_would_vanish_is_found() -> None:
    (found,) = soundness.of_page("Prose.\n\n+++ b/one.py\n", "one")
    assert found == (
        "page one, line 3: '+++ b/one.py' begins with +++, and MyST would drop it: "
        "put it into a code fence"
    )


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A staged book of a plain page and a chapter, as the current folder's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "_toc.yml").write_text("root: book/index\nchapters:\n- file: book/one\n")
    book = stage.STAGE / chapters.BOOK
    for folder in (chapters.BOOK, book):
        folder.mkdir(parents=True)
    (chapters.BOOK / "one.md").write_text("---\njupytext: {}\n---\n# One\n")
    for folder in (chapters.BOOK, book):
        (folder / "index.md").write_text("# The book\n")
    nbformat.write(executed(), book / "one.ipynb")
    return book


@pytest.mark.usefixtures("staged")
def test_a_sound_stage_is_silent() -> None:
    assert list(soundness.of_stage(stage.STAGE)) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("one.ipynb", None, "page one is not staged: _build/stage/book/one.ipynb is not there"),
        ("one.ipynb", "{", "_build/stage/book/one.ipynb is not a notebook (Notebook does not"),
        ("one.ipynb", "[]", "_build/stage/book/one.ipynb is not a notebook ("),
        ("one.ipynb", '{"nbformat": 4}', "_build/stage/book/one.ipynb is not a notebook ("),
        ("one.ipynb", "\udce9", "_build/stage/book/one.ipynb is not a notebook ("),
        ("one.ipynb", executed(outputs=[ERROR]), "chapter one, code cell 1 holds an error"),
        ("one.ipynb", executed(execution_count=None), "chapter one, code cell 1 never ran"),
        ("one.ipynb", executed("!false"), "chapter one, code cell 1 calls a shell command"),
        ("index.md", None, "page index is not staged: _build/stage/book/index.md is not there"),
        ("index.md", "\\eqref{eq-99}", "page index, line 1 refers to equation 'eq-99'"),
        ("index.md", "\n```{code-cell}\n1\n```\n", "page index, line 2 holds code that would not"),
    ],
)
def test_whatever_is_not_sound_is_told_before_the_book_is_rendered(
    staged: Path, name: str, content: Any, said: str
) -> None:
    (staged / name).unlink()
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        (staged / name).write_text(text, "utf-8", errors="surrogateescape")
    assert render.main() == 1
    (failure,) = messages.failures()
    assert failure.startswith(said)
    assert len(failure.splitlines()) == 1
    assert not render.RENDERED.exists(), "Jupyter Book was not called"


def test_the_sources_of_this_book_are_sound() -> None:
    pages = chapters.pages(ROOT)
    assert len(pages) > 30
    for page in pages:
        assert list(soundness.of_page(page.text, page.name)) == []
        assert page.computes or not page.cells
        if page.computes:
            notebook = myst.notebook(page.text, page.name, page.cells)
            assert list(soundness.of_source(notebook, page.name)) == []
