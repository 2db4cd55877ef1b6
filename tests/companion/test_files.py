"""The project is found, and a disk that fails is told in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.files import project_root, writing
from vaelib.errors import UserError


def test_root_is_where_the_package_lies() -> None:
    assert (project_root() / "companion" / "files.py").is_file()


def test_a_disk_that_fails_is_one_sentence_and_other_errors_are_not(tmp_path: Path) -> None:
    said = rf"the run cannot be written to {tmp_path} \(No space left on device\): make room there"
    with pytest.raises(UserError, match=said), writing("the run", tmp_path):
        raise OSError(28, "No space left on device")
    with pytest.raises(KeyError), writing("the run", tmp_path):
        raise KeyError
