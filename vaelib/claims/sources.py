"""What a verdict rests on, to be read: the code of a claim's check, and of its tests."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from vaelib.claims import Claim
from vaelib.errors import UserError
from vaelib.files import project_root


def check_source(claim: Claim) -> str:
    """The code of the claim's check; empty if it has none."""
    return inspect.getsource(claim.check) if claim.check else ""


def source_of_test(name: str, *, folder: Path | None = None) -> str:
    """The code of a test, decorators included.

    Args:
        name: "file::function".
        folder: where the tests lie; the project's own if None.

    Raises:
        UserError: if there is no such test.
    """
    file, _, function = name.partition("::")
    path = (folder or project_root() / "tests") / file
    if not path.is_file():
        raise UserError(f"test {name!r} is not there: {path} does not exist")
    text = path.read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            first = min((d.lineno for d in node.decorator_list), default=node.lineno)
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno]) + "\n"
    raise UserError(f"test {name!r} is not there: {path} has no function {function}")
