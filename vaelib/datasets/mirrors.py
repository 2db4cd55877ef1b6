"""Downloads from the public mirrors: one after another, verified, and given up quickly."""

from __future__ import annotations

import io
import os
import queue
import sys
import threading
import time
from pathlib import Path

import requests

from vaelib.datasets import sources
from vaelib.datasets.sources import DataFile
from vaelib.errors import UserError
from vaelib.files import AnyPath, write_atomically

TIMEOUT = 3.0
"""Seconds without a new kilobyte after which a mirror is given up; name look-up included."""
REST = 3600.0
"""Seconds for which mirrors that all failed are left alone."""


def forbidden() -> bool:
    """Whether `$VAELIB_OFFLINE` forbids every download: set, and not 0.

    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, VAELIB_OFFLINE="1"):
    ...     forbidden()
    True
    """
    return os.environ.get("VAELIB_OFFLINE", "") not in ("", "0")


def download(
    name: str, *, root: AnyPath | None = None, again: bool = False, progress: bool = True
) -> bool:
    """Download the missing files of a data set into `data/raw`; whether all are there now.

    The mirrors are tried one after another, with one line for each on standard error. One that
    fails is not asked for a second file, so that a machine without a network is through in
    `TIMEOUT` seconds for each mirror. A file is verified first, then written under a temporary
    name and renamed, so that the folder never holds a part of one.

    Args:
        root: the folder that holds data/raw; the project by default.
        again: ask the mirrors even if all of them failed within the last hour.
        progress: show a bar for each file.

    Raises:
        UserError: if the folder cannot be written.

    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, VAELIB_OFFLINE="1", VAELIB_DATA=""):
    ...     download("mnist", root="nowhere")
    False
    """
    source, folder = sources.SOURCES[name], sources.raw_folder(root)
    missing = [file for file, path in sources.find_all(name, root).items() if path is None]
    failed = folder / f".{name}-mirrors-failed"
    if not missing or forbidden() or (_is_recent(failed) and not again):
        return not missing
    for mirror in source.mirrors:
        wanted = missing[0]
        try:
            while missing:
                wanted = missing[0]
                content = fetch(mirror + wanted.served_as, timeout=TIMEOUT, progress=progress)
                sources.payload(wanted, content)
                _write(folder, wanted, content)
                missing.pop(0)
        except OSError as error:
            _say(f"{source.title}: {mirror} gave no {wanted.served_as}: {error}")
        except sources.WrongContent as error:
            _say(f"{source.title}: {mirror}{wanted.served_as} {error}")
        else:
            _say(f"{source.title}: downloaded from {mirror} and verified")
            failed.unlink(missing_ok=True)
            return True
    _note(failed)
    return False


def fetch(url: str, *, timeout: float, progress: bool = False) -> bytes:
    """Download `url` into memory.

    Raises:
        OSError: on any failure, with a clause on what it was; it is a TimeoutError if `timeout`
            seconds brought less than a kilobyte.

    >>> fetch("nowhere:digits", timeout=1.0)
    Traceback (most recent call last):
    OSError: InvalidSchema: No connection adapters were found for 'nowhere:digits'
    """
    # Imported when it is needed: in a notebook its progress bars warn about missing widgets.
    import pooch

    sink = io.BytesIO()
    outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def work() -> None:
        get = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 14, timeout=timeout)
        try:
            get(url, sink, None)
        except Exception as error:  # handed to the thread that waits, which raises it
            outcome.put(error)
        else:
            outcome.put(None)

    # A time-out of requests covers neither the name look-up, nor a host of many dead addresses,
    # nor a trickle. So content arrives in a thread of its own, and this one keeps the time.
    threading.Thread(target=work, name=f"download {url}", daemon=True).start()
    received = 0
    while True:
        try:
            error = outcome.get(timeout=timeout)
            break
        except queue.Empty:
            if sink.tell() - received < 1024:
                raise TimeoutError(f"no answer within {timeout:g} s") from None
            received = sink.tell()
    if isinstance(error, requests.Timeout):
        raise TimeoutError(f"no answer within {timeout:g} s") from error
    if error is not None:
        raise OSError(_reason(error)) from error
    return sink.getvalue()


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return "it cannot be reached, or broke off"
    return f"{type(error).__name__}: {error}"


def _write(folder: Path, file: DataFile, content: bytes) -> None:
    # A server may have decompressed the file on its way.
    name = f"{file.name}.gz" if sources.is_gzip(content) else file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, content)
    except OSError as error:
        raise UserError(
            f"the download {name} cannot be written to {folder} ({error.strerror}): make the "
            "folder writable, or set $VAELIB_DATA to a folder that holds the files"
        ) from error


def _is_recent(stamp: Path) -> bool:
    try:
        return 0 <= time.time() - stamp.stat().st_mtime < REST
    except OSError:
        return False


def _note(stamp: Path) -> None:
    """Remember the failure, if the folder can be written; it only saves waiting."""
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    except OSError:
        return


def _say(line: str) -> None:
    print(line, file=sys.stderr)
