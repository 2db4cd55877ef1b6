"""The source hash sees code, and only code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from companion import source_hash as module
from companion.source_hash import closure, imported_modules, source_hash
from vaelib.errors import UserError

FILES = {
    "__init__.py": '"""The package."""\n',
    "base.py": "def area(r):\n    return 3 * r * r\n",
    "user.py": "from vaelib.base import area\n",
    "lazy.py": "def f():\n    from vaelib import base\n    return base\n",
    "typed.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from vaelib import base\nelse:\n    from vaelib import other\n"
    ),
    "other.py": "import math\nimport torch.nn\n",
    "cycle_a.py": "import vaelib.cycle_b\n",
    "cycle_b.py": "from vaelib import cycle_a\n",
    "plots/__init__.py": "from .curves import plot\n",
    "plots/curves.py": "from ..base import area as plot\nfrom . import theme\n",
    "plots/theme.py": "",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return written(tmp_path / "vaelib", FILES)


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)
    module._statements.cache_clear()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("vaelib.base", {"vaelib", "vaelib.base"}),
        ("vaelib.user", {"vaelib", "vaelib.base", "vaelib.user"}),
        ("vaelib.lazy", {"vaelib", "vaelib.base", "vaelib.lazy"}),
        ("vaelib.typed", {"vaelib", "vaelib.other", "vaelib.typed"}),
        ("vaelib.cycle_a", {"vaelib", "vaelib.cycle_a", "vaelib.cycle_b"}),
        (
            "vaelib.plots",
            {"vaelib", "vaelib.base", "vaelib.plots", "vaelib.plots.curves", "vaelib.plots.theme"},
        ),
    ],
)
@pytest.mark.usefixtures("package")
def test_closure_follows_every_import_that_runs(start: str, expected: set[str]) -> None:
    assert closure([start]) == tuple(sorted(expected))


@pytest.mark.usefixtures("package")
def test_what_only_a_module_imports_that_does_not_count_does_not_count_either() -> None:
    assert closure(["vaelib.lazy", "vaelib.user"], ["vaelib.user"]) == closure(["vaelib.lazy"])
    assert closure(["vaelib.user"], ["vaelib.base"]) == ("vaelib", "vaelib.user")


def test_a_module_that_does_not_count_may_change(package: Path) -> None:
    before = source_hash("vaelib.user", without=["vaelib.base"])
    rewrite(package / "base.py", "def area(r):\n    return 0\n")
    assert source_hash("vaelib.user", without=["vaelib.base"]) == before


@pytest.mark.parametrize(
    "text",
    [
        "# why\ndef area(r):\n    return 3 * r * r  # rough\n",
        'def area(r):\n    """The area."""\n    return 3 * r * r\n',
        '"""Circles."""\n\n\ndef area(r):\n    return (3 * r) * r\n',
    ],
)
def test_explanations_leave_the_hash_as_it_is(package: Path, text: str) -> None:
    before = source_hash("vaelib.user")
    rewrite(package / "base.py", text)
    assert source_hash("vaelib.user") == before


def test_code_below_changes_the_hash_and_other_code_does_not(package: Path) -> None:
    user, other = source_hash("vaelib.user"), source_hash("vaelib.other")
    rewrite(package / "base.py", "def area(r):\n    return 3.14 * r * r\n")
    assert source_hash("vaelib.user") != user
    assert source_hash("vaelib.other") == other


@pytest.mark.usefixtures("package")
def test_order_of_the_modules_does_not_matter() -> None:
    assert source_hash("vaelib.user", "vaelib.other") == source_hash("vaelib.other", "vaelib.user")


# One circle's area and its user: in two modules, in one package, in one module, under other names.
HOUSES = {
    "flat": {
        "base.py": "def area(r):\n    return 3 * r * r\n",
        "user.py": "from vaelib.base import area\n\ndef two(r):\n    return 2 * area(r)\n",
    },
    "a module of a package": {
        "shapes/__init__.py": "",
        "shapes/circle.py": "def area(r):\n    return 3 * r * r\n",
        "user.py": (
            "from vaelib.shapes import circle\n\ndef two(r):\n    return 2 * circle.area(r)\n"
        ),
    },
    "handed on by a package": {
        "shapes/__init__.py": "from vaelib.shapes.circle import area\n__all__ = ['area']\n",
        "shapes/circle.py": "def area(r):\n    return 3 * r * r\n",
        "user.py": "import vaelib.shapes\n\ndef two(r):\n    return 2 * vaelib.shapes.area(r)\n",
    },
    "under another name": {
        "base.py": "def area(r):\n    return 3 * r * r\n",
        "user.py": "from .base import area as disc\n\ndef two(r):\n    return 2 * disc(r)\n",
    },
    "in one module": {
        "user.py": "def two(r):\n    return 2 * area(r)\n\ndef area(r):\n    return 3 * r * r\n",
    },
    "imported where it is used": {
        "base.py": "def area(r):\n    return 3 * r * r\n",
        "user.py": "def two(r):\n    from vaelib.base import area\n    return 2 * area(r)\n",
    },
}


def hash_of(house: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    written(folder / "vaelib", {"__init__.py": f"HANDED_ON = {sorted(house)!r}\n"} | house)
    monkeypatch.setattr(module, "FOLDER", folder)
    return source_hash("vaelib.user")


@pytest.mark.parametrize("name", list(HOUSES)[1:])
def test_where_code_lies_leaves_the_hash_as_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = hash_of(HOUSES["flat"], tmp_path / "flat", monkeypatch)
    assert hash_of(HOUSES[name], tmp_path / "other", monkeypatch) == flat


@pytest.mark.parametrize("name", HOUSES)
def test_what_code_does_counts_wherever_it_lies(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hash_of(HOUSES[name], tmp_path / "before", monkeypatch)
    changed = {file: text.replace("3 *", "3.14 *") for file, text in HOUSES[name].items()}
    assert hash_of(changed, tmp_path / "after", monkeypatch) != before
    called = {file: text.replace("return 2 *", "return 1 *") for file, text in HOUSES[name].items()}
    assert hash_of(called, tmp_path / "called", monkeypatch) != before


def test_other_libraries_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`from math import sin as f` is no `from math import cos as f`."""
    sine, cosine = (
        hash_of({"user.py": f"from math import {f} as f\n"}, tmp_path / f, monkeypatch)
        for f in ("sin", "cos")
    )
    assert sine != cosine


def test_the_same_on_every_python() -> None:
    """The trees differ in fields that are empty, which are left out."""
    tree = ast.parse("def f(x):\n    return f'{x:.2f}'\n")
    node = module._Plain(tree, "vaelib.elbo")
    function = "FunctionDef(name='f',args=arguments(args=[arg(arg='x')])"
    assert node.of(node.tree.body[0]).startswith(function)


@pytest.mark.usefixtures("package")
def test_a_name_that_is_no_module_is_refused_in_one_sentence() -> None:
    with pytest.raises(UserError, match=r"'vaelib\.missing' is not a module"):
        source_hash("vaelib.missing")


@pytest.mark.usefixtures("package")
def test_imports_of_a_chapter() -> None:
    cells = "import torch\nfrom vaelib import base, nothing\nfrom vaelib.plots import theme\n"
    assert set(imported_modules(ast.parse(cells))) == {
        "vaelib",
        "vaelib.base",
        "vaelib.plots",
        "vaelib.plots.theme",
    }


def test_a_name_that_a_package_hands_on_lazily_brings_its_module() -> None:
    cell = ast.parse("from vaelib import AEVB, datasets, nothing\n")
    assert set(imported_modules(cell)) == {"vaelib", "vaelib.aevb", "vaelib.datasets"}


def test_the_real_package_hashes() -> None:
    assert "vaelib.networks" in closure(["vaelib.model"])
    assert len(source_hash("vaelib.model")) == 64
