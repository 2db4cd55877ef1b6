"""What to say of an installation when something goes wrong: no path, and nobody's name."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import torch

from companion.experiments import reference
from companion.runs import provenance
from companion.runs.record import Record, read_record
from companion.runs.store import RunStore
from vaelib import datasets
from vaelib.datasets import sources
from vaelib.datasets.availability import DATASETS
from vaelib.errors import UserError
from vaelib.reference_models import pretrained_models

PACKAGES_NAMED = (
    *("vaelib", "torch", "numpy", "scipy", "safetensors", "pandas", "matplotlib"),
    *("jupyter-book", "jupytext", "papermill", "snakemake"),
)
OWN_VARIABLES = ("VAELIB_DATA", "VAELIB_RUNS", "VAELIB_THREADS", "VAELIB_OFFLINE")


def report_lines() -> Iterator[str]:
    """Versions, device, data and runs, a line each, for a bug report.

    Of a setting only whether it is made, of a run of the reader's own data no data set's name, and
    of what cannot be read only that: messages hold paths.
    """
    yield f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield ", ".join(f"{name} {_version(name)}" for name in PACKAGES_NAMED)
    yield f"{os.cpu_count()} cores, threads: {provenance.threads()}, CUDA: {_cuda()}"
    given = [name for name in OWN_VARIABLES if os.environ.get(name)]
    yield f"variables that are set: {', '.join(given) or 'none'}"
    for name in sources.SOURCES:
        yield f"data {name}: {_data(name)}"
    yield f"trained models: {_models()}"
    yield from _runs()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cuda() -> str:
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ", ".join(names) or "no device"


def _data(name: str) -> str:
    try:
        status = datasets.locate(name, download=False)
    except UserError:
        return "cannot be read"
    return f"stand-in {status.name}" if status.stand_in else "here"


def _models() -> str:
    try:
        return str(len(pretrained_models()))
    except UserError:
        return "cannot be read"


def _runs() -> Iterator[str]:
    try:
        stores = {device: RunStore.default(device) for device in ("cpu", "cuda")}
        stores["reference"] = reference.default_store()
    except UserError:
        yield "runs: the store is no folder"
        return
    for name, store in stores.items():
        files = store.record_files()
        yield f"runs {name}: {len(files)}"
        for path in files:
            try:
                yield f"  {_line(read_record(path))}"
            except UserError:
                yield "  a record that cannot be read"


def _line(record: Record) -> str:
    config = record.config
    slug = config.slug
    if config.dataset not in DATASETS:
        slug = f"own{slug.removeprefix(config.dataset)}"
    return f"{slug}: {record.samples} samples"
