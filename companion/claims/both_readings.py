"""One check on the curves of a figure, made in both readings of section 5."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Generic, NamedTuple

from companion.claims.claim import Kind, Measured, World
from companion.claims.evidence import Evidence
from companion.claims.verdict import Verdict
from companion.experiments.curve_by_curve import GRIDS
from companion.experiments.paper_curves import Figure

_RUN = ["dataset", "algorithm", "n_latent", "n_train"]


class InBoth(NamedTuple, Generic[Measured]):
    """What was measured on the curves of a figure in each reading.

    Attributes:
        written: of the runs as written, which are judged.
        as_run: of the reference runs as run; None where there is none.
        missing: how many of these runs are not there, of any seed.
        planned: how many there are to be.
    """

    written: Measured
    as_run: Measured | None
    missing: int
    planned: int


def measured_in_both(
    measure: Callable[..., Measured], *figures: Figure
) -> Callable[[Evidence], InBoth[Measured]]:
    """Make of a measurement on curves one on evidence.

    Args:
        measure: takes the curves of each of the figures, a table for each.
        figures: whose curves.
    """

    def measured(evidence: Evidence) -> InBoth[Measured]:
        written = [getattr(evidence, f"{figure}_curves") for figure in figures]
        as_run = [getattr(evidence, f"{figure}_as_run") for figure in figures]
        planned = sum(len(GRIDS[figure]("as run", 0)) for figure in figures)
        there = sum(len(table[_RUN].drop_duplicates()) for table in as_run)
        beside = measure(*as_run) if there else None
        return InBoth(measure(*written), beside, planned - there, planned)

    return measured


def judged_as_written(
    judge: Callable[[Measured], Verdict],
) -> Callable[[InBoth[Measured]], Verdict]:
    """Make of a verdict on one reading one on both: *as written* is judged.

    What the same check says of the runs as run stands after it. What it needs of them and does not
    find is open there, as it would be as written.
    """

    @functools.wraps(judge)
    def in_both(measured: InBoth[Measured]) -> Verdict:
        verdict = judge(measured.written)
        text = f"As written: {verdict.evidence}. {_beside(judge, measured)}"
        return verdict._replace(evidence=text)

    return in_both


def world_as_written(
    words: str, kind: Kind, altered: Callable[[Measured], Measured]
) -> World[InBoth[Measured]]:
    """A world in which what was measured of the runs as written, which are judged, is altered."""

    def in_both(measured: InBoth[Measured]) -> InBoth[Measured]:
        return measured._replace(written=altered(measured.written))

    return World(words, kind, in_both)


def _beside(judge: Callable[[Measured], Verdict], measured: InBoth[Measured]) -> str:
    """What the check finds as run, and how many of its runs are there."""
    if measured.as_run is None:
        return "As run: not computed"
    verdict, text, _ = judge(measured.as_run)
    missing = f", {measured.missing} of {measured.planned} runs are missing"
    return f"As run ({verdict}{missing if measured.missing else ''}): {text}"
