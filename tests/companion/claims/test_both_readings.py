"""A check is made in both readings, and the verdict is that of the runs as written."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pytest

from companion import runs
from companion.claims import curves
from companion.claims.both_readings import judged_as_written
from companion.claims.evidence import NOT_REPRODUCED, NOT_RUN, REPRODUCED, Evidence
from companion.claims.verdict import Verdict
from companion.experiments import readings, reference
from companion.runs.config import RunConfig
from companion.runs.store import Run
from tests.companion import curves_by_hand
from tests.companion.claims.paper_by_hand import as_curves, evidence, paper_runs

PAPER = {figure: as_curves(paper_runs(figure, until=6e7)) for figure in ("figure2", "figure3")}
BEHIND = {
    figure: as_curves(paper_runs(figure, shift={"aevb": -2000.0}, until=6e7)) for figure in PAPER
}


@pytest.mark.parametrize(
    ("check", "figure"),
    [
        (curves.aevb_over_wake_sleep, "figure2"),
        (curves.superfluous_latents, "figure2"),
        (curves.marginal_likelihood_order, "figure3"),
        (curves.mcem_at_scale, "figure3"),
    ],
)
def test_claims_on_curves_are_judged_as_written_and_said_as_run(check: object, figure: str) -> None:
    assert callable(check)

    def found(written: pd.DataFrame, as_run: pd.DataFrame) -> Verdict:
        return Verdict(
            *check(evidence(**{f"{figure}_curves": written, f"{figure}_as_run": as_run}))
        )

    both = found(PAPER[figure], PAPER[figure])
    assert both.verdict == REPRODUCED
    first, _, second = both.evidence.partition(". As run (reproduced): ")
    assert first.removeprefix("As written: ") == second
    if check in (curves.aevb_over_wake_sleep, curves.marginal_likelihood_order):
        # Where AEVB has fallen behind in one reading only, that one alone says so.
        assert found(BEHIND[figure], PAPER[figure]).verdict == NOT_REPRODUCED
        reverse = found(PAPER[figure], BEHIND[figure])
        assert reverse.verdict == REPRODUCED
        assert f"As run ({NOT_REPRODUCED})" in reverse.evidence


@pytest.mark.parametrize(
    ("check", "figure", "left"),
    [
        (curves.aevb_over_wake_sleep, "figure2", "algorithm == 'aevb'"),
        (curves.superfluous_latents, "figure2", "n_latent == 20"),
        (curves.mcem_at_scale, "figure3", "n_train == 1000"),
    ],
)
def test_what_is_missing_as_run_is_said(check: object, figure: str, left: str) -> None:
    assert callable(check)
    shown = evidence(
        **{f"{figure}_curves": PAPER[figure], f"{figure}_as_run": PAPER[figure].query(left)}
    )
    verdict, text, _ = check(shown)
    assert verdict == REPRODUCED
    assert f"As run ({NOT_RUN}, " in text
    assert " runs are missing): needs " in text


def test_fewer_runs_as_run_are_no_more_than_partly() -> None:
    one_panel = PAPER["figure2"].query("dataset == 'mnist' and n_latent == 3")
    shown = evidence(figure2_curves=PAPER["figure2"], figure2_as_run=one_panel)
    text = curves.aevb_over_wake_sleep(shown).evidence
    assert "As run (partly, 16 of 18 runs are missing): AEVB ahead in 1 of 1 panels" in text


def test_the_order_on_one_training_set_is_not_taken_for_the_other_s() -> None:
    large = PAPER["figure3"].query("n_train == 50000")
    shown = evidence(figure3_curves=PAPER["figure3"], figure3_as_run=large)
    text = curves.marginal_likelihood_order(shown).evidence
    assert (
        "As run (partly, 3 of 6 runs are missing): order as in the paper's curves in 2 of 4" in text
    )


def test_evidence_as_run_is_the_reference_runs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's own runs are as written, and nothing is computed."""
    config = readings.figure2_in("as run")[0]

    def known(configs: Iterable[RunConfig]) -> list[Run]:
        return [curves_by_hand.run(c, {10**6: -120.0}) for c in configs if c == config]

    monkeypatch.setattr(reference, "known", known)
    monkeypatch.setattr(runs, "ensure", lambda *a, **k: pytest.fail("called"))
    shown = Evidence("quick", 0, "cpu")
    assert shown.figure2_as_run["value"].tolist() == [-119.0, -120.0]
    assert shown.figure2_as_run["reference"].all()
    assert shown.figure3_as_run.empty


def test_as_run_the_first_seed_that_there_is_stands_for_the_reading() -> None:
    seen = []

    @judged_as_written("figure2")
    def check(table: pd.DataFrame, *, seed: int) -> Verdict:
        seen.append(seed)
        return Verdict(REPRODUCED, f"seed {seed}")

    written, as_run = (PAPER["figure2"].assign(seed=seed) for seed in (7, 0))
    shown = evidence(seed=7, figure2_curves=written, figure2_as_run=as_run)
    assert check(shown).evidence == "As written: seed 7. As run (reproduced): seed 0"
    assert seen == [7, 0]
