"""Paths as they are given, and files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from vaelib.errors import UserError

AnyPath = str | os.PathLike[str]


def as_path(place: AnyPath, name: str) -> Path:
    """A path, given as one or as text.

    Args:
        place: the path.
        name: of the argument, for the message.

    Raises:
        UserError: if it is neither, or empty.

    >>> as_path("runs/cpu", "store").name
    'cpu'
    >>> as_path("", "store")
    Traceback (most recent call last):
    vaelib.errors.UserError: store is '': give a path, or the text of one
    """
    if not isinstance(place, str | os.PathLike) or not os.fspath(place):
        raise UserError(f"{name} is {place!r}: give a path, or the text of one")
    return Path(place)


def data_folder(name: str) -> Path:
    """A folder of the data that come with the package: `data/NAME`, in a wheel or the repository.

    >>> data_folder("reference").parts[-2:]
    ('data', 'reference')
    """
    package = Path(__file__).resolve().parent
    installed = package / "data" / name
    return installed if installed.is_dir() else package.parent / "data" / name


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    The content reaches the disk before the name does; on any failure the old file stays.

    Raises:
        OSError: if it cannot be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "note.txt", b"whole")
    ...     [path.name for path in Path(folder).iterdir()]
    ['note.txt']
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; give it the usual permissions.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
