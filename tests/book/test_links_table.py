"""The table of links, on a small project whose answers are known, and its promises for this one."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import ROOT

from book._ext.links_table import LinksTable, equations_in

MODULE = '''\
"""A module about Eq. 9."""


def bound(x):
    """Eq. 3 as a sum.

    Args:
        x: as in Eq. 5.
    """


def _hidden(x):
    """Eq. 4."""


class Model:
    """No equation."""

    def encode(self, x):
        """Eqs 6 and 7."""
'''
TESTS = """\
from vaelib import short
from vaelib.deep import Model, bound
import vaelib.deep

CASES = {"one": lambda: short.bound(1)}

def helper():
    return bound(2)

def test_directly():
    assert bound(1)

def test_through_a_helper():
    assert helper()

def test_through_a_table():
    assert CASES["one"]()

def test_a_method():
    assert Model().encode(1)

def test_something_else():
    assert True
"""
CHAPTER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
---
(sec-2-2)=
# Title

```{code-cell} python
from myst_nb import glue
from companion import figures
from companion.drawing.drawn_figure import drawn_from
from vaelib.deep import bound
picture = figures.curve(1)
glue("a", picture, display=False)
glue("b", drawn_from(figures.curve(2), 3), display=False)
glue("number", bound(1), display=False)
```

```{glue:figure} a
:name: fig-a
A caption.
```

````{glue:figure} b
:name: fig-b
A caption.
````
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LinksTable:
    root = tmp_path_factory.mktemp("project")
    files = {
        "vaelib/__init__.py": "",
        "vaelib/deep.py": MODULE,
        "vaelib/short.py": "from vaelib.deep import bound\n",
        "companion/figures/__init__.py": "from companion.figures.curves import curve\n",
        "companion/figures/curves.py": 'def curve(x):\n    """Eq. 3 drawn."""\n',
        "companion/drawing/drawn_figure.py": 'def drawn_from(figure):\n    """The figure."""\n',
        "tests/test_deep.py": TESTS,
        "book/s2_page.md": CHAPTER,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return LinksTable(root)


@pytest.fixture(scope="module")
def table() -> LinksTable:
    return LinksTable(ROOT)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Eq. 6, the estimator", [6]),
        ("section 2.2, Eqs 1 to 3) and 5", [1, 2, 3]),
        ("Eqs 4 and 17 for z", [4, 17]),
        ("Eq. 7; in section 3 it is Eq. 10. Eq. 7", [7, 10]),
        ("Eqs 1, 2 or 4", [1, 2, 4]),
        ("Sequence 3, Fig. 2", []),
    ],
)
def test_equations_are_read_out_of_sentences(text: str, numbers: list[int]) -> None:
    assert equations_in(text) == numbers


def test_only_the_first_paragraph_says_what_a_function_computes(small: LinksTable) -> None:
    assert small.equations == {
        3: ["vaelib.deep.bound", "companion.figures.curves.curve"],
        6: ["vaelib.deep.Model.encode"],
        7: ["vaelib.deep.Model.encode"],
        9: ["vaelib.deep"],
    }


def test_tests_are_found_through_helpers_tables_and_other_names(small: LinksTable) -> None:
    assert small.entries["vaelib.deep.bound"].tests == [
        "test_deep.py::test_directly",
        "test_deep.py::test_through_a_helper",
        "test_deep.py::test_through_a_table",
    ]
    assert small.entries["vaelib.deep.Model.encode"].tests == ["test_deep.py::test_a_method"]


def test_a_figure_knows_what_drew_it(small: LinksTable) -> None:
    drawn = {name: entry.figures for name, entry in small.entries.items() if entry.figures}
    assert drawn == {"companion.figures.curves.curve": {"fig-a": "s2_page", "fig-b": "s2_page"}}


def test_names_resolve_through_packages_and_nothing_else(small: LinksTable) -> None:
    assert small.resolve("companion.figures.curve") == "companion.figures.curves.curve"
    assert small.resolve("vaelib.short.bound") == "vaelib.deep.bound"
    for unknown in ("vaelib.deep._hidden", "vaelib.deep.bound.x", "torch.Tensor", "vaelib.no"):
        assert small.resolve(unknown) is None


def test_a_page_lends_its_imports_and_labels(small: LinksTable) -> None:
    assert small.imports["s2_page"]["bound"] == "vaelib.deep.bound"
    assert small.labels == {"sec-2-2"}


def test_each_of_the_paper_s_equations_has_code_and_tests(table: LinksTable) -> None:
    assert list(table.equations) == list(range(1, 25))
    for number, names in table.equations.items():
        assert any(table.entries[name].tests for name in names) or number == 13, number


def test_every_module_is_on_one_page_of_the_reference() -> None:
    shown = {
        path.stem: [
            line.split()[-1]
            for line in path.read_text("utf-8").splitlines()
            if line.startswith(".. automodule::")
        ]
        for path in (ROOT / "book").glob("api_*.md")
    }
    everywhere = [name for names in shown.values() for name in names]
    assert len(everywhere) == len(set(everywhere))
    assert set(everywhere) == LinksTable(ROOT).sources.keys() - {"vaelib", "companion"}
    of_companion = {
        page for page, names in shown.items() if any(n.startswith("companion.") for n in names)
    }
    assert len(of_companion) == 6


def test_the_table_reads_the_folder_that_it_is_given(tmp_path: Path) -> None:
    assert LinksTable(tmp_path).entries == {}
