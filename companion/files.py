"""Where the project lies, and the sentence for a disk that cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vaelib.errors import UserError


def project_root() -> Path:
    """The folder that holds `vaelib/`, or the working folder if vaelib is installed elsewhere."""
    beside = Path(__file__).resolve().parent.parent
    return beside if (beside / "pyproject.toml").is_file() else Path.cwd()


@contextmanager
def writing(what: str, place: Path) -> Iterator[None]:
    """Within it a disk that is full, or cannot be written, is one sentence.

    Args:
        what: is written, as the sentence's subject; what was stored before must still be good.
        place: where.

    Raises:
        UserError: in the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{what} cannot be written to {place} ({error.strerror or error}): make room there, or "
            "make it writable, and give the same command again"
        ) from None
