"""What a verdict rests on, to be read: a claim's figure, the code of its check and of its tests."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from companion.claims.claim import Claim
from companion.files import project_root
from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path


def source_of_test(name: str, *, folder: AnyPath | None = None) -> str:
    """The code of a test, decorators included.

    Args:
        name: ``file::function``.
        folder: where the tests lie; the project's own if None.

    Raises:
        UserError: if there is no such test.
    """
    file, _, function = name.partition("::")
    tests = project_root() / "tests" if folder is None else as_path(folder, "folder")
    path = tests / file
    if not path.is_file():
        raise UserError(f"test {name!r} is not there: {path} does not exist")
    text = path.read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            first = min((d.lineno for d in node.decorator_list), default=node.lineno)
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno]) + "\n"
    raise UserError(f"test {name!r} is not there: {path} has no function {function}")


def listing(claim: Claim[Any]) -> str:
    """The code that measures and judges the claim, and its tests, as MyST."""
    code = [
        f"`{function.__module__}`:\n```python\n{inspect.getsource(function)}```"
        for function in (claim.measure, claim.judge)
    ]
    return "\n\n".join([*code, *(_listed(name) for name in claim.tests)])


def _listed(test: str) -> str:
    """The test with its code; an installed package comes without the tests, and names it only."""
    file, _, _ = test.partition("::")
    if not (project_root() / "tests" / file).is_file():
        return f"`tests/{test}`, in the project's own folder."
    return f"`tests/{test}`:\n```python\n{source_of_test(test)}```"
