"""Links from the chapters to the code, all from one table.

Each of the paper's equations is followed by the functions that compute it and the figures that draw
it, a name such as `vaelib.elbo` in the text leads to the reference, and a directive lists all
equations with their code, figures and tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from links_table import DRAWING, PACKAGES, LinksTable
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.files import project_root

EQUATION = re.compile(r"eq-(\d+)")
NUMBERED = re.compile(r"s\d|[a-f]_")
SHOWN_TESTS = 8


class Found(NamedTuple):
    """What is known of an equation: names of code, labels and pages of figures, tests."""

    code: list[str]
    figures: dict[str, str]
    tests: list[str]


class CrossLinks:
    """The table, and how its names are found, shown and linked."""

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
        if name in PACKAGES:
            return None
        first, _, rest = name.partition(".")
        tried = [name] if first in PACKAGES else [f"{module}.{name}"] * bool(module)
        if rest:
            tried += [f"{place}.{rest}" for place in self.table.ending_in(first)]
        elif name in (imported := self.table.imports.get(page, {})):
            tried.append(imported[name])
        return next(filter(None, map(self.table.resolve, tried)), None)

    def figures(self, found: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Role and target for each figure; one without a number goes by the name of its page."""
        for label, page in found.items():
            if NUMBERED.match(page):
                yield "numref", label
            else:
                yield "ref", f"a figure of “{page.replace('_', ' ')}” <{label}>"

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
        code = [name for name in names if not name.startswith(DRAWING)] or names
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
                own = tuple(map(own_tests, found.code))
                first = [test for test in found.tests if test.startswith(own)] or found.tests
                shown = "; ".join(f"{{test}}`{test}`" for test in first[:SHOWN_TESTS])
                more = len(found.tests) - len(first[:SHOWN_TESTS])
                lines += ["", f"  Tested: {shown}{f'; and {more} more' if more else ''}."]
            lines.append("")
        box = nodes.container(classes=["equations"])
        self.state.nested_parse(StringList(lines, "equations"), self.content_offset, box)
        return list(box.children)


def own_tests(name: str) -> str:
    """The file of the tests of a function's module."""
    *folders, module = LINKS.table.module_of(name).split(".")
    return "/".join([*folders, f"test_{module}.py"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", LINKS.follow_equations)
    app.connect("doctree-resolved", LINKS.link_names)
    app.add_directive("equations", EquationsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
