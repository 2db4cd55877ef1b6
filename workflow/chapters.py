"""The pages of the book as the workflow sees them: which compute, and from what."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from companion.source_hash import imported_modules
from vaelib.errors import UserError
from workflow import myst, parameters
from workflow.myst import Cell

BOOK = Path("book")
TOC = Path("_toc.yml")
HEADER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
COMPANION_KEYS = {"data", "runs", "after"}
# A name stands in commands and in addresses as it is.
ENTRY = re.compile(rf"{BOOK}/\w[\w.+-]*")
EXPLORER = re.compile(r"\{container\} explorer explorer-([\w-]+)")
# The explorers that load networks when the reader touches them.
WITH_NETWORKS = {"manifold", "draw"}


@dataclass(frozen=True)
class Page:
    """A page of the book and its source.

    A page with a jupytext header is a chapter that computes; its `companion` header names the
    datasets and groups of runs that it reads. `after: chapters` makes it wait for all others.
    """

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise UserError(
                f"page {self.name}, line {line} is not UTF-8 "
                f"(byte 0x{error.object[error.start]:02x}): save the file as UTF-8"
            ) from None

    @cached_property
    def header(self) -> dict[str, Any]:
        found = HEADER.match(self.text)
        return myst.mapping(found[1], f"page {self.name}: the lines of the header") if found else {}

    @property
    def computes(self) -> bool:
        return "jupytext" in self.header

    @cached_property
    def _companion(self) -> dict[str, Any]:
        companion = self.header.get("companion") or {}
        if not isinstance(companion, dict):
            raise UserError(
                f"chapter {self.name} has {companion!r} as its companion header: "
                f"use {', '.join(sorted(COMPANION_KEYS))}"
            )
        if unknown := companion.keys() - COMPANION_KEYS:
            raise UserError(
                f"chapter {self.name} has {sorted(unknown)[0]!r} in its companion header: "
                f"use {', '.join(sorted(COMPANION_KEYS))}"
            )
        return companion

    @property
    def data(self) -> list[str]:
        return self._names("data")

    @property
    def runs(self) -> list[str]:
        return self._names("runs")

    def _names(self, key: str) -> list[str]:
        names = self._companion.get(key) or []
        if not isinstance(names, list):
            raise UserError(
                f"chapter {self.name} has {names!r} as {key} in its companion header: "
                f"write [{names}]"
            )
        return names

    @property
    def comes_last(self) -> bool:
        return self._companion.get("after") == "chapters"

    @property
    def loads_networks(self) -> bool:
        """Whether the page holds an explorer that loads networks."""
        return not WITH_NETWORKS.isdisjoint(EXPLORER.findall(self.text))

    @cached_property
    def cells(self) -> list[Cell]:
        """Its code cells."""
        return myst.code_cells(self.text, self.name)

    @cached_property
    def modules(self) -> list[str]:
        """The modules of our packages that its code cells import."""
        return sorted(self._in_cells(lambda code: imported_modules(ast.parse(code))))

    @cached_property
    def reads(self) -> list[str]:
        """Those of profile, device and seed that its code cells read, in this order."""
        read = self._in_cells(parameters.read_by)
        read.update(word for cell in self.cells for word in myst.words_of_magic(cell.code))
        return [name for name in parameters.PARAMETERS if name in read]

    def _in_cells(self, names: Callable[[str], Iterable[str]]) -> set[str]:
        """The names that a function finds in the Python of any cell."""
        found: set[str] = set()
        for number, cell in enumerate(self.cells, start=1):
            try:
                found.update(names(myst.without_magic(cell.code)))
            except SyntaxError as error:
                raise UserError(
                    f"chapter {self.name}, code cell {number} is not Python: {error.msg}"
                ) from None
        return found


def pages(root: Path = Path()) -> list[Page]:
    """The pages that the table of contents names, in the reader's order.

    Raises:
        UserError: if there is no table of contents, or a page has no source, or no name that
            the steps can pass on.
    """
    if not (root / TOC).is_file():
        raise UserError(f"{TOC} is not there: call this in the project's folder")
    toc = myst.mapping((root / TOC).read_text(encoding="utf-8"), f"the lines of {TOC}")
    entries = list(toc_entries(toc))
    for entry in entries:
        if not ENTRY.fullmatch(str(entry)):
            raise UserError(
                f"page {entry!r} of {TOC} has a name that cannot be: let it lie in the folder "
                f"{BOOK} itself, and use letters, digits, and any of `_.+-` after the first"
            )
    found = [Page(root / f"{entry}.md") for entry in entries]
    for page in found:
        if not page.path.is_file():
            raise UserError(f"page {page.path} is in {TOC} but is not there: write it")
    return found


def toc_entries(node: Any) -> Iterator[str]:
    """All `root` and `file` entries of a table of contents, in order."""
    if isinstance(node, list):
        for item in node:
            yield from toc_entries(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("root", "file"):
                yield value
            elif isinstance(value, list):
                yield from toc_entries(value)
