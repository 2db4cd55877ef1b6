"""Where a number comes from: versions, source, threads and device."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from companion.runs import rounding
from vaelib.errors import UserError

MOST_THREADS = 1024


def threads() -> int:
    """The threads that `$VAELIB_THREADS` gives to a command; 1 where it is unset or empty.

    Runs go in parallel, one thread each, and a run's last bits depend on its threads.

    Raises:
        UserError: if it is not a whole number from 1 to `MOST_THREADS`.
    """
    text = os.environ.get("VAELIB_THREADS") or "1"
    if not re.fullmatch("[1-9][0-9]{0,3}", text) or int(text) > MOST_THREADS:
        raise UserError(
            f"$VAELIB_THREADS is {text!r}: give a whole number from 1 to {MOST_THREADS}, or unset "
            "it"
        )
    return int(text)


def environment(*, device: str) -> dict[str, Any]:
    """Versions, and the parts of the machine that can change the last bits of a run."""
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.machine()
    return {
        "vaelib": version("vaelib"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "threads": torch.get_num_threads(),
        "device": device,
        "device_name": name,
        "rounding": rounding.here(device),
    }


def check_device(device: str) -> str:
    """The device itself, if this machine has it.

    Raises:
        UserError: if the name is not one of PyTorch's, or the device is not there.
    """
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError):
        raise UserError(f"device {device!r} is not known: use 'cpu' or 'cuda'") from None
    if kind not in ("cpu", "cuda"):
        raise UserError(f"device {device!r} is not supported: use 'cpu' or 'cuda'")
    if kind == "cuda":
        index = torch.device(device).index or 0
        if index >= torch.cuda.device_count():
            raise UserError(
                f"device {device!r} is not there: this machine has "
                f"{torch.cuda.device_count()} CUDA devices, use 'cpu'"
            )
    return device


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of these packages, or that it is not installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
