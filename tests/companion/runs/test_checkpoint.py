"""A checkpoint is whole, or it is not used."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from companion.runs import checkpoint
from companion.runs.checkpoint import NEWEST, PREVIOUS
from tests.helpers import rng
from vaelib.errors import UserError


def state(seed: int) -> dict[str, Tensor]:
    return {
        "model/weight": torch.randn(4, 3, generator=rng(seed)),
        "trainer/samples": torch.tensor(seed),
        "algorithm/generator": rng(seed).get_state(),
    }


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path) is None
    checkpoint.write_checkpoint(tmp_path, "one", state(1))
    found = checkpoint.newest(tmp_path)
    assert found is not None
    assert found[0] == "one"
    assert all(torch.equal(found[1][key], tensor) for key, tensor in state(1).items())


def test_a_folder_may_be_given_as_text(tmp_path: Path) -> None:
    checkpoint.write_checkpoint(str(tmp_path), "one", state(1))
    found = checkpoint.newest(str(tmp_path))
    assert found is not None
    assert found[0] == "one"


def test_the_one_before_is_kept(tmp_path: Path) -> None:
    for seed, name in enumerate(("one", "two", "three")):
        checkpoint.write_checkpoint(tmp_path, name, state(seed))
    assert {path.name for path in tmp_path.iterdir()} == {NEWEST, PREVIOUS}
    (tmp_path / NEWEST).unlink()
    found = checkpoint.newest(tmp_path)
    assert found is not None
    assert found[0] == "two"


def damaged(content: bytes) -> list[bytes]:
    """Truncated, empty, and with single bits flipped in header, record and tensors."""
    flipped = []
    for place in (3, 9, 40, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        flipped.append(bytes(changed))
    return [b"", content[:7], content[:50], content[:-1], content + b"0", *flipped]


@pytest.mark.parametrize("kind", range(10))
def test_a_damaged_checkpoint_is_passed_over_with_a_word(
    kind: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint.write_checkpoint(tmp_path, "one", state(1))
    checkpoint.write_checkpoint(tmp_path, "two", state(2))
    path = tmp_path / NEWEST
    path.write_bytes(damaged(path.read_bytes())[kind])
    found = checkpoint.newest(tmp_path)
    assert found is not None
    assert found[0] == "one"
    assert f"{NEWEST} is damaged and is passed over" in capsys.readouterr().err


def test_only_damaged_ones_are_an_error(tmp_path: Path) -> None:
    checkpoint.write_checkpoint(tmp_path, "one", state(1))
    (tmp_path / NEWEST).write_bytes(b"no tensors")
    with pytest.raises(UserError, match=r"no checkpoint in .* can be read: move the folder away"):
        checkpoint.newest(tmp_path)


def test_a_disk_that_returns_something_else_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.write_checkpoint(tmp_path, "one", state(1))
    monkeypatch.setattr(
        checkpoint, "write_atomically", lambda path, content: path.write_bytes(content[:-4])
    )
    with pytest.raises(UserError, match="reads back otherwise than it was written"):
        checkpoint.write_checkpoint(tmp_path, "two", state(2))
    assert {path.name for path in tmp_path.iterdir()} == {NEWEST}
    found = checkpoint.newest(tmp_path)
    assert found is not None
    assert found[0] == "one"
