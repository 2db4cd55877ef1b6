"""Wide tables of words become cards on a narrow screen: the style sheet makes one of each row.

Here the tables are chosen, and each of their cells gets the name of its column, which it shows in
its card. A table that is displayed as something else is none to some screen readers, so it and its
parts say what they are. A table of nothing but numbers is read by column, and scrolls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import PageElement
from docutils import nodes
from sphinx.application import Sphinx

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
ROLES = {
    "thead": "rowgroup",
    "tbody": "rowgroup",
    "tr": "row",
    "thead th": "columnheader",
    "tbody th": "rowheader",
    "td": "cell",
}
SHIFTED = {"msub": "sub", "msup": "sup"}
LETTER = re.compile(r"[^\W\d_]")
# Words are not broken elsewhere.
BREAK = re.compile(r"[ \n/]|(?<=-)")
# So many letters fit side by side on a screen of 390 pixels. Tables that are not the theme's, of
# runs and in outputs, have smaller ones; what unfolds has a margin.
ROOM, ROOM_FOR_SMALL, MARGIN = 35, 45, 2
GAP = 2


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Prepare the wide tables of a page."""
    if "body" in context:
        context["body"] = TABLE.sub(
            lambda found: prepared(found[0], folded=is_folded(found)), context["body"]
        )


def is_folded(found: re.Match[str]) -> bool:
    """Whether it stands in a part that unfolds."""
    before = found.string[: found.start()]
    return before.count("<details") > before.count("</details>")


def prepared(table: str, *, folded: bool = False) -> str:
    """The table with labels and roles if it is wide and has words; any other as it is."""
    page = BeautifulSoup(table, "html.parser")
    head = [row.find_all(["th", "td"]) for row in page.select("thead > tr")]
    body = [row.find_all(["th", "td"]) for row in page.select("tbody > tr")]
    if len(head) != 1 or any(len(row) != len(head[0]) for row in body):
        return table
    cells = [cell for row in body for cell in row]
    wide = is_wide(page, head + body, margin=MARGIN * folded)
    if not wide or not LETTER.search("".join(map(words, cells))):
        return table
    for part, role in ROLES.items():
        for tag in page.select(part):
            tag["role"] = role
    for row in body:
        for cell, column in zip(row, head[0], strict=True):
            if words(cell) and words(column):
                label(cell, column)
    whole = page.select("table")[0]
    # With its role in words a table may have no formula and no link beside its rows.
    if not page.select("caption math, caption a:not(.headerlink)"):
        whole["role"] = "table"
    whole["class"] = " ".join([*whole.get_attribute_list("class"), "cards"])
    return str(page)


def is_wide(page: BeautifulSoup, rows: Sequence[Sequence[Tag]], *, margin: int) -> bool:
    """Whether its columns, as narrow as their longest words, have no room side by side."""
    longest = [
        max(len(word) for cell in column for word in BREAK.split(words(cell)))
        for column in zip(*rows, strict=True)
    ]
    room = ROOM if page.select("table.table") else ROOM_FOR_SMALL
    return sum(longest) + GAP * len(longest) > room - margin


def words(cell: Tag) -> str:
    """What the cell says; of a formula, which is there for the eye and for the ear, the latter."""
    strings = cell.find_all(string=True)
    return "".join(part for part in strings if not part.find_parent("mjx-math")).strip()


def label(cell: Tag, column: Tag) -> None:
    """Give the cell the name of its column, as an attribute; a formula needs more than letters."""
    formula = column.find("math") is not None
    cell["data-label"] = "" if formula else words(column)
    if formula:
        name = f'<span class="label" aria-hidden="true">{light(column)}</span>'
        # Within the paragraph, which stays the first in its cell: the theme's styles ask for it.
        (cell.p or cell).insert(0, BeautifulSoup(name, "html.parser"))


def light(part: PageElement) -> str:
    """A header in little HTML: of its formulas the letters, slanted, raised and lowered."""
    if not isinstance(part, Tag):
        return escape(part.get_text(), quote=False)
    inside = [light(inner) for inner in part.children]
    if part.name in SHIFTED:
        base, other = inside
        return f"{base}<{SHIFTED[part.name]}>{other}</{SHIFTED[part.name]}>"
    text = "".join(inside)
    around = {"mjx-math": "", "mi": f"<i>{text}</i>", "msqrt": f"√{text}"}
    return around.get(part.name, text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after all that writes into a page."""
    app.connect("html-page-context", mend, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
