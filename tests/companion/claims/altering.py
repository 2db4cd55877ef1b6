"""What was measured, altered: the means for worlds of which a check has to say something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd

from companion.claims.claim import EXPECTED
from companion.claims.verdict import NOT_JUDGED, TIED
from tests.companion.claims.measured_by_hand import NATS, apart, climbing

TRUE, FALSE, HALF = EXPECTED["true"], EXPECTED["false"], EXPECTED["half true"]
EVEN, UNCLEAR = (TIED,), (NOT_JUDGED,)
Altered = Callable[[Any], Any]


class Other(NamedTuple):
    """A world.

    Attributes:
        claim: its id.
        words: what is other there.
        altered: from the measurement by hand to what would be measured there.
        expected: the verdicts that are right of it.
    """

    claim: str
    words: str
    altered: Altered
    expected: tuple[str, ...]


def to(*, of: str = "", rows: str = "", **columns: Any) -> Altered:
    """Some columns of a table become something else: a value, or a function of the table.

    Args:
        of: which table of what was measured; "" where it is one itself.
        rows: a condition in the words of `pandas.DataFrame.query`; all where there is none.
        columns: what each becomes.
    """

    def altered(measured: Any) -> Any:
        table = getattr(measured, of) if of else measured
        new = table.assign(**columns)
        if rows:
            new = table.where(~table.eval(rows), new)
        return measured._replace(**{of: new}) if of else new

    return altered


def both(*alterations: Altered) -> Altered:
    """One alteration after another."""

    def altered(measured: Any) -> Any:
        for alteration in alterations:
            measured = alteration(measured)
        return measured

    return altered


def only(of: str, rows: str) -> Altered:
    """The other rows were not measured."""
    return lambda measured: measured._replace(**{of: getattr(measured, of).query(rows)})


def nats(table: pd.DataFrame) -> pd.Series[float]:
    return table["dataset"].map(NATS)


def by_seed(table: pd.DataFrame, deviation: float, of: str = "seed") -> pd.Series[float]:
    """What is added where three seeds differ by so much from one to the next."""
    return (table[of] - 1.0) * deviation


def at(*values: float, of: str) -> Callable[[pd.DataFrame], pd.Series[float]]:
    """A value for each of the column's, in their order."""
    return lambda table: table[of].map(dict(zip(sorted(table[of].unique()), values, strict=True)))


def mixed(share: float) -> Altered:
    """Of what divides the curves of Fig. 3 from their mean, that share stays."""
    keys = ["n_train", "split", "training_samples"]

    def value(table: pd.DataFrame) -> pd.Series[float]:
        own = by_seed(table, 0.1)
        value = table["value"] - own
        middle = value.groupby([table[key] for key in keys]).transform("mean")
        return middle + share * (value - middle) + own

    return to(of="written", value=value)


def mcem_is(level: Callable[[pd.DataFrame], Any], noise: float = 0.1) -> Altered:
    """MCEM's curves lie so far above AEVB's."""

    def altered(measured: Any) -> Any:
        table = measured.written
        aevb = table[table["algorithm"] == "aevb"]
        mcem = aevb.assign(algorithm="mcem", value=aevb["value"] + level(aevb))
        mcem = mcem.assign(value=mcem["value"] + by_seed(mcem, noise))
        others = table[table["algorithm"] != "mcem"]
        return measured._replace(written=pd.concat([others, mcem], ignore_index=True))

    return altered


def aevb(of: Callable[[pd.DataFrame], Any]) -> Altered:
    return to(of="written", aevb=of)


def lead(nats_ahead: float, noise: float = 1.0, sooner: float = 1.0) -> Altered:
    """AEVB lies so far above wake-sleep all the way, and comes to where it was so many times
    sooner."""
    return aevb(
        lambda t: [
            climbing(sooner * n, d) + NATS[d] * (nats_ahead + noise * apart(s))
            for n, d, s in zip(t["training_samples"], t["dataset"], t["seed"], strict=True)
        ]
    )


def gap(of: Callable[[pd.DataFrame], Any], rows: str = "") -> Altered:
    return to(of="written", rows=rows, gap=of)
