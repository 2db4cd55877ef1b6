"""The paper's data on this machine: fetched, verified, reported; for `vaelib data`."""

from __future__ import annotations

from vaelib.datasets import Status, locate, sources
from vaelib.files import AnyPath


def obtain(*, progress: bool = True, root: AnyPath | None = None) -> list[Status]:
    """Fetch both data sets where they are missing, verify all files, and report.

    Raises:
        UserError: as `vaelib.datasets.locate`, and if a file is damaged.
    """
    for name in sources.SOURCES:
        locate(name, again=True, progress=progress, root=root)
    return verified(root=root)


def verified(*, root: AnyPath | None = None) -> list[Status]:
    """Verify the files that are here and report; nothing is downloaded or written.

    Raises:
        UserError: if a file is damaged, or `$VAELIB_DATA` is no folder.
    """
    statuses = []
    for name in sources.SOURCES:
        status = locate(name, download=False, root=root)
        sources.verify(name, root)
        if not status.stand_in:
            status = status._replace(detail=f"{status.detail}, verified")
        statuses.append(status)
    return statuses
