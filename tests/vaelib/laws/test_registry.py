"""Whatever `vaelib` has that learns, or estimates log p(x) or its bound, stands under the laws."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from tests.vaelib.laws.registry import (
    ALGORITHMS,
    BOUNDS,
    BRACKETS,
    COMPILED,
    ESTIMATES,
    Entry,
    algorithms,
    functions,
    unlisted,
)


def listed(entries: dict[str, Entry]) -> set[Callable[..., Any]]:
    return {entry.of for entry in entries.values()}


def test_every_algorithm_is_listed() -> None:
    assert listed(ALGORITHMS) == algorithms()
    assert not unlisted(ALGORITHMS)
    compiled = {entry.of for entry in ALGORITHMS.values() if entry.settings == COMPILED}
    assert compiled == {of for of in algorithms() if "compile_step" in signature(of).parameters}


def test_every_estimate_of_the_evidence_is_listed() -> None:
    """What a study of the companion estimates it with is listed by hand, beside."""
    of_vaelib = {of for of in listed(ESTIMATES) if of.__module__.startswith("vaelib.")}
    assert of_vaelib == functions("vaelib.likelihood", ["model", "x"])
    assert not functions("vaelib.likelihood", ["model"])
    assert not unlisted(ESTIMATES | BRACKETS)


def test_every_estimate_of_the_bound_is_listed() -> None:
    found = {f.__name__ for f in functions("vaelib", ["model", "x", "epsilon"])}
    assert found == set(BOUNDS)
