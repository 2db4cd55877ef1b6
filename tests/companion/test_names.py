"""A name means one thing: nothing public is defined twice in the two packages."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from companion.source_hash import PACKAGES


def public_names(source: str) -> Iterator[str]:
    """Functions, classes and constants that a module defines for others."""
    for node in ast.parse(source).body:
        defined: list[ast.expr] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined = [ast.Name(node.name)]
        elif isinstance(node, ast.Assign):
            defined = list(node.targets)
        elif isinstance(node, ast.AnnAssign):
            defined = [node.target]
        for target in defined:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and not part.id.startswith("_"):
                    yield part.id


def test_a_public_name_is_defined_once() -> None:
    places = defaultdict(set)
    for package in PACKAGES:
        for path in Path(package).rglob("*.py"):
            for name in public_names(path.read_text(encoding="utf-8")):
                places[name].add(str(path))
    assert not {name: sorted(paths) for name, paths in places.items() if len(paths) > 1}


def test_every_kind_of_definition_is_seen() -> None:
    source = "A, (B, _c) = 1, (2, 3)\nD: int = 4\ndef e(): f = 5\nclass G: h = 6\n_i = 7\n"
    assert list(public_names(source)) == ["A", "B", "D", "e", "G"]
