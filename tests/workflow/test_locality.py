"""Editing is local: a study or a figure is executed again by the chapters that show it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from workflow.locality import chapters_of_modules, table

LIMIT = 3
# What all figures have in common.
THEME = "companion.figures.theme"
LOCAL = [Path("companion/figures"), Path("companion/studies")]


@pytest.fixture(scope="module")
def chapters() -> dict[str, list[str]]:
    found = chapters_of_modules()
    print(f"\n{table(found)}")
    return found


@pytest.mark.parametrize("folder", LOCAL, ids=str)
def test_a_figure_or_a_study_is_shown_by_few_chapters(
    folder: Path, chapters: dict[str, list[str]]
) -> None:
    modules = [
        ".".join(path.with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.name != "__init__.py"
    ]
    assert modules
    shown = {module: chapters[module] for module in modules if module != THEME}
    assert not {module: names for module, names in shown.items() if len(names) > LIMIT}


@pytest.mark.parametrize("folder", LOCAL, ids=str)
def test_the_packages_hold_words_only(folder: Path) -> None:
    """They are part of every chapter's key, in which a docstring does not count."""
    (docstring,) = ast.parse((folder / "__init__.py").read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)


@pytest.mark.parametrize("folder", LOCAL, ids=str)
def test_every_figure_and_study_is_shown_somewhere(
    folder: Path, chapters: dict[str, list[str]]
) -> None:
    below = f"{folder.parent}.{folder.name}."
    unused = [name for name, pages in chapters.items() if name.startswith(below) and not pages]
    assert not unused
