"""What can be had here: the real data, or only a stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from vaelib.datasets import mirrors, sources, standins
from vaelib.errors import UserError
from vaelib.files import AnyPath

STAND_INS = {"mnist": "mnist_5k", "frey_face": "cartoon_face"}
DATASETS = (*STAND_INS, *STAND_INS.values())


class Status(NamedTuple):
    """What `load` would use; the names mean what they mean in `Dataset`."""

    name: str
    requested: str
    stand_in: bool
    source: str
    detail: str  # one line for the console
    sha256: str
    path: Path | None  # the folder of the files, or of the first of them; None for a stand-in


def locate(
    name: str,
    *,
    download: bool = True,
    again: bool = False,
    progress: bool = True,
    root: AnyPath | None = None,
) -> Status:
    """Which files `load` would use, or which stand-in; no content is read.

    Args:
        name: "mnist" or "frey_face", or a stand-in: "mnist_5k" or "cartoon_face".
        download: fetch missing files from the public mirrors, unless `$VAELIB_OFFLINE` is set.
        again: ask mirrors that failed within the last hour, too.
        progress: show a bar for each download.
        root: the folder that holds data/raw; the project by default.

    Raises:
        UserError: for an unknown name, a `$VAELIB_DATA` that is no folder, or downloads that
            cannot be written.

    >>> locate("cartoon_face").detail
    'a drawn face, 1965 frames of 28 x 20'
    """
    if name not in DATASETS:
        raise UserError(f"dataset {name!r} is not known: use one of {', '.join(DATASETS)}")
    if name in sources.SOURCES:
        source = sources.SOURCES[name]
        if download:
            mirrors.download(name, root=root, again=again, progress=progress)
        if paths := sources.find(name, root):
            folder = next(iter(paths.values())).parent
            return Status(name, name, False, str(folder), f"in {folder}", source.sha256, folder)
    stand_in = STAND_INS.get(name, name)
    what = standins.DESCRIPTIONS[stand_in]
    detail = what if name == stand_in else f"{absence(name, root)}; stand-in {stand_in}: {what}"
    return Status(stand_in, name, True, what, detail, standins.SHA256[stand_in], None)


def absence(name: str, root: AnyPath | None = None) -> str:
    """What of a data set is not here, as a clause that lacks its subject.

    >>> from unittest.mock import patch
    >>> with patch.dict("os.environ", VAELIB_DATA=""):
    ...     absence("mnist", root="nowhere")
    'not here'
    """
    lacking = sources.missing(name, root)
    if len(lacking) == len(sources.SOURCES[name].files):
        return "not here"
    return f"not complete, {' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
