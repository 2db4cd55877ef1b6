"""What decides the last bits is recorded, and two runs are held to them only where it agrees."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch

from companion.runs import rounding
from companion.runs.config import RunConfig
from companion.runs.provenance import environment
from companion.runs.record import Record

HERE = environment(device="cpu")
CONFIG = RunConfig(dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=50)


# A capability that PyTorch reports of some processors, and not of this one.
CAPABILITY = {"AVX2": "AVX512"}.get(HERE["rounding"]["capability"], "AVX2")


def moved(**changed: Any) -> dict[str, Any]:
    """This machine's environment, with other rounding."""
    return HERE | {"rounding": HERE["rounding"] | changed}


def old() -> dict[str, Any]:
    return {name: value for name, value in HERE.items() if name != "rounding"}


def record(*segments: tuple[int, dict[str, Any]], compiled: bool = False) -> Record:
    """A run of segments: where each ended, and its environment."""
    return Record(
        config=CONFIG,
        samples=segments[-1][0],
        stepsize=0.02,
        stepsizes_compared={},
        data={},
        model={},
        source="code",
        segments=[
            {"until": until, "seconds": 1.0, "compiled": compiled, "environment": found}
            for until, found in segments
        ],
    )


def test_the_record_is_that_of_the_processor_as_pytorch_reports_it() -> None:
    found = rounding.here("cpu")
    assert found["capability"] == torch.backends.cpu.get_cpu_capability()
    assert found["float32_products"] == torch.get_float32_matmul_precision()
    for name, has in torch.cpu.get_capabilities().items():
        assert (name in found["instructions"].split()) == (has is True)


def test_what_is_forbidden_to_the_processor_is_recorded() -> None:
    """In a process of its own: PyTorch chooses its instructions when it is imported."""
    limits = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
    program = "from companion.runs import rounding; print(rounding.here('cpu'))"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **limits},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert "'capability': 'DEFAULT'" in shown
    assert "'variables': {'MKL_CBWR': 'COMPATIBLE'}" in shown


def test_where_nothing_changes_there_is_nothing_to_say() -> None:
    assert rounding.changes(HERE, HERE) is None
    assert rounding.changes(HERE, HERE | {"python": "3.99", "vaelib": "9"}) is None


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (
            moved(capability=CAPABILITY),
            f"capability {CAPABILITY}, now {HERE['rounding']['capability']}",
        ),
        (moved(variables={"MKL_CBWR": "AVX2"}), "variables {'MKL_CBWR': 'AVX2'}, now {}"),
        (HERE | {"threads": 7}, f"threads 7, now {HERE['threads']}"),
        (HERE | {"torch": "1.0"}, f"torch 1.0, now {torch.__version__}"),
        (moved(instructions=f"{HERE['rounding']['instructions']} xop"), "instructions no xop"),
        (old(), "what rounded its earlier part is not recorded"),
    ],
)
def test_a_change_is_named(before: dict[str, Any], words: str) -> None:
    assert rounding.changes(before, HERE) == words


OTHER = moved(capability=CAPABILITY)


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (record((100, HERE)), record((900, HERE)), "same"),
        (record((50, HERE), (100, HERE)), record((900, HERE)), "same"),
        (record((100, OTHER)), record((900, OTHER)), "same"),
        (record((100, HERE)), record((900, OTHER)), "other"),
        (record((50, HERE), (100, OTHER)), record((900, HERE)), "other"),
        (record((50, HERE), (100, OTHER)), record((50, HERE), (100, OTHER)), "other"),
        # What came after the last common point decides nothing there.
        (record((100, HERE)), record((100, HERE), (900, OTHER)), "same"),
        (record((100, HERE)), record((900, old())), "not recorded"),
        (record((100, HERE)), record((100, HERE), (900, old())), "same"),
        (record((100, HERE)), record((900, HERE), compiled=True), "same"),
        (record((100, HERE)), replace(record((900, HERE)), source="new"), "other"),
        (
            record((100, HERE)),
            replace(record((900, HERE)), segments=[]),
            "not recorded",
        ),
    ],
)
def test_equal_bits_are_demanded_where_every_part_rounds_alike(
    own: Record, other: Record, expected: str
) -> None:
    assert rounding.agreement(own, other, until=100, compiled_from=200) == expected
    assert rounding.agreement(other, own, until=100, compiled_from=200) == expected


def test_compiled_steps_are_not_held_to_the_bit() -> None:
    own, other = record((900, HERE)), record((900, HERE), compiled=True)
    assert rounding.agreement(own, other, until=300, compiled_from=200) == "not recorded"


def test_runs_that_took_their_steps_together_are_not_held_to_the_bit() -> None:
    own, other = record((900, HERE)), record((100, HERE), (900, HERE))
    other.segments[0]["together"] = 3
    assert rounding.agreement(own, other, until=900, compiled_from=10**6) == "not recorded"
