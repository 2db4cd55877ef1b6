"""Which tests stay together in one worker of pytest-xdist: those that share what is dear to make.

The mark `xdist_group` would say it too, but has no effect with pytest 9.2 (pytest-xdist 1386).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# A visit to a page, as `visiting.each` names it.
VISIT = re.compile(r"\[((?:wide|narrow|offline) [^\]]+)\]$")
# The PDF, a JupyterLab, all pages as trees.
FILES = (
    "workflow/test_pdf.py",
    "workflow/test_jupyterlab.py",
    "book/test_book.py",
    "book/test_book_links.py",
)


def group(nodeid: str) -> str:
    """The name of a test's group; a test that shares nothing is a group of its own."""
    visit = VISIT.search(nodeid)
    file = nodeid.partition("::")[0]
    return visit[1] if visit else file if file.endswith(FILES) else nodeid


def begin_with_what_takes_longest(items: list[pytest.Item]) -> None:
    """The PDF, which one worker makes, then large groups: none is left alone with them."""
    size = Counter(group(item.nodeid) for item in items)
    items.sort(key=lambda item: (FILES[0] not in item.nodeid, -size[group(item.nodeid)]))


class Together(LoadScopeScheduling):
    """Groups in the order of the tests, each to the next worker that is free."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
