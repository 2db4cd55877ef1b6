"""The names with which people begin are there at once, and come from their modules."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import vaelib


@pytest.mark.parametrize("name", vaelib.__all__)
def test_a_name_is_that_of_its_module(name: str) -> None:
    home = importlib.import_module(f"vaelib.{vaelib._MODULES[name]}")
    assert getattr(vaelib, name) is getattr(home, name)


def test_every_list_of_them_is_the_same() -> None:
    tree = ast.parse(Path(vaelib.__file__).read_text("utf-8"))
    typed = {
        alias.name: f"{node.module}"
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == {name: f"vaelib.{module}" for name, module in vaelib._MODULES.items()}
    assert set(vaelib.__all__) == set(typed) <= set(dir(vaelib))


def test_another_name_is_none() -> None:
    with pytest.raises(AttributeError, match="module 'vaelib' has no attribute 'aevbe'"):
        vaelib.aevbe  # noqa: B018
    from vaelib import datasets

    assert datasets is importlib.import_module("vaelib.datasets")


def test_the_package_alone_loads_nothing() -> None:
    code = "import sys, vaelib; print('torch' in sys.modules, 'AEVB' in dir(vaelib))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_face_does_not_start_the_compiler() -> None:
    code = "import sys; from vaelib import *; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch._inductor", "torch._dynamo"} & set(done.stdout.split())
