"""One check on the curves of a figure, made in both readings of section 5."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import pandas as pd

from companion.claims.evidence import PARTLY, REPRODUCED, Evidence
from companion.claims.verdict import Verdict
from companion.experiments.curve_by_curve import GRIDS
from companion.experiments.paper_curves import Figure

_RUN = ["dataset", "algorithm", "n_latent", "n_train"]


def judged_as_written(
    *figures: Figure,
) -> Callable[[Callable[..., Verdict]], Callable[[Evidence], Verdict]]:
    """Make of a check on curves one on evidence: *as written* is judged, *as run* stands beside.

    The verdict is that of the runs as written alone. What the same check finds of the reference
    runs as run is said after it; it is no more than "partly" where one of their runs is missing.

    Args:
        figures: whose curves the check takes, one table for each, and `seed` by name.
    """

    def of_evidence(check: Callable[..., Verdict]) -> Callable[[Evidence], Verdict]:
        @functools.wraps(check)
        def in_both(evidence: Evidence) -> Verdict:
            written = [getattr(evidence, f"{figure}_curves") for figure in figures]
            as_run = [getattr(evidence, f"{figure}_as_run") for figure in figures]
            verdict, text, _ = check(*written, seed=evidence.seed)
            return Verdict(verdict, f"As written: {text}. {_beside(check, figures, as_run)}")

        return in_both

    return of_evidence


def _beside(
    check: Callable[..., Verdict], figures: Sequence[Figure], curves: Sequence[pd.DataFrame]
) -> str:
    """What the check finds as run, of the first seed, and how many of its runs are there."""
    if all(table.empty for table in curves):
        return "As run: not computed"
    seed = min(int(table["seed"].min()) for table in curves if len(table))
    there = sum(len(t.loc[t["seed"] == seed, _RUN].drop_duplicates()) for t in curves)
    planned = sum(len(GRIDS[figure]("as run", seed)) for figure in figures)
    verdict, text, _ = check(*curves, seed=seed)
    if there == planned:
        return f"As run ({verdict}): {text}"
    if verdict == REPRODUCED:
        verdict = PARTLY
    missing = planned - there
    return f"As run ({verdict}, {missing} of {planned} runs are missing): {text}"
