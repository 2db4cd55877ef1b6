"""One check on the curves of a figure, made in both readings of section 5."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from companion.claims.claim import Kind, World
from companion.claims.evidence import Evidence
from companion.claims.verdict import Verdict
from companion.experiments.curve_by_curve import GRIDS
from companion.experiments.paper_curves import Figure

Read = TypeVar("Read")
_RUN = ["dataset", "algorithm", "n_latent", "n_train"]


class InBoth(NamedTuple, Generic[Read]):
    """What was measured on the curves of a figure in each reading.

    Attributes:
        written: of the runs as written, which are judged.
        as_run: of the reference runs as run; None where there is none.
        missing: how many of these runs are not there, of any seed.
        planned: how many there are to be.
    """

    written: Read
    as_run: Read | None
    missing: int
    planned: int


def measured_in_both(
    measure: Callable[..., Read], *figures: Figure
) -> Callable[[Evidence], InBoth[Read]]:
    """Make of a measurement on curves one on evidence.

    Args:
        measure: takes the curves of each of the figures, a table for each.
        figures: whose curves.
    """

    def measured(evidence: Evidence) -> InBoth[Read]:
        written = [getattr(evidence, f"{figure}_curves") for figure in figures]
        as_run = [getattr(evidence, f"{figure}_as_run") for figure in figures]
        planned = sum(len(GRIDS[figure]("as run", 0)) for figure in figures)
        there = sum(len(table[_RUN].drop_duplicates()) for table in as_run)
        beside = measure(*as_run) if there else None
        return InBoth(measure(*written), beside, planned - there, planned)

    return measured


def judged_as_written(judge: Callable[[Read], Verdict]) -> Callable[[InBoth[Read]], Verdict]:
    """Make of a verdict on one reading one on both: *as written* is judged.

    What the same check says of the runs as run stands after it. What it needs of them and does not
    find is open there, as it would be as written.
    """

    @functools.wraps(judge)
    def in_both(measured: InBoth[Read]) -> Verdict:
        verdict = judge(measured.written)
        text = f"As written: {verdict.evidence}. {_beside(judge, measured)}"
        return verdict._replace(evidence=text)

    return in_both


def world_as_written(
    words: str, kind: Kind, altered: Callable[[Read], Read]
) -> World[InBoth[Read]]:
    """A world in which what was measured of the runs as written, which are judged, is altered."""

    def in_both(measured: InBoth[Read]) -> InBoth[Read]:
        return measured._replace(written=altered(measured.written))

    return World(words, kind, in_both)


def _beside(judge: Callable[[Read], Verdict], measured: InBoth[Read]) -> str:
    """What the check finds as run, and how many of its runs are there."""
    if measured.as_run is None:
        return "As run: not computed"
    verdict, text, _ = judge(measured.as_run)
    missing = f", {measured.missing} of {measured.planned} runs are missing"
    return f"As run ({verdict}{missing if measured.missing else ''}): {text}"
