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
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return tmp_path


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)
    module._code.cache_clear()


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


def test_the_real_package_hashes() -> None:
    assert "vaelib.networks" in closure(["vaelib.model"])
    assert len(source_hash("vaelib.model")) == 64
