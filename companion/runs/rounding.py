"""What decides the last bits of a run: recorded for each part of it, and compared."""

from __future__ import annotations

import os
import platform
from typing import Any, Literal

import torch

from companion.runs.lineage import same_numbers
from companion.runs.record import Record

# They choose the instructions of MKL's and oneDNN's products, unseen by PyTorch.
VARIABLES = (
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
)
# Of an environment, beside "rounding"; code, data and settings are compared elsewhere.
DECIDING = ("torch", "threads", "device_name")

Agreement = Literal["same", "other", "not recorded"]


def here(device: str) -> dict[str, Any]:
    """What of this machine and its settings decides how results are rounded on a device."""
    found: dict[str, Any] = {
        "float32_products": torch.get_float32_matmul_precision(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "libc": " ".join(platform.libc_ver()),
    }
    if torch.device(device).type == "cuda":
        return found | {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    known = torch.cpu.get_capabilities()
    return found | {
        "capability": torch.backends.cpu.get_cpu_capability(),
        "processor": known.get("cpu_name", known["architecture"]),
        # Products are cut into blocks that fit.
        "caches": [known.get(f"{level}_cache_size") for level in ("l1d", "l2")],
        "instructions": " ".join(sorted(name for name, has in known.items() if has is True)),
    }


def changes(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """In what two environments round differently, in words; None if in nothing.

    Args:
        before: from a record; an old one tells less.
        now: as `provenance.environment`.
    """
    if "rounding" not in before:
        return "what rounded its earlier part is not recorded"
    then, today = _deciding(before), _deciding(now)
    listed = [
        f"{name} {_difference(name, then.get(name), today.get(name))}"
        for name in sorted({*then, *today})
        if then.get(name) != today.get(name)
    ]
    return ", ".join(listed) or None


def agreement(own: Record, other: Record, *, until: int, compiled_from: int) -> Agreement:
    """Whether two runs must have the same bits up to a number of training samples.

    Args:
        own, other: their records.
        until: training samples.
        compiled_from: where a run goes over to compiled steps. The compiler is not recorded, nor
            what steps several runs as one.

    Returns:
        "same" if code and rounding of every part agree; "not recorded" if one does not tell.
    """
    both = [_parts(record, until) for record in (own, other)]
    parts = [part for one in both for part in one]
    compiled = until > compiled_from and any(part.get("compiled") for part in parts)
    together = any("together" in part for part in parts)
    told = all(both) and all("rounding" in part["environment"] for part in parts)
    if compiled or together or not told:
        return "not recorded"
    first = _deciding(parts[0]["environment"])
    alike = all(_deciding(part["environment"]) == first for part in parts)
    same_code = same_numbers(own.source, other.source, own.config)
    return "same" if alike and same_code else "other"


def _parts(record: Record, until: int) -> list[dict[str, Any]]:
    """The segments that decided the run up to there."""
    begins = [0, *(segment["until"] for segment in record.segments)]
    return [
        segment for begin, segment in zip(begins, record.segments, strict=False) if begin < until
    ]


def _deciding(environment: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = environment["rounding"]
    return {name: environment.get(name) for name in DECIDING} | own


def _difference(name: str, before: Any, now: Any) -> str:
    if name == "instructions" and before and now:
        # There are dozens.
        had, has = set(before.split()), set(now.split())
        return " ".join([f"{'now' if i in has else 'no'} {i}" for i in sorted(had ^ has)])
    return f"{before}, now {now}"
