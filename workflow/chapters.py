"""The pages of the book as the workflow sees them: which compute, and from what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from vaelib.errors import UserError
from vaelib.source_hash import imported_modules

BOOK = Path("book")
TOC = Path("_toc.yml")
HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OPTIONS = re.compile(r"\A(?::[\w-]+:[^\n]*\n)+|\A---\n.*?\n---\n", re.DOTALL)
COMPANION_KEYS = {"data", "runs", "after"}
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
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def header(self) -> dict[str, Any]:
        found = HEADER.match(self.text)
        return dict(yaml.safe_load(found[1]) or {}) if found else {}

    @property
    def computes(self) -> bool:
        return "jupytext" in self.header

    @cached_property
    def _companion(self) -> dict[str, Any]:
        companion = dict(self.header.get("companion") or {})
        if unknown := companion.keys() - COMPANION_KEYS:
            raise UserError(
                f"chapter {self.name} has {sorted(unknown)[0]!r} in its companion header: "
                f"use {', '.join(sorted(COMPANION_KEYS))}"
            )
        return companion

    @property
    def data(self) -> list[str]:
        return list(self._companion.get("data") or [])

    @property
    def runs(self) -> list[str]:
        return list(self._companion.get("runs") or [])

    @property
    def comes_last(self) -> bool:
        return self._companion.get("after") == "chapters"

    @property
    def loads_networks(self) -> bool:
        """Whether the page holds an explorer that loads networks."""
        return not WITH_NETWORKS.isdisjoint(EXPLORER.findall(self.text))

    @cached_property
    def modules(self) -> list[str]:
        """The modules of vaelib that its code cells import."""
        found: set[str] = set()
        for number, cell in enumerate(CELL.findall(self.text), start=1):
            code = re.sub(r"^\s*[%!].*$", "", OPTIONS.sub("", cell), flags=re.MULTILINE)
            try:
                found.update(imported_modules(ast.parse(code)))
            except SyntaxError as error:
                raise UserError(
                    f"chapter {self.name}, code cell {number} is not Python: {error.msg}"
                ) from None
        return sorted(found)


def pages(root: Path = Path()) -> list[Page]:
    """The pages that the table of contents names, in the reader's order.

    Raises:
        UserError: if a page has no source.
    """
    toc = yaml.safe_load((root / TOC).read_text(encoding="utf-8"))
    found = [Page(root / f"{entry}.md") for entry in toc_entries(toc)]
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
