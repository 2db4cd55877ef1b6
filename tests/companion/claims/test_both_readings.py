"""A check is made in both readings, and the verdict is that of the runs as written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pytest

from companion import runs
from companion.claims.both_readings import (
    InBoth,
    judged_as_written,
    measured_in_both,
    world_as_written,
)
from companion.claims.evidence import Evidence
from companion.claims.scoreboard import CLAIMS
from companion.claims.verdict import NOT_REPRODUCED, REPRODUCED, Verdict
from companion.experiments import readings, reference
from companion.runs.config import RunConfig
from companion.runs.store import Run
from tests.companion import curves_by_hand
from tests.companion.claims.paper_by_hand import as_curves, evidence, paper_runs

FIGURE3 = as_curves(paper_runs("figure3", until=6e7))


@judged_as_written
def above_zero(value: float) -> Verdict:
    """Holds for positive numbers."""
    return Verdict(REPRODUCED if value > 0 else NOT_REPRODUCED, f"it is {value:g}")


@pytest.mark.parametrize(
    ("written", "as_run", "verdict", "text"),
    [
        (1.0, -1.0, REPRODUCED, "As written: it is 1. As run (not reproduced): it is -1"),
        (-1.0, 1.0, NOT_REPRODUCED, "As written: it is -1. As run (reproduced): it is 1"),
        (1.0, None, REPRODUCED, "As written: it is 1. As run: not computed"),
    ],
)
def test_the_runs_as_written_are_judged(
    written: float, as_run: float | None, verdict: str, text: str
) -> None:
    missing = 0 if as_run else 6
    assert above_zero(InBoth(written, as_run, missing, 6)) == Verdict(verdict, text)


def test_what_is_missing_as_run_is_said() -> None:
    text = above_zero(InBoth(1.0, 2.0, 4, 6)).evidence
    assert text.endswith("As run (reproduced, 4 of 6 runs are missing): it is 2")


def test_a_check_keeps_its_name_and_code() -> None:
    assert above_zero.__name__ == "above_zero"
    assert above_zero.__doc__ == "Holds for positive numbers."


def test_runs_are_counted_once_whatever_their_seeds() -> None:
    one = FIGURE3[FIGURE3["algorithm"] == "aevb"]
    seeds = pd.concat([one, one.assign(seed=1)], ignore_index=True)
    measured = measured_in_both(len, "figure3")
    given = evidence(figure3_curves=FIGURE3, figure3_as_run=seeds)
    assert measured(given) == InBoth(len(FIGURE3), len(seeds), 4, 6)
    assert measured(evidence(figure3_curves=FIGURE3)) == InBoth(len(FIGURE3), None, 6, 6)


def test_a_world_alters_what_is_judged() -> None:
    world = world_as_written("it is turned", "false", lambda value: -value)
    assert world.altered(InBoth(2.0, 3.0, 0, 6)) == InBoth(-2.0, 3.0, 0, 6)


def test_claims_on_curves_are_measured_in_both_readings() -> None:
    both = {claim.id for claim in CLAIMS if "measured_in_both" in claim.measure.__qualname__}
    assert both == {"C4", "C5", "C7", "C8", "C14"}


def test_evidence_as_run_is_the_reference_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's own runs are as written, and nothing is computed."""
    config = readings.figure2_in("as run")[0]

    def known(configs: Iterable[RunConfig]) -> list[Run]:
        return [curves_by_hand.run(c, {10**6: -120.0}) for c in configs if c == config]

    def called(*given: Any, **settings: Any) -> None:
        pytest.fail("called")

    monkeypatch.setattr(reference, "known", known)
    monkeypatch.setattr(runs, "ensure", called)
    shown = Evidence("quick", 0, "cpu")
    assert shown.figure2_as_run["value"].tolist() == [-119.0, -120.0]
    assert shown.figure2_as_run["reference"].all()
    assert shown.figure3_as_run.empty
