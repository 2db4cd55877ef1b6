"""One table that ties equations, functions, tests and figures together, read from the sources.

A function's docstring names its equation, a test names the function that it calls, and a chapter
names the function that drew its figure. Nothing is imported or executed here; the syntax trees
say it all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import jupytext

EQUATIONS = re.compile(r"\bEqs?\.? (\d+)((?:(?:, | and | or | to )\d+)*)")
PACKAGES = ("vaelib", "companion")
DRAWING = "companion.figures."
NEXT = re.compile(r"(, | and | or | to )(\d+)")
LABEL = re.compile(r"^\((\S+)\)=$", re.MULTILINE)
GLUED_FIGURE = re.compile(r"^`{3,}\{glue:figure\} (\S+)\n:name: (\S+)$", re.MULTILINE)
Definition = ast.FunctionDef | ast.ClassDef


def equations_in(text: str) -> list[int]:
    """The numbers of the equations that a text names, in its order: "Eqs 1 to 3" names three."""
    found: list[int] = []
    for match in EQUATIONS.finditer(text):
        found.append(int(match[1]))
        for word, number in NEXT.findall(match[2]):
            first = found[-1] + 1 if word == " to " else int(number)
            found += range(first, int(number) + 1)
    return list(dict.fromkeys(found))


@dataclass
class Entry:
    """A public function, class, method or module of the package.

    Attributes:
        doc: its docstring.
        equations: those that the first paragraph of the docstring names, what it computes; of a
            module, those that all of it names.
        tests: names "file::function" of the tests that call it.
        figures: labels of the figures that it drew, each with the name of its page.
    """

    doc: str
    equations: list[int]
    tests: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


class LinksTable:
    """The table for a project folder that holds the packages, `tests/` and `book/`.

    Attributes:
        entries: by full name, such as "vaelib.sgvb.estimator_a", in the order of the sources.
        sources: the package's modules and their files.
        labels: of the book's sections, such as "sec-2-3".
        imports: page by page what a name in its code stands for.
    """

    def __init__(self, root: Path, *, packages: Sequence[str] = PACKAGES) -> None:
        self.root = root
        self.sources = {
            _module_name(path, root): path
            for package in packages
            for path in sorted((root / package).rglob("*.py"))
        }
        self.trees = {name: _tree(path) for name, path in self.sources.items()}
        self._origins = {name: _imports(tree) for name, tree in self.trees.items()}
        self.entries: dict[str, Entry] = {}
        self.labels: set[str] = set()
        self.imports: dict[str, dict[str, str]] = {}
        for module, tree in self.trees.items():
            for name, node in _public(tree, module):
                doc = ast.get_docstring(node) or ""
                computed = doc if isinstance(node, ast.Module) else doc.split("\n\n")[0]
                self.entries[name] = Entry(doc, equations_in(computed))
        for path in sorted((root / "tests").rglob("test_*.py")):
            self._add_tests(path)
        for path in sorted((root / "book").glob("*.md")):
            self._add_page(path.stem, path.read_text("utf-8"))

    @cached_property
    def equations(self) -> dict[int, list[str]]:
        """Equation by equation the names of what computes it; modules only where nothing else."""
        found: dict[int, list[str]] = {}
        for name, entry in self.entries.items():
            for number in entry.equations:
                found.setdefault(number, []).append(name)
        for number, names in found.items():
            found[number] = [n for n in names if n not in self.sources] or names
        return dict(sorted(found.items()))

    def ending_in(self, last: str) -> list[str]:
        """The packages and modules of this name, wherever they lie."""
        return [module for module in self.trees if module.rpartition(".")[2] == last]

    def module_of(self, name: str) -> str:
        """The module in which a thing stands, by its full name; nothing for a thing elsewhere."""
        while name and name not in self.sources:
            name = name.rpartition(".")[0]
        return name

    def resolve(self, name: str) -> str | None:
        """The full name of a public thing that a package may have under a shorter one."""
        for _ in range(5):
            if name in self.entries:
                return name
            parent, _, last = name.rpartition(".")
            here = self.resolve(parent) if "." in parent else parent
            if here in self.trees:
                origin = self._origins[here].get(last)
                if origin is None:
                    return None
                name = origin
            elif here is not None and here != parent:
                name = f"{here}.{last}"
            else:
                return None
        return None

    def _add_tests(self, path: Path) -> None:
        tree, file = _tree(path), path.relative_to(self.root / "tests").as_posix()
        called = _Called(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names = set(filter(None, map(self.resolve, called.by(node.name))))
                attributes = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
                names |= {f"{name}.{a}" for name in names for a in attributes} & self.entries.keys()
                for name in sorted(names):
                    self.entries[name].tests.append(f"{file}::{node.name}")

    def _add_page(self, page: str, text: str) -> None:
        self.labels.update(LABEL.findall(text))
        if "{code-cell}" not in text:
            return
        labels = dict(GLUED_FIGURE.findall(text))
        notebook = jupytext.reads(text, fmt="md:myst")
        code = "\n".join(
            re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE)
            for cell in notebook.cells
            if cell.cell_type == "code"
        )
        tree = ast.parse(code)
        self.imports[page] = _imports(tree)
        for key, name in _drawn(tree, self):
            if key in labels:
                self.entries[name].figures[labels[key]] = page


class _Called:
    """Which names of the package each function of a test file calls, helpers included."""

    def __init__(self, tree: ast.Module) -> None:
        self.imports = _imports(tree)
        self.nodes: dict[str, list[ast.AST]] = {}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.nodes.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in (t for t in targets if isinstance(t, ast.Name)):
                    self.nodes.setdefault(target.id, []).append(node)

    def by(self, function: str) -> set[str]:
        found: set[str] = set()
        waiting, seen = [function], set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            for node in self.nodes.get(name, []):
                found |= _references(node, self.imports)
                waiting += [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
                if isinstance(node, ast.FunctionDef):  # fixtures are asked for by their names
                    waiting += [argument.arg for argument in node.args.args]
        return found


def _drawn(tree: ast.Module, table: LinksTable) -> Iterator[tuple[str, str]]:
    """Glue keys, and the function of `companion.figures` that drew what is glued."""
    imports = _imports(tree)
    last: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            last[node.targets[0].id] = _references(node.value, imports)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id == "glue" and isinstance(node.args[0], ast.Constant):
            names = _references(node.args[1], imports)
            for used in (n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)):
                names |= last.get(used, set())
            for name in sorted(filter(None, map(table.resolve, names))):
                if name.startswith(DRAWING) and name not in table.sources:
                    yield str(node.args[0].value), name


def _module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _public(tree: ast.Module, module: str) -> Iterator[tuple[str, ast.Module | Definition]]:
    """The module itself, its public functions and classes, and their public methods."""
    yield module, tree
    for node in _definitions(tree.body):
        yield f"{module}.{node.name}", node
        if isinstance(node, ast.ClassDef):
            for method in _definitions(node.body):
                if ast.get_docstring(method):
                    yield f"{module}.{node.name}.{method.name}", method


def _definitions(body: Iterable[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def _imports(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for; the sources import nothing relatively."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.asname or a.name: a.name for a in node.names}
    return found


def _references(node: ast.AST, imports: dict[str, str]) -> set[str]:
    """Full dotted names that the code below a node refers to."""
    found: set[str] = set()
    for inner in ast.walk(node):
        parts: list[str] = []
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in imports:
            dotted = [imports[inner.id], *reversed(parts)]
            found |= {".".join(dotted[: n + 1]) for n in range(len(dotted))}
    return found
