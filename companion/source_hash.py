"""What code a result depends on, as one hash: neither words about it nor where it lies count."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from vaelib.errors import UserError

PACKAGES = ("vaelib", "companion")
FOLDER = Path(__file__).resolve().parent.parent


def source_hash(*modules: str, alone: Iterable[str] = (), without: Iterable[str] = ()) -> str:
    """Hash the code of `modules` and of every module of the packages that they import.

    The hash is taken over the syntax trees of their statements, so that layout, comments and
    docstrings leave it as it is: a better explanation must not cost hours of training. Nor does it
    matter in which module a statement stands, and under which name it is imported there: a tidier
    house must not either. It is the same under every version of Python that the code runs on.

    Args:
        modules: full names such as `vaelib.aevb`.
        alone: modules that count with their own code, but not with what they import; for one
            that imports many alternatives of which only some are used.
        without: modules that do not count, nor what only they import.

    Returns:
        The SHA-256 as 64 hexadecimal digits; the order of `modules` does not matter.

    Raises:
        UserError: if a module is not part of the packages.
    """
    statements = {
        statement
        for module in {*closure(modules, without), *alone} - set(PACKAGES)
        for statement in _statements(_path(module), module)
    }
    return hashlib.sha256("\n".join(sorted(statements)).encode()).hexdigest()


def closure(modules: Iterable[str], without: Iterable[str] = ()) -> tuple[str, ...]:
    """The given modules and all that they import within the packages, but for `without`, sorted.

    Imports are read from the source, also those inside functions; nothing is executed. Imports
    under `if TYPE_CHECKING:` are left out: they never run. A package counts by its `__init__`
    and a module's parents count with it, because importing it runs them.

    Raises:
        UserError: if a module is not part of the packages.
    """
    found: set[str] = set()
    passed_over = set(without)
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found | passed_over:
            continue
        found.add(module)
        waiting += imported_modules(_tree(_path(module)), module)
        if "." in module:
            waiting.append(module.rpartition(".")[0])
    return tuple(sorted(found))


def imported_modules(tree: ast.AST, importer: str = "") -> list[str]:
    """The packages' modules that the code in `tree` imports by itself.

    Args:
        tree: parsed source, of a module or of a chapter's cells.
        importer: the module's own name, which relative imports need.
    """
    found = [
        name
        for node in _executed(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for origin, name, _ in _imported(node, importer)
        for name in (origin, name)
    ]
    return [name for name in (*found, *_behind_faces(found)) if _is_module(name)]


def _behind_faces(names: Iterable[str]) -> Iterator[str]:
    """Where the names come from that a package hands on lazily, as it tells a type checker."""
    asked = [name for name in names if name.rpartition(".")[0] in PACKAGES and not _is_module(name)]
    for package in {
        name.rpartition(".")[0] for name in asked if _is_module(name.partition(".")[0])
    }:
        for node in ast.walk(_tree(_path(package))):
            if isinstance(node, ast.ImportFrom):
                handed_on = {f"{package}.{alias.asname or alias.name}" for alias in node.names}
                if not handed_on.isdisjoint(asked):
                    yield node.module or ""


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node`, without the bodies of `if TYPE_CHECKING:`."""
    yield node
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        children = node.orelse
    for child in children:
        yield from _executed(child)


def _imported(node: ast.Import | ast.ImportFrom, importer: str) -> Iterator[tuple[str, str, str]]:
    """(module, full name, name in the code) of everything that a statement imports."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, alias.name, alias.asname or alias.name) for alias in node.names)
        return
    origin = node.module or ""
    if node.level:
        parts = importer.split(".")
        is_package = _path(importer).name == "__init__.py"
        origin = ".".join([*parts[: len(parts) - node.level + is_package], *filter(None, [origin])])
    for alias in node.names:
        yield origin, f"{origin}.{alias.name}", alias.asname or alias.name


def _is_own(module: str) -> bool:
    return module.split(".")[0] in PACKAGES


def _candidates(module: str) -> tuple[Path, Path]:
    below = FOLDER.joinpath(*module.split("."))
    return below / "__init__.py", below.with_suffix(".py")


def _is_module(module: str) -> bool:
    return _is_own(module) and any(path.is_file() for path in _candidates(module))


def _path(module: str) -> Path:
    if not _is_module(module):
        raise UserError(
            f"{module!r} is not a module of {' or '.join(PACKAGES)}: use a name such as vaelib.aevb"
        )
    return next(path for path in _candidates(module) if path.is_file())


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _statements(path: Path, module: str) -> tuple[str, ...]:
    """The hash of each statement of a module, in which every name is the one of its definition."""
    plain = _Plain(_tree(path), module)
    return tuple(hashlib.sha256(plain.of(node).encode()).hexdigest() for node in plain.tree.body)


class _Plain(ast.NodeTransformer):
    """A module's tree without docstrings, `__all__` and what says where its parts come from."""

    def __init__(self, tree: ast.Module, module: str) -> None:
        self._names: dict[str, str] = {}
        self._modules: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for origin, full, name in _imported(node, module):
                    if _is_module(full):
                        self._modules.add(name)
                    elif _is_own(origin):
                        self._names[name] = full.rpartition(".")[2]
        self.tree = self.visit(tree)

    def of(self, node: object) -> str:
        """A tree as text, which says nothing of what is empty: that differs between Pythons."""
        if isinstance(node, list):
            return f"[{','.join(map(self.of, node))}]"
        if not isinstance(node, ast.AST):
            return repr(node)
        inside = ((name, getattr(node, name, None)) for name in node._fields)
        given = (f"{name}={self.of(value)}" for name, value in inside if value not in (None, []))
        return f"{type(node).__name__}({','.join(given)})"

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
        return super().generic_visit(node)

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return None if all(_is_own(alias.name) for alias in node.names) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.level or _is_own(node.module or "") else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        return None if ast.unparse(node.targets[0]) == "__all__" else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node.value) in self._modules:
            return ast.Name(node.attr, node.ctx)
        return self.generic_visit(node)
