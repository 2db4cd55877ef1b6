"""The order of the pages in print, from the table of contents."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow import joined
from workflow.joined import Entry


@pytest.mark.parametrize(
    "contents",
    [
        "chapters: [{file: a, sections: [{file: b}]}, {url: elsewhere}]",
        "sections: [{file: a, sections: [{file: b}]}]",
        "parts: [{chapters: [{file: a, sections: [{file: b}]}]}]",
    ],
)
def test_a_table_of_contents_needs_no_captions(contents: str, tmp_path: Path) -> None:
    (tmp_path / "_toc.yml").write_text(f"root: index\n{contents}\n")
    assert joined.entries(tmp_path) == [Entry("index", 0), Entry("a", 0), Entry("b", 1)]


def test_a_caption_stands_before_the_first_page_of_its_part(tmp_path: Path) -> None:
    parts = "parts: [{caption: One, chapters: [{file: a}, {file: b}]}]"
    (tmp_path / "_toc.yml").write_text(f"root: index\n{parts}\n")
    assert [entry.part for entry in joined.entries(tmp_path)] == [None, "One", None]
