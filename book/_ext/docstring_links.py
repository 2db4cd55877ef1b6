"""The package's docstrings as pages: their words about the paper and their code become links.

A docstring's "Eq. 6", "section 2.3" or "Fig. 2" and names in backticks lead where they point, and
each entry is followed by the figures that it drew and the tests that call it.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, get_origin

from cross_links import LINKS
from links_table import PACKAGES, equations_in
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

from vaelib.checks import limits

LITERAL = re.compile(r"`([^`\n]+)`")
PHRASES = (
    (re.compile(r"(?<![\d)], )\b[Ss]ection (\d)(?:\.(\d))?(?!\d)"), "sec"),
    (re.compile(r"\bAppendix ([A-F])(?:\.\d)?"), "app"),
    (re.compile(r"\bFig\. ([1-5])(?!\d)"), "fig"),
    (re.compile(r"\bAlgorithm ([12])\b"), "alg"),
)
ATTRIBUTE = re.compile(r"    (\w+(?:, \w+)*): (.*)")
FIGURE_LABELS = {"4": "4a"}
# How Sphinx writes out the limits of arguments, by their names.
LIMITS = {
    name: stringify_annotation(value, "smart")
    for name, value in vars(limits).items()
    if get_origin(value) is Annotated
}
# Docstrings as they were before napoleon, by name.
LINKED: dict[str, list[str]] = {}


def link_docstring(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Turn a docstring's words into links, and its code into literals, before it is parsed."""
    module = LINKS.table.module_of(name)
    scope = name if what == "class" else name.rpartition(".")[0]

    def code(match: re.Match[str]) -> str:
        found = LINKS.full_name(match[1], scope) or LINKS.full_name(match[1], module)
        return f":py:obj:`{match[1]} <{found}>`" if found not in (None, name) else f"``{match[1]}``"

    for number in words(lines):
        pieces = re.split(r"(`[^`\n]+`)", lines[number])
        for place, piece in enumerate(pieces):
            pieces[place] = LITERAL.sub(code, piece) if place % 2 else phrases(piece)
        lines[number] = "".join(pieces)
    lines[:] = list_fields(lines)
    LINKED[name] = list(lines)


def append_links(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Follow a docstring with the figures and the tests of what it describes.

    In the docstring of an attribute napoleon takes what is before a colon for a type; so that
    one is put back as it was.
    """
    if what in ("data", "attribute", "property"):
        lines[:] = LINKED.get(name, lines)
    entry = LINKS.table.entries.get(name)
    if entry is None or what == "module":
        return
    if entry.figures:
        shown = ", ".join(f":{role}:`{to}`" for role, to in LINKS.figures(entry.figures))
        lines += ["", f"Drawn with it: {shown}."]
    if entry.tests:
        count = len(entry.tests)
        lines += ["", f".. dropdown:: Tested by {count} test{'s' * (count > 1)}", ""]
        lines += [f"   - :test:`{test}`" for test in entry.tests]
        lines.append("")


def words(lines: list[str]) -> list[int]:
    """Which of a docstring's lines are words; an example reaches from `>>>` to an empty line."""
    found, in_example = [], False
    for number, line in enumerate(lines):
        in_example = bool(line.strip()) and (in_example or line.lstrip().startswith(">>>"))
        if not in_example:
            found.append(number)
    return found


def phrases(text: str) -> str:
    """A docstring's words about the paper as links; what would be markup is escaped."""
    text = text.replace("*", r"\*").replace("|", r"\|")
    for pattern, kind in PHRASES:
        text = pattern.sub(partial(_phrase, kind), text)
    return re.sub(r"\bEqs?\.? \d+(?:(?:, | and | or | to )\d+)*", _equations, text)


def _phrase(kind: str, match: re.Match[str]) -> str:
    if kind == "alg":
        return f":prf:ref:`alg-{match[1]}`"
    parts = [FIGURE_LABELS.get(match[1], match[1]) if kind == "fig" else match[1].lower()]
    label = "-".join([kind, *parts, *filter(None, match.groups()[1:])])
    known = kind == "fig" or label in LINKS.table.labels
    return f":ref:`{match[0]} <{label}>`" if known else match[0]


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


def skip_foreign(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out "alias for field number 0", and methods that another package puts into a class."""
    generated = type(obj).__name__ == "_tuplegetter"
    origin = getattr(obj, "__module__", None) or PACKAGES[0]
    return True if generated or origin.split(".")[0] not in PACKAGES else None


def shorten_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """Limits go by their names; and where a default is no code, types are cut here.

    Such a default keeps Sphinx from reading the signature.
    """
    for limit, written in LIMITS.items():
        signature = signature and signature.replace(written, f"~vaelib.checks.limits.{limit}")
    if signature and "=<" in signature.replace(" ", ""):
        signature = re.sub(r"~(?:\w+\.)*", "", signature)
    return signature, returns


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx; docstrings are linked before napoleon reads them, followed after."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link_docstring, priority=400)
    app.connect("autodoc-process-docstring", append_links, priority=900)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("autodoc-process-signature", shorten_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
