"""The measurements that come with the companion: `python -m companion.measurements.publishing`.

They rest on published models and on the data alone, so that every reader's would be the same. It
takes those that the last builds have kept; what was measured with other code goes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from companion.experiments.reference import models_with_weights
from companion.files import project_root, writing
from companion.measurements.described import described, modules_of
from companion.measurements.kept import SUFFIX, code_of, own_folder
from companion.measurements.tables import UNREADABLE, told
from vaelib import datasets
from vaelib.errors import UserError
from vaelib.files import write_atomically

# A table of every component of a gradient is measured anew rather than carried about by all.
LARGEST_PUBLISHED = 50_000  # bytes


def publish_measurements(kept: Path, folder: Path) -> list[str]:
    """Copy what rests on published models from one folder to the other, and clear that of the rest.

    Returns:
        the names of the measurements that are there now.

    Raises:
        UserError: if the data are stand-ins, or the folder cannot be written.
    """
    if any(datasets.locate(name, download=False).stand_in for name in ("mnist", "frey_face")):
        raise UserError(
            "measurements of stand-ins are not published: `vaelib data` obtains the real data"
        )
    models = {model for run in models_with_weights() for model in models_in(described(run.model()))}
    found = {
        path.name: path.read_bytes()
        for path in (*folder.glob(f"*{SUFFIX}"), *kept.glob(f"*{SUFFIX}"))
        if is_to_be_published(path, models)
    }
    with writing("the measurements", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            write_atomically(folder / name, content)
        for path in folder.glob(f"*{SUFFIX}"):
            if path.name not in found:
                path.unlink()
    return sorted(found)


def is_to_be_published(path: Path, models: set[str]) -> bool:
    """Whether it is small, whole, of this code, and asked about no other models than these."""
    content = path.read_bytes()
    try:
        header = told(content)
    except UNREADABLE:
        return False
    small = len(content) <= LARGEST_PUBLISHED
    return small and set(models_in(header["asked"])) <= models and is_current(header)


def is_current(header: Mapping[str, Any]) -> bool:
    """Whether the code that decides the measurement is still what it was."""
    module = str(header["measurement"]).partition(":")[0]
    try:
        return bool(header["code"] == code_of(module, modules_of(header["asked"])))
    except UserError:  # a module that is not there any more
        return False


def models_in(asked: Any) -> Iterator[str]:
    """The weights that a described value names."""
    if isinstance(asked, Mapping):
        if "weights" in asked:
            yield asked["weights"]
        for value in asked.values():
            yield from models_in(value)
    elif isinstance(asked, list):
        for value in asked:
            yield from models_in(value)


def _main() -> int:
    folder = project_root() / "data" / "measurements"
    kept = own_folder()
    try:
        if kept is None or not kept.is_dir():
            raise UserError("there are no measurements to publish: `make book` keeps them")
        names = publish_measurements(kept, folder)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(names)} measurements in data/measurements")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
