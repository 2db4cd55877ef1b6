"""The rule's view and the outcome are set side by side, seed by seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from companion.runs.config import RunConfig
from companion.runs.store import Run
from companion.studies.stepsize_rule import rule_and_outcome
from tests.companion.curves_by_hand import CONFIG, run

HALF, MILLION = 500_000, 1_000_000


def of(stepsize: float, bounds: dict[int, float], *, seed: int = 0, chosen: bool = False) -> Run:
    config = dataclasses.replace(CONFIG, seed=seed, stepsize="auto" if chosen else stepsize)
    found = run(config, bounds)
    compared = {"0.01": -200.0, "0.02": -230.0} if chosen else {}
    record = dataclasses.replace(found.record, stepsize=stepsize, stepsizes_compared=compared)
    return dataclasses.replace(found, record=record)


def known(runs: list[Run]):  # type: ignore[no-untyped-def]
    def find(configs: Iterable[RunConfig]) -> list[Run]:
        return [run for config in configs for run in runs if run.config == config]

    return find


def test_leads_are_those_of_the_larger_stepsize() -> None:
    """The rule takes 0.01 by thirty nats; it leads by two at first, and is behind by four then."""
    runs = [
        of(0.01, {HALF: -140.0, MILLION: -130.0}, chosen=True),
        of(0.02, {HALF: -142.0, MILLION: -126.0}),
    ]
    table = rule_and_outcome({"MNIST": CONFIG}, known(runs), seeds=[0, 1])
    assert table["samples"].tolist() == [HALF, MILLION]
    assert table["seen"].tolist() == [-30.0, -30.0]
    assert table["reached"].tolist() == pytest.approx([-2.0, 4.0])
    assert set(table["label"]) == {"MNIST"}


def test_a_pair_that_is_not_there_has_no_row() -> None:
    alone = [of(0.01, {MILLION: -130.0}, chosen=True)]
    assert rule_and_outcome({"MNIST": CONFIG}, known(alone), seeds=[0]).empty
    fixed = [of(0.01, {MILLION: -130.0}), of(0.02, {MILLION: -126.0})]
    assert rule_and_outcome({"MNIST": CONFIG}, known(fixed), seeds=[0]).empty
    short = [*alone, of(0.02, {HALF: -142.0})]
    assert rule_and_outcome({"MNIST": CONFIG}, known(short), seeds=[0]).empty
    diverged = dataclasses.replace(alone[0].record, stepsizes_compared={"0.01": -200.0})
    pair = [dataclasses.replace(alone[0], record=diverged), of(0.02, {MILLION: -126.0})]
    assert rule_and_outcome({"MNIST": CONFIG}, known(pair), seeds=[0]).empty
