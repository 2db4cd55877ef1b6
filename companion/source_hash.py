"""What code a result depends on, as one hash: comments and docstrings do not count."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from vaelib.errors import UserError

PACKAGE = "vaelib"
FOLDER = Path(__file__).resolve().parent


def source_hash(*modules: str, alone: Iterable[str] = ()) -> str:
    """Hash the code of `modules` and of every module of the package that they import.

    The hash is taken over syntax trees, so that layout, comments and docstrings leave it as it
    is: a better explanation must not cost hours of training. Python's minor version is part of
    the trees' form, so that hashes are comparable only within one minor version.

    Args:
        modules: full names such as `vaelib.aevb`.
        alone: modules that count with their own code, but not with what they import; for one
            that imports many alternatives of which only some are used.

    Returns:
        The SHA-256 as 64 hexadecimal digits; the order of `modules` does not matter.

    Raises:
        UserError: if a module is not part of the package.
    """
    digest = hashlib.sha256()
    for module in sorted({*closure(modules), *alone}):
        digest.update(f"{module}\n{_code(_path(module))}\n".encode())
    return digest.hexdigest()


def closure(modules: Iterable[str]) -> tuple[str, ...]:
    """The given modules and all that they import within the package, sorted.

    Imports are read from the source, also those inside functions; nothing is executed. Imports
    under `if TYPE_CHECKING:` are left out: they never run. A package counts by its `__init__`
    and a module's parents count with it, because importing it runs them.

    Raises:
        UserError: if a module is not part of the package.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting += imported_modules(_tree(_path(module)), module)
        if "." in module:
            waiting.append(module.rpartition(".")[0])
    return tuple(sorted(found))


def imported_modules(tree: ast.AST, importer: str = "") -> list[str]:
    """The package's modules that the code in `tree` imports by itself.

    Args:
        tree: parsed source, of a module or of a chapter's cells.
        importer: the module's own name, which relative imports need.
    """
    return [name for name in _imported_names(tree, importer) if _is_module(name)]


def _imported_names(tree: ast.AST, importer: str) -> Iterator[str]:
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                origin = ".".join(filter(None, [_anchor(importer, node.level), origin]))
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node`, without the bodies of `if TYPE_CHECKING:`."""
    yield node
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
        children = node.orelse
    for child in children:
        yield from _executed(child)


def _name(expression: ast.expr) -> str:
    return ast.unparse(expression).rpartition(".")[2]


def _anchor(importer: str, level: int) -> str:
    parts = importer.split(".")
    is_package = _path(importer).name == "__init__.py"
    return ".".join(parts[: len(parts) - level + is_package])


def _candidates(module: str) -> tuple[Path, Path]:
    below = FOLDER.joinpath(*module.split(".")[1:])
    return below / "__init__.py", below.with_suffix(".py")


def _is_module(module: str) -> bool:
    return module.split(".")[0] == PACKAGE and any(path.is_file() for path in _candidates(module))


def _path(module: str) -> Path:
    if not _is_module(module):
        raise UserError(f"{module!r} is not a module of {PACKAGE}: use a name such as vaelib.aevb")
    return next(path for path in _candidates(module) if path.is_file())


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _code(path: Path) -> str:
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.dump(tree)
