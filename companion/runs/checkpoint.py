"""One file that holds a run: its record and every tensor that going on needs, verified."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path, write_atomically

NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"


def write_checkpoint(folder: AnyPath, record: str, state: Mapping[str, Tensor]) -> None:
    """Make this the newest checkpoint of a folder, and the newest so far the previous one.

    It is read back and verified before the older ones are touched. Whenever this is interrupted,
    one of the two names holds a whole checkpoint.

    Args:
        folder: of the run.
        record: the record as JSON; it travels in the same file, so that the two cannot disagree.
        state: what `Trainer.state_dict` gave.

    Raises:
        OSError: if it cannot be written.
        UserError: if the disk does not give back what was written.
    """
    folder = as_path(folder, "folder")
    tensors = {key: tensor.cpu().contiguous() for key, tensor in state.items()}
    metadata = {"record": record, "sha256": _digest(record, tensors)}
    fresh = folder / "checkpoint.new.safetensors"
    write_atomically(fresh, safetensors.torch.save(tensors, metadata))
    if _read(fresh) is None:
        fresh.unlink()
        raise UserError(
            f"the checkpoint in {folder} reads back otherwise than it was written: check the "
            "disk; the last good checkpoint is kept"
        )
    if (folder / NEWEST).exists():
        (folder / NEWEST).replace(folder / PREVIOUS)
    fresh.replace(folder / NEWEST)


def newest(folder: AnyPath) -> tuple[str, dict[str, Tensor]] | None:
    """The newest whole checkpoint: its record as JSON, and its tensors; None if there is none.

    A damaged file is passed over with a word on stderr.

    Raises:
        UserError: if there are only damaged ones.
    """
    folder = as_path(folder, "folder")
    there = [folder / name for name in (NEWEST, PREVIOUS) if os.path.lexists(folder / name)]
    for path in there:
        found = _read(path)
        if found is not None:
            return found
        print(f"{path} is damaged and is passed over", file=sys.stderr)
    if there:
        raise UserError(
            f"no checkpoint in {folder} can be read: move the folder away, and the run is computed "
            "anew"
        )
    return None


def _read(path: Path) -> tuple[str, dict[str, Tensor]] | None:
    """Record and tensors, or None if the file is not what was written."""
    try:
        content = path.read_bytes()
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        tensors = safetensors.torch.load(content)
        whole = metadata["sha256"] == _digest(metadata["record"], tensors)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    return (metadata["record"], tensors) if whole else None


def _digest(record: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(record.encode())
    for key in sorted(tensors):
        digest.update(f"{key} {tensors[key].dtype} {tuple(tensors[key].shape)}\n".encode())
        digest.update(tensors[key].numpy().tobytes())
    return digest.hexdigest()
