"""What several test files share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

# No test asks a public mirror.
os.environ["VAELIB_OFFLINE"] = "1"

# Runs use one thread each; more would change the last bits, and slow small tests down.
torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def html() -> Path:
    """The built book; tests that need it are marked `book` or `browser`."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail(f"{folder} holds no book: run `make book` first", pytrace=False)
    return folder
