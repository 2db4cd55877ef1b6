"""Links both ways between equations, functions, tests and figures, all from one table.

In the reference a docstring's "Eq. 6", "section 2.3", "Fig. 2" and names in backticks become links,
and each entry is followed by its figures and tests. In the chapters each of the paper's equations
is followed by the functions that compute it, and a name such as `vaelib.elbo` in the text leads to
the reference. The tests are shown as pages of their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property, partial
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from links_table import LinksTable, equations_in
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from vaelib.files import project_root

EQUATION = re.compile(r"eq-(\d+)")
LITERAL = re.compile(r"`([^`\n]+)`")
PHRASES = (
    (re.compile(r"(?<![\d)], )\b[Ss]ection (\d)(?:\.(\d))?(?!\d)"), "sec"),
    (re.compile(r"\bAppendix ([A-F])(?:\.\d)?"), "app"),
    (re.compile(r"\bFig\. ([1-5])(?!\d)"), "fig"),
    (re.compile(r"\bAlgorithm ([12])\b"), "alg"),
)
ATTRIBUTE = re.compile(r"    (\w+(?:, \w+)*): (.*)")
NUMBERED = re.compile(r"s\d|[a-f]_")
FIGURE_LABELS = {"4": "4a"}
SHOWN_TESTS = 8


class Found(NamedTuple):
    """What is known of an equation: names of code, labels and pages of figures, tests."""

    code: list[str]
    figures: dict[str, str]
    tests: list[str]


class CrossLinks:
    """What the events and the directive share."""

    def __init__(self) -> None:
        self._linked: dict[str, list[str]] = {}

    @cached_property
    def table(self) -> LinksTable:
        return LinksTable(project_root())

    def full_name(self, text: str, module: str = "", page: str = "") -> str | None:
        """The thing of the package that a piece of code such as `elbo.evaluate(...)` names.

        Args:
            text: the code.
            module: where a bare name is looked for.
            page: of the book, whose code may have imported a bare name.
        """
        name = re.sub(r"\(.*\)$", "", text)
        if not re.fullmatch(r"[A-Za-z_][\w.]*", name):
            return None
        package = self.table.package
        if name == package:
            return None
        tried = [name] if name.startswith(f"{package}.") else [f"{module}.{name}"] * bool(module)
        if "." in name:
            tried.append(f"{package}.{name}")
        elif name in (imported := self.table.imports.get(page, {})):
            tried.append(imported[name])
        return next(filter(None, map(self.table.resolve, tried)), None)

    def link_docstring(
        self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
    ) -> None:
        """Turn a docstring's words into links, and its code into literals, before it is parsed."""
        module = next(iter(m for m in _parents(name) if m in self.table.sources), "")
        scope = name if what == "class" else name.rpartition(".")[0]

        def code(match: re.Match[str]) -> str:
            found = self.full_name(match[1], scope) or self.full_name(match[1], module)
            return (
                f":py:obj:`{match[1]} <{found}>`"
                if found not in (None, name)
                else f"``{match[1]}``"
            )

        for number, line in enumerate(lines):
            pieces = re.split(r"(`[^`\n]+`)", line)
            for place, piece in enumerate(pieces):
                pieces[place] = LITERAL.sub(code, piece) if place % 2 else self._phrases(piece)
            lines[number] = "".join(pieces)
        lines[:] = list_fields(lines)
        self._linked[name] = list(lines)

    def append_links(
        self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
    ) -> None:
        """Follow a docstring with the figures and the tests of what it describes.

        In the docstring of an attribute napoleon takes what is before a colon for a type; so that
        one is put back as it was.
        """
        if what in ("data", "attribute", "property"):
            lines[:] = self._linked.get(name, lines)
        entry = self.table.entries.get(name)
        if entry is None or what == "module":
            return
        if entry.figures:
            shown = ", ".join(f":{role}:`{to}`" for role, to in self.figures(entry.figures))
            lines += ["", f"Drawn with it: {shown}."]
        if entry.tests:
            count = len(entry.tests)
            lines += ["", f".. dropdown:: Tested by {count} test{'s' * (count > 1)}", ""]
            lines += [f"   - :test:`{test}`" for test in entry.tests]
            lines.append("")

    def figures(self, found: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Role and target for each figure; one without a number goes by the name of its page."""
        for label, page in found.items():
            if NUMBERED.match(page):
                yield "numref", label
            else:
                yield "ref", f"a figure of “{page.replace('_', ' ')}” <{label}>"

    def _phrases(self, text: str) -> str:
        """A docstring's words about the paper as links; what would be markup is escaped."""
        text = text.replace("*", r"\*").replace("|", r"\|")
        for pattern, kind in PHRASES:
            text = pattern.sub(partial(self._phrase, kind), text)
        return re.sub(r"\bEqs?\.? \d+(?:(?:, | and | or | to )\d+)*", _equations, text)

    def _phrase(self, kind: str, match: re.Match[str]) -> str:
        if kind == "alg":
            return f":prf:ref:`alg-{match[1]}`"
        parts = [FIGURE_LABELS.get(match[1], match[1]) if kind == "fig" else match[1].lower()]
        label = "-".join([kind, *parts, *filter(None, match.groups()[1:])])
        known = kind == "fig" or label in self.table.labels
        return f":ref:`{match[0]} <{label}>`" if known else match[0]

    def follow_equations(self, app: Sphinx, document: nodes.document) -> None:
        """Say after each of the paper's equations what computes and what draws it."""
        for equation in list(document.findall(nodes.math_block)):
            label = EQUATION.fullmatch(equation.get("label") or "")
            found = self.of_equation(int(label[1])) if label else None
            if found is None:
                continue
            line = nodes.paragraph(classes=["in-code"])
            for word, references in (
                ("In code: ", [self._reference(name) for name in found.code]),
                (". Drawn in: ", [_figure(*figure) for figure in self.figures(found.figures)]),
            ):
                for place, reference in enumerate(references):
                    line += [nodes.Text(", " if place else word), reference]
                    reference["refdoc"] = app.env.docname
            parent, index = equation.parent, equation.parent.index(equation)
            parent.insert(index + 1, line)

    def of_equation(self, number: int) -> Found | None:
        """What computes an equation, what draws it, and the tests of what computes it."""
        names = self.table.equations.get(number)
        if names is None:
            return None
        drawing = f"{self.table.package}.figures."
        code = [name for name in names if not name.startswith(drawing)] or names
        entries = self.table.entries
        figures = {k: v for name in names for k, v in entries[name].figures.items()}
        tests = list(dict.fromkeys(test for name in code for test in entries[name].tests))
        return Found(code, figures, tests)

    def _reference(self, name: str) -> addnodes.pending_xref:
        short = self.short(name)
        return addnodes.pending_xref(
            "",
            nodes.literal(short, short, classes=["xref", "py", "py-obj"]),
            refdomain="py",
            reftype="obj",
            reftarget=name,
            refexplicit=True,
            refwarn=True,
        )

    def short(self, name: str) -> str:
        """A name as one would write it: module and function, class and method."""
        kept = 1 if name in self.table.sources else 2
        return ".".join(name.split(".")[-kept:])

    def uri(self, app: Sphinx, docname: str, name: str) -> str:
        """Where the reference describes a thing, seen from a page."""
        target = app.env.get_domain("py").objects[name]  # type: ignore[attr-defined]
        return f"{app.builder.get_relative_uri(docname, target.docname)}#{target.node_id}"

    def link_names(self, app: Sphinx, document: nodes.document, docname: str) -> None:
        """Link the names of the package's things in running text to the reference."""
        objects = app.env.get_domain("py").objects  # type: ignore[attr-defined]
        for literal in list(document.findall(nodes.literal)):
            inside = literal.parent
            if isinstance(inside, nodes.reference | nodes.title | addnodes.pending_xref):
                continue
            name = self.full_name(literal.astext(), page=docname.rpartition("/")[2])
            if name is None or name not in objects:
                continue
            refuri = self.uri(app, docname, name)
            reference = nodes.reference("", "", internal=True, refuri=refuri, reftitle=name)
            inside.replace(literal, reference)
            reference += literal

    def test_pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """A page for each test file, each test with an anchor and the names that it calls."""
        if app.builder.format != "html":
            return
        objects = app.env.get_domain("py").objects  # type: ignore[attr-defined]
        called: dict[str, list[str]] = {}
        for name, entry in self.table.entries.items():
            for test in entry.tests if name in objects else []:
                called.setdefault(test, []).append(name)
        highlight = app.builder.highlighter.highlight_block  # type: ignore[attr-defined]
        for path in sorted((self.table.root / "tests").glob("test_*.py")):
            page = f"_tests/{path.stem}"
            body = [f"<h1>{path.name}</h1>"]
            for test, code in pieces(path.read_text("utf-8")):
                shown = highlight(code, "python")
                if test:
                    links = ", ".join(
                        f'<a href="{self.uri(app, page, n)}"><code>{self.short(n)}</code></a>'
                        for n in called.get(f"{path.name}::{test}", [])
                    )
                    calls = f"<p>Calls {links}.</p>" if links else ""
                    title = escape(sentence(f"::{test}"))
                    shown = f'<section id="{test}"><h2>{title}</h2>{calls}{shown}</section>'
                body.append(shown)
            yield page, {"parents": [], "title": path.name, "body": "\n".join(body)}, "page.html"


LINKS = CrossLinks()


def _figure(role: str, target: str) -> addnodes.pending_xref:
    """A reference to a figure, from what `CrossLinks.figures` says of it."""
    title, _, label = target.rpartition(" <")
    return addnodes.pending_xref(
        "",
        nodes.inline(title or label, title or label),
        refdomain="std",
        reftype=role,
        reftarget=label.rstrip(">"),
        refexplicit=bool(title),
        refwarn=True,
    )


class EquationsDirective(SphinxDirective):
    """All numbered equations with their functions, figures and tests."""

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for number in LINKS.table.equations:
            found = LINKS.of_equation(number)
            assert found is not None
            code = ", ".join(f"{{py:obj}}`{LINKS.short(name)} <{name}>`" for name in found.code)
            lines += [f"Equation {{eq}}`eq-{number}`", f": In code: {code}."]
            if found.figures:
                figures = LINKS.figures(found.figures)
                lines[-1] += f" Drawn in: {', '.join(f'{{{r}}}`{to}`' for r, to in figures)}."
            if found.tests:
                own = tuple(map(_own_tests, found.code))
                first = [test for test in found.tests if test.startswith(own)] or found.tests
                shown = "; ".join(f"{{test}}`{test}`" for test in first[:SHOWN_TESTS])
                more = len(found.tests) - len(first[:SHOWN_TESTS])
                lines += ["", f"  Tested: {shown}{f'; and {more} more' if more else ''}."]
            lines.append("")
        box = nodes.container(classes=["equations"])
        self.state.nested_parse(StringList(lines, "equations"), self.content_offset, box)
        return list(box.children)


def test_role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A test, "file::function", as the sentence that its name is, with a link to its code."""
    return [nodes.reference(rawtext, sentence(text), internal=True, refuri=address(text))], []


def _parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _own_tests(name: str) -> str:
    """The beginning of the name of a function's own test file."""
    parts = name.split(".")
    return f"test_{parts[1] if parts[1] != 'studies' else f'studies_{parts[2]}'}.py"


def _equations(match: re.Match[str]) -> str:
    numbers = equations_in(match[0])
    word = "Eqs" if len(numbers) > 1 else "Eq."
    return f"{word} {', '.join(f':eq:`eq-{number}`' for number in numbers)}"


def list_fields(lines: list[str]) -> list[str]:
    """Rewrite what napoleon reads otherwise: a Returns text with a colon, lists of attributes."""
    found: list[str] = []
    section = ""
    for line in lines:
        if line in ("Returns:", "Attributes:"):
            section = line
            found += [] if line == "Returns:" else [".. rubric:: Attributes", ""]
            continue
        if line and not line.startswith(" "):
            section = ""
        if section == "Returns:" and line:
            first = not found or not found[-1].startswith((":returns:", "    "))
            found.append(f":returns: {line.strip()}" if first else line)
        elif section == "Attributes:" and (item := ATTRIBUTE.match(line)):
            found.append(f"- ``{item[1]}``: {item[2]}")
        else:
            found.append(line[2:] if section == "Attributes:" else line)
    return found


def sentence(test: str) -> str:
    """A test's name as the sentence that it is."""
    words = test.partition("::")[2].removeprefix("test_")
    return re.sub(r"_s_", "’s ", words).replace("_", " ")


def address(test: str) -> str:
    """Where a test is shown, seen from a page of the book."""
    file, _, function = test.partition("::")
    return f"../_tests/{Path(file).stem}.html#{function}"


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """A test file cut before each test: the test's name, or nothing, and the code."""
    lines = text.splitlines(keepends=True)
    start, name = 0, ""
    for node in ast.parse(text).body:
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if is_test or name:
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(d.lineno for d in decorators)]) - 1
            yield name, "".join(lines[start:first]).strip("\n") + "\n"
            start, name = first, node.name if isinstance(node, ast.FunctionDef) and is_test else ""
    yield name, "".join(lines[start:]).strip("\n") + "\n"


def skip_foreign(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out "alias for field number 0", and methods that another package puts into a class."""
    generated = type(obj).__name__ == "_tuplegetter"
    origin = getattr(obj, "__module__", None) or LINKS.table.package
    return True if generated or origin.split(".")[0] != LINKS.table.package else None


def shorten_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """A default that is no code keeps Sphinx from reading a signature; then types are cut here."""
    if signature and "=<" in signature.replace(" ", ""):
        return re.sub(r"~(?:\w+\.)*", "", signature), returns
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx; docstrings are linked before napoleon reads them, followed after."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", LINKS.link_docstring, priority=400)
    app.connect("autodoc-process-docstring", LINKS.append_links, priority=900)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("doctree-read", LINKS.follow_equations)
    app.connect("doctree-resolved", LINKS.link_names)
    app.connect("html-collect-pages", LINKS.test_pages)
    app.add_role("test", test_role)
    app.add_directive("equations", EquationsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
