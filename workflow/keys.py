"""What every step depends on, as hashes: a step runs again when its key changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.source_hash import PACKAGES, source_hash

if TYPE_CHECKING:
    from companion.runs.config import RunRequest
    from workflow.chapters import Page
    from workflow.settings import Settings

LOCK = Path("requirements.lock")
KNOWN_RESULTS = (Path("data/paper"), Path("data/reference"))
EXECUTION = [
    Path("workflow") / f"{name}.py"
    for name in ("execute_chapter", "execution", "myst", "outputs", "parameters")
]
NETWORKS = Path("workflow/write_networks.py")
CODE = {".py", ".pyc"}
# Python's cache, and the date that Snakemake puts into a folder after the step that made it.
NO_CONTENT = {"__pycache__", ".snakemake_timestamp"}


def digest(*parts: Any) -> str:
    """A short hash of values that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def files(*paths: Path) -> str:
    """A hash of files, and of all files below folders, by name and content; all may be missing."""
    content = hashlib.sha256()
    for path in paths:
        for file in sorted([path, *path.rglob("*")]):
            if file.is_file() and NO_CONTENT.isdisjoint(file.parts):
                inside = hashlib.sha256(file.read_bytes()).hexdigest()
                content.update(f"{file}\n{inside}\n".encode())
    return content.hexdigest()


def beside_code() -> list[Path]:
    """What the packages read of their own folders: profiles, and what was measured for good."""
    below = (path for package in PACKAGES for path in Path(package).rglob("*"))
    return sorted(path for path in below if path.is_file() and path.suffix not in CODE)


def data(name: str) -> str:
    """The identity of a dataset as it lies here, stand-in or not."""
    from vaelib.datasets import locate

    located = locate(name, download=False)
    return digest(name, located.sha256, located.stand_in)


def run(request: RunRequest, settings: Settings, dataset: str) -> str:
    """The key of a run: its identity and length, the device, the data, the code."""
    from companion.runs.lineage import run_source

    code = run_source(request.config)
    return digest(request.config.to_dict(), request.samples, settings.device, dataset, code)


def chapter(page: Page, settings: Settings, *, runs: list[str], datasets: list[str]) -> str:
    """The key of a chapter: its source, the code, the packages, and what it reads of the rest."""
    return digest(
        page.text,
        source_hash(*page.modules) if page.modules else "",
        runs,
        datasets,
        files(*KNOWN_RESULTS, LOCK, *EXECUTION, *beside_code()),
        {name: vars(settings)[name] for name in page.reads},
    )


def networks(settings: Settings, *, runs: list[str]) -> str:
    """The key of the files that explorers load: the runs, which know their data, and the code."""
    return digest(
        source_hash("companion.pages.explorers"),
        runs,
        files(*KNOWN_RESULTS, LOCK, NETWORKS),
        [settings.profile, settings.device, settings.seed],
    )
