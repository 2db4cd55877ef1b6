"""A chapter's parameters: of profile, device and seed it shows those that its code reads.

Every chapter accepts all three. One that it does not read is not shown, and its change does not
execute the chapter again.
"""

from __future__ import annotations

import ast
import json
import symtable
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vaelib.errors import UserError
from workflow import myst

if TYPE_CHECKING:
    from nbformat import NotebookNode

PARAMETERS = ("profile", "device", "seed")
TAG = "parameters"


def read_by(code: str) -> set[str]:
    """The global names that Python code reads, in itself and within its functions.

    Raises:
        SyntaxError: if it is not Python.
    """
    plain = ast.unparse(_Scopes().visit(ast.parse(code)))
    return set(_globals_read(symtable.symtable(plain, "cell", "exec")))


class _Scopes(ast.NodeTransformer):
    """Every comprehension as a generator, which has its own scope in every version of Python."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.GeneratorExp:
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def _globals_read(scope: symtable.SymbolTable) -> Iterator[str]:
    outermost = scope.get_type() == "module"
    for symbol in scope.get_symbols():
        if symbol.is_referenced() and (outermost or symbol.is_global()):
            yield symbol.get_name()
    for inner in scope.get_children():
        yield from _globals_read(inner)


def place(notebook: NotebookNode) -> int | None:
    """Where the cell tagged `parameters` stands, the first if there are several."""
    tags = (cell.metadata.get("tags", []) for cell in notebook.cells)
    return next((number for number, tagged in enumerate(tags) if TAG in tagged), None)


def names(source: str) -> list[str]:
    """What a cell sets at its outermost level, in order."""
    return [
        part.id
        for node in ast.parse(myst.without_magic(source)).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    ]


def write(notebook: NotebookNode, name: str, values: dict[str, Any], read: list[str]) -> None:
    """Write the values into the cell tagged `parameters`, which sets those that are read.

    Raises:
        UserError: if it does not set exactly those, or if there are several such cells.
    """
    tagged = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    if len(tagged) > 1:
        raise UserError(
            f"chapter {name} has {len(tagged)} cells tagged parameters: leave it only one"
        )
    places = _places(tagged[0].source) if tagged else {}
    for parameter in read:
        if parameter not in places:
            raise UserError(
                f"chapter {name} reads {parameter} and does not set it: "
                f"add the line `{parameter} = ...` to a cell tagged parameters"
            )
    for parameter in places:
        if parameter not in read:
            raise UserError(
                f"chapter {name} sets {parameter} in its parameters cell and never reads it: "
                "remove the line"
            )
    if tagged:
        tagged[0].source = _replaced(tagged[0].source, places, values)


def _places(source: str) -> dict[str, ast.Constant]:
    """Where the source sets each of the three: a line of its own, `name = constant`."""
    return {
        node.targets[0].id: node.value
        for node in ast.parse(myst.without_magic(source)).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and node.targets[0].id in PARAMETERS
    }


def _replaced(source: str, places: dict[str, ast.Constant], values: dict[str, Any]) -> str:
    lines = source.encode().split(b"\n")
    for parameter, old in reversed(places.items()):
        line = lines[old.lineno - 1]
        new = json.dumps(values[parameter]).encode()
        lines[old.lineno - 1] = line[: old.col_offset] + new + line[old.end_col_offset :]
    return b"\n".join(lines).decode()
