"""The table of notation: the page that shows it, and the notes at symbols in formulas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.figures.theme import PARTS

TABLE = Path("book/notation.yml")
NETWORK = "fig-network"
PARTS_STYLES = "parts.css"
MARK = re.compile(r'data-is="(\d+)"')


class Symbol(NamedTuple):
    """A symbol of the book.

    Attributes:
        symbol: as TeX.
        name: how it is said.
        means: what it stands for, as plain text.
        label: of the section that introduces it.
        code: what it is in `vaelib`, as Markdown.
        pages: where it has this meaning; None for everywhere else.
        core: whether it is among those that a reader needs first.
        part: of the network of section 3, whose colour it has on that page.
    """

    symbol: str
    name: str
    means: str
    label: str
    code: str = ""
    pages: list[str] | None = None
    core: bool = False
    part: str = ""


def read(path: Path) -> list[Symbol]:
    """The table's rows.

    Raises:
        ValueError: if a symbol has two meanings on the same pages.
    """
    rows = [Symbol(**row) for row in yaml.safe_load(path.read_text("utf-8"))]
    seen: set[tuple[str, str]] = set()
    for row in rows:
        for page in row.pages or [""]:
            if (row.symbol, page) in seen:
                where = f"on page {page}" if page else "everywhere"
                raise ValueError(f"{path}: {row.symbol} has two meanings {where}: keep one")
            seen.add((row.symbol, page))
    return rows


def meant_on(page: str, rows: list[Symbol]) -> Iterator[int]:
    """The numbers of the rows that hold on a page, those of the page alone last."""
    yield from (number for number, row in enumerate(rows) if row.pages is None)
    yield from (number for number, row in enumerate(rows) if page in (row.pages or []))


def section(label: str) -> str:
    """A label's place in the book, short: sec-2-3 is 2.3, app-c1 is C.1."""
    kind, _, number = label.partition("-")
    if kind == "app":
        return ".".join(number.upper())
    return number.replace("-", ".") if kind == "sec" else label.replace("-", " ")


class NotationDirective(SphinxDirective):
    """The symbols as a table: of the whole book, its `core`, or those of single `pages`."""

    option_spec: ClassVar[dict[str, Any]] = {
        "of": lambda given: directives.choice(given, ("book", "core", "pages"))
    }

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / TABLE
        self.env.note_dependency(str(path))
        of = self.options.get("of", "book")
        columns = {"book": (14, 46, 12, 28), "core": (14, 52, 34), "pages": (14, 66, 20)}[of]
        lines = ["```{list-table}", ":header-rows: 1", f":widths: {' '.join(map(str, columns))}"]
        lines += ["", "* - symbol", "  - stands for"]
        lines += ["  - see"] if of != "core" else []
        lines += ["  - in `vaelib`"] if of != "pages" else []
        for row in read(path):
            if (of == "pages") != bool(row.pages) or (of == "core" and not row.core):
                continue
            lines += [f"* - ${row.symbol}$", f"  - {row.means}"]
            lines += [f"  - {{ref}}`{section(row.label)} <{row.label}>`"] if of != "core" else []
            lines += [f"  - {row.code}"] if of != "pages" else []
        lines.append("```")
        box = nodes.Element()
        self.state.nested_parse(StringList(lines, str(path)), self.content_offset, box)
        return list(box.children)


def add_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give a page the notes for the symbols that are marked on it, and the script that shows them.

    The notes are in the page itself, so that it shows them from a file system too.
    """
    used = sorted(set(map(int, MARK.findall(context.get("body", "")))))
    if used:
        rows = read(Path(app.srcdir) / TABLE)
        notes = {number: [rows[number].name, rows[number].means] for number in used}
        text = json.dumps(notes, ensure_ascii=False, separators=(",", ":"))
        app.add_js_file(None, body=f"window.NOTATION={text}")
        app.add_js_file("notation.js", loading_method="defer")
    if f'id="{NETWORK}"' in context.get("body", ""):
        app.add_css_file(PARTS_STYLES)


def part_styles(rows: list[Symbol]) -> str:
    """The rules that give symbols the colours of the network's parts, in the light and the dark."""
    rules = []
    for number, row in enumerate(rows):
        if row.part:
            colour, symbol = PARTS[row.part], f'mjx-math [data-is="{number}"]'
            # Letters need more contrast than lines.
            for page, other in (("light", "black"), ("dark", "white")):
                mixed = f"color-mix(in srgb,{colour} 75%,{other})"
                rules.append(f'html[data-theme="{page}"] {symbol}{{color:{mixed}}}')
    return "\n".join(rules)


def write_part_styles(app: Sphinx, error: Exception | None) -> None:
    """Write these rules as a style sheet, for the page that shows the network."""
    if not error and app.builder.format == "html":
        rules = part_styles(read(Path(app.srcdir) / TABLE))
        (Path(app.outdir) / "_static" / PARTS_STYLES).write_text(rules, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("notation", NotationDirective)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_part_styles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
