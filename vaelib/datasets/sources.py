"""Where the real data come from: files, checksums and mirrors; how they are found and verified.

`SOURCES` is the single list of names, sizes, sha256 and mirrors; data/README.md repeats it for
readers, and a test compares the two. A checksum is that of the *payload*, which is the
decompressed content: the same digits may have been compressed anew, and both files are right.
Neither does a file's name decide more than where to look: unpackers and libraries change it.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path

DEPTH = 2
"""How many folders deep files are looked for: torchvision puts them into `MNIST/raw`."""
NAMESAKES = ("fashion", "kmnist", "emnist", "qmnist", "notmnist")
"""In names of folders that hold other data sets, in files with the same names as MNIST's."""


class WrongContent(ValueError):
    """What is wrong with a file's content, as a clause that lacks its subject."""


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


def _files(listing: str) -> tuple[DataFile, ...]:
    rows = (line.split() for line in listing.strip().splitlines())
    return tuple(DataFile(n, int(size), sha256, n.endswith("ubyte")) for sha256, size, n in rows)


_MNIST = """
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db 47040016 train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5    60008 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  7840016 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2    10008 t10k-labels-idx1-ubyte
"""
_FREY = "265a83a23adb081755cd3de375509828e690324d1d60f076b8ecebc840d59c64 1100584 frey_rawface.mat"

SOURCES: dict[str, Source] = {
    "mnist": Source(
        name="mnist",
        title="MNIST",
        files=_files(_MNIST),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
    ),
    "frey_face": Source(
        name="frey_face",
        title="Frey Face",
        files=_files(_FREY),
        mirrors=("https://cs.nyu.edu/~roweis/data/",),
    ),
}


def raw_folder(root: AnyPath | None = None) -> Path:
    """`data/raw` below `root`; without one, below the project that holds this package.

    Where the package was installed apart from its project, the project is looked for from the
    current folder upwards; where there is none, it is the current folder itself.

    >>> raw_folder("here").as_posix()
    'here/data/raw'
    """
    if root is None:
        here = Path.cwd()
        candidates = (Path(__file__).resolve().parents[2], here, *here.parents)
        root = next((folder for folder in candidates if _is_project(folder)), here)
    return as_path(root, "root") / "data" / "raw"


def _is_project(folder: Path) -> bool:
    pyproject = folder / "pyproject.toml"
    return pyproject.is_file() and 'name = "vaelib"' in pyproject.read_text(encoding="utf-8")


def folders(root: AnyPath | None = None) -> list[Path]:
    """The local folders in which files are looked for: `$VAELIB_DATA`, then `data/raw`.

    Raises:
        UserError: if `$VAELIB_DATA` is set to something that is no folder.

    >>> folders("here")[-1] == raw_folder("here")
    True
    """
    named = os.environ.get("VAELIB_DATA", "")
    if named and not Path(named).is_dir():
        raise UserError(f"$VAELIB_DATA names {named!r}, which is no folder: correct or unset it")
    return [*([Path(named)] if named else []), raw_folder(root)]


def find_all(name: str, root: AnyPath | None = None) -> dict[DataFile, Path | None]:
    """The first path of each file of a data set, compressed or not; no content is read.

    Beside its own name a file may have one in capitals, or with other signs between the words, as
    in `train-images.idx3-ubyte`; and it may lie up to `DEPTH` folders below, as in `MNIST/raw`.

    >>> [file.name for file in find_all("frey_face")]
    ['frey_rawface.mat']
    """
    places = folders(root)
    listed = functools.cache(_listing)
    return {
        file: next((path for place in places for path in _paths(file, place, listed)), None)
        for file in SOURCES[name].files
    }


def find(name: str, root: AnyPath | None = None) -> dict[DataFile, Path] | None:
    """As `find_all`, but None unless every file is there.

    >>> (find("mnist") is None) == bool(missing("mnist"))
    True
    """
    found = find_all(name, root)
    there = {file: path for file, path in found.items() if path is not None}
    return there if len(there) == len(found) else None


def missing(name: str, root: AnyPath | None = None) -> list[str]:
    """The names of those files of a data set that are not here, as the mirrors serve them.

    >>> set(missing("mnist")) <= {file.served_as for file in SOURCES["mnist"].files}
    True
    """
    return [file.served_as for file, path in find_all(name, root).items() if path is None]


def remedy(name: str, root: AnyPath | None = None) -> str:
    """How to get the files that are not here, as a clause.

    >>> remedy("mnist")[:41]
    'run `vaelib data` where there is a networ'
    """
    return (
        f"run `vaelib data` where there is a network, or put {', '.join(missing(name, root))} into "
        "data/raw/ or into the folder that $VAELIB_DATA names"
    )


def _paths(
    file: DataFile, place: Path, listed: Callable[[Path], dict[str, list[Path]]]
) -> Iterator[Path]:
    """Where a file lies below a folder, the likeliest first."""
    # A broken link counts as a file here, so that reading it fails with its name.
    plain = (place / name for name in (f"{file.name}.gz", file.name))
    there = [path for path in plain if os.path.lexists(path)]
    yield from (path for path in there if not path.is_dir())
    yield from listed(place).get(_word(file.name), [])
    # A folder with the name of a file: reading it fails with its name, too.
    yield from there


def _listing(place: Path) -> dict[str, list[Path]]:
    """All files in a folder and up to `DEPTH` below it, by what their names have in common."""
    found: dict[str, list[Path]] = {}
    for folder, below, names in os.walk(place, followlinks=True):
        deep = len(Path(folder).relative_to(place).parts)
        below[:] = sorted(name for name in below if deep < DEPTH and _may_hold_data(name))
        # Packed files first, as among the plain names.
        for name in sorted(names, key=lambda name: (not name.lower().endswith(".gz"), name)):
            found.setdefault(_word(name), []).append(Path(folder, name))
    return found


def _word(name: str) -> str:
    """What is common to the names that a file gets: no capitals, no ending, one separator."""
    return re.sub(r"[\W_]+", "-", name.lower().removesuffix(".gz"))


def _may_hold_data(folder: str) -> bool:
    return not folder.startswith(".") and not any(name in folder.lower() for name in NAMESAKES)


def read_verified(file: DataFile, path: Path) -> bytes:
    """The verified payload of the file at `path`.

    Raises:
        UserError: if it cannot be read, is truncated or damaged, or is another file.

    >>> read_verified(SOURCES["frey_face"].files[0], Path("nowhere"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    vaelib.errors.UserError: nowhere cannot be read (No such file or directory): remove it and ...
    """
    try:
        return payload(file, path.read_bytes())
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except WrongContent as error:
        reason = str(error)
    raise UserError(
        f"{path} {reason}: remove it and run `vaelib data`, or replace it by the real "
        f"{file.served_as}"
    )


def verify(name: str, root: AnyPath | None = None) -> None:
    """Read those files of the data set that are here.

    Raises:
        UserError: as `read_verified`.

    >>> verify("frey_face")  # right, or not here
    """
    for file, path in find_all(name, root).items():
        if path is not None:
            read_verified(file, path)


def is_gzip(content: bytes) -> bool:
    """Whether `content` begins as gzip files do.

    >>> is_gzip(gzip.compress(b"digits"))
    True
    """
    return content.startswith(b"\x1f\x8b")


def payload(file: DataFile, content: bytes) -> bytes:
    """Decompress `content` where it is gzip, and return it if size and sha256 are right.

    Raises:
        WrongContent: if they are not.

    >>> file = DataFile("abc", 3, hashlib.sha256(b"abc").hexdigest())
    >>> payload(file, gzip.compress(b"abc"))
    b'abc'
    """
    if is_gzip(content):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
                content = stream.read(file.size + 1)
        except EOFError:
            raise WrongContent("is truncated: its gzip stream ends early") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise WrongContent(f"is damaged: {error}") from None
    if content.lstrip()[:1] == b"<":
        raise WrongContent("is a web page and no data file")
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256 and digest in (known := _names_by_digest()):
        raise WrongContent(f"holds {known[digest]} and not {file.name}")
    if len(content) != file.size:
        much = f"only {len(content)} of" if len(content) < file.size else "more than"
        raise WrongContent(f"holds {much} the {file.size} bytes of {file.name}")
    if digest != file.sha256:
        raise WrongContent(
            f"has the wrong content, damaged or of another data set whose files have these names, "
            f"such as Fashion-MNIST: its sha256 is {digest}, not {file.sha256}"
        )
    return content


def _names_by_digest() -> dict[str, str]:
    return {file.sha256: file.name for source in SOURCES.values() for file in source.files}
