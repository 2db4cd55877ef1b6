"""What the tests of one's own data share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from companion.own import training


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without figures, which take longer to draw than a small model to train."""

    def write(path: Path, *given: Any) -> None:
        path.write_text("a report", "utf-8")

    monkeypatch.setattr(training, "write_report", write)
