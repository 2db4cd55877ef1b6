"""A write happens as a whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from vaelib.errors import UserError
from vaelib.files import as_path, write_atomically


def test_content_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, b"old")

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_path_may_be_text(tmp_path: Path) -> None:
    assert as_path(str(tmp_path), "root") == as_path(tmp_path, "root") == tmp_path


@pytest.mark.parametrize("place", ["", None, 3, b"bytes", ["a"]])
def test_what_is_no_path_is_one_sentence(place: Any) -> None:
    with pytest.raises(UserError, match=re.escape(f"root is {place!r}: give a path, or the text")):
        as_path(place, "root")
