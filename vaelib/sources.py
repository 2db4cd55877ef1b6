"""Where the real data come from: files, checksums and mirrors; how they are found and verified.

`SOURCES` is the single list of names, sizes, sha256 and mirrors; data/README.md repeats it for
readers, and a test compares the two. A checksum is that of the *payload*, which is the
decompressed content: the same digits may have been compressed anew, and both files are right.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import queue
import sys
import tempfile
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pooch

from vaelib.errors import UserError

TIMEOUT = 3.0
"""Seconds without a new byte after which a mirror is given up; name look-up included."""


@dataclass(frozen=True)
class DataFile:
    """One file: the name, size in bytes and sha256 of its payload."""

    name: str
    size: int
    sha256: str
    compressed: bool = True

    @property
    def served_as(self) -> str:
        """The name under which the mirrors serve it."""
        return f"{self.name}.gz" if self.compressed else self.name


@dataclass(frozen=True)
class Source:
    """One data set: its files, and base addresses that serve all of them, best first."""

    name: str
    title: str
    files: tuple[DataFile, ...]
    mirrors: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The payload's sha256; of several files, that of their listing in `sha256sum` format."""
        if len(self.files) == 1:
            return self.files[0].sha256
        listing = "".join(f"{file.sha256}  {file.name}\n" for file in self.files)
        return hashlib.sha256(listing.encode()).hexdigest()

    @property
    def remedy(self) -> str:
        """How to get the real files, as a clause."""
        names = ", ".join(file.served_as for file in self.files)
        return (
            f"run `vaelib data` where there is a network, or put {names} into data/raw/ or into "
            "the folder that $VAELIB_DATA names"
        )


SOURCES: dict[str, Source] = {
    "mnist": Source(
        name="mnist",
        title="MNIST",
        files=(
            DataFile(
                "train-images-idx3-ubyte",
                47040016,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            DataFile(
                "train-labels-idx1-ubyte",
                60008,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            DataFile(
                "t10k-images-idx3-ubyte",
                7840016,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            DataFile(
                "t10k-labels-idx1-ubyte",
                10008,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
    ),
    "frey_face": Source(
        name="frey_face",
        title="Frey Face",
        files=(
            DataFile(
                "frey_rawface.mat",
                1100584,
                "265a83a23adb081755cd3de375509828e690324d1d60f076b8ecebc840d59c64",
                compressed=False,
            ),
        ),
        mirrors=("https://cs.nyu.edu/~roweis/data/",),
    ),
}


def raw_folder(root: Path | None = None) -> Path:
    """`data/raw` below `root`; without one, below the project that holds this package.

    Where the package was installed apart from its project, the project is looked for from the
    current folder upwards; where there is none, it is the current folder itself.
    """
    if root is None:
        here = Path.cwd()
        candidates = (Path(__file__).resolve().parents[1], here, *here.parents)
        root = next((folder for folder in candidates if _is_project(folder)), here)
    return root / "data" / "raw"


def _is_project(folder: Path) -> bool:
    pyproject = folder / "pyproject.toml"
    return pyproject.is_file() and 'name = "vaelib"' in pyproject.read_text(encoding="utf-8")


def folders(root: Path | None = None) -> list[Path]:
    """The local folders in which files are looked for: `$VAELIB_DATA`, then `data/raw`.

    Raises UserError if `$VAELIB_DATA` is set to something that is no folder.
    """
    named = os.environ.get("VAELIB_DATA", "")
    if named and not Path(named).is_dir():
        raise UserError(f"$VAELIB_DATA names {named!r}, which is no folder: correct or unset it")
    return [*([Path(named)] if named else []), raw_folder(root)]


def offline() -> bool:
    """Whether `$VAELIB_OFFLINE` forbids every download (set, and not 0)."""
    return os.environ.get("VAELIB_OFFLINE", "") not in ("", "0")


def find(file: DataFile, places: Sequence[Path]) -> Path | None:
    """The first existing path of the file, compressed or not; its content is not looked at."""
    candidates = (place / name for place in places for name in (f"{file.name}.gz", file.name))
    return next((path for path in candidates if os.path.lexists(path)), None)


def read(file: DataFile, path: Path) -> bytes:
    """The verified payload of the file at `path`.

    Raises UserError if it cannot be read, is truncated or damaged, or is another file.
    """
    try:
        return payload(file, path.read_bytes())
    except (OSError, ValueError) as error:
        reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        raise UserError(
            f"{path} {reason}: remove it and run `vaelib data`, or replace it by the real "
            f"{file.served_as}"
        ) from error


def payload(file: DataFile, content: bytes) -> bytes:
    """Decompress `content` where it is gzip, and return it once size and sha256 are right.

    Raises ValueError with what is wrong, as a clause without subject.
    """
    if content.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
                content = stream.read(file.size + 1)
        except EOFError:
            raise ValueError("is truncated (its gzip stream ends early)") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"is damaged (gzip: {error})") from None
    if content.lstrip()[:1] == b"<":
        raise ValueError("is a web page and no data file")
    if len(content) < file.size:
        raise ValueError(f"holds only {len(content)} of the {file.size} bytes of {file.name}")
    if (digest := hashlib.sha256(content).hexdigest()) != file.sha256:
        raise ValueError(f"has the sha256 {digest} where {file.sha256} is right")
    return content


def fetch(url: str, *, timeout: float, progress: bool) -> bytes:
    """Download `url` into memory.

    Raises OSError on any failure, TimeoutError once `timeout` seconds bring less than a kilobyte.
    """
    sink = io.BytesIO()
    outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            get = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 14, timeout=timeout)
            get(url, sink, None)
        except Exception as error:
            outcome.put(error)
        else:
            outcome.put(None)

    # A time-out of requests covers neither the name look-up nor a host of many dead addresses
    # nor a trickle, so the caller's thread keeps the time; content arrives in its own.
    threading.Thread(target=work, daemon=True).start()
    received = 0
    while True:
        try:
            error = outcome.get(timeout=timeout)
            break
        except queue.Empty:
            if sink.tell() - received < 1024:
                raise TimeoutError(f"no answer within {timeout:g} s") from None
            received = sink.tell()
    if error is not None:
        raise OSError(_reason(error, timeout)) from error
    return sink.getvalue()


def _reason(error: Exception, timeout: float) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {timeout:g} s"
    if isinstance(error, requests.ConnectionError):
        return "it cannot be reached, or broke off"
    return str(error)


def download(
    source: Source, files: Sequence[DataFile], folder: Path, *, progress: bool = True
) -> list[DataFile]:
    """Download `files` into `folder` from the source's mirrors, one after another.

    Prints one line per mirror tried to standard error. A file is verified first, then written
    under a temporary name and renamed, so that `folder` never holds a part of one. A mirror that
    fails once is not asked again. Returns the files that no mirror gave.
    Raises UserError if `folder` cannot be written.
    """
    missing = list(files)
    for mirror in source.mirrors:
        try:
            while missing:
                file = missing[0]
                content = fetch(mirror + file.served_as, timeout=TIMEOUT, progress=progress)
                payload(file, content)
                _write(folder, file, content)
                del missing[0]
        except UserError:
            raise
        except OSError as error:
            print(f"{source.title}: {mirror} gave no {missing[0].name}: {error}", file=sys.stderr)
        except ValueError as error:
            print(f"{source.title}: {mirror}{missing[0].served_as} {error}", file=sys.stderr)
        else:
            print(f"{source.title}: {mirror} gave what was missing", file=sys.stderr)
            break
    return missing


def _write(folder: Path, file: DataFile, content: bytes) -> None:
    # A server may have decompressed the file on its way, hence the look at the content.
    name = f"{file.name}.gz" if content.startswith(b"\x1f\x8b") else file.name
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(content)
        temporary.chmod(0o644)
        temporary.replace(folder / name)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"the download {name} cannot be written to {folder} ({error.strerror}): make it "
            "writable, or set $VAELIB_DATA to a folder that holds the files"
        ) from error
