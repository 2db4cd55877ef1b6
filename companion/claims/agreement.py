"""C14: our curves agree with the paper's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import numpy as np
import pandas as pd

from companion.claims.both_readings import judged_as_written, measured_in_both, world_as_written
from companion.claims.claim import Claim
from companion.claims.parts_in_words import findings_counted, least_seen
from companion.claims.verdict import Part, Verdict, judged
from companion.experiments import paper_curves
from companion.experiments.curve_reading import KEYS, SLACK
from companion.experiments.paper_curves import Figure
from companion.experiments.paper_distance import (
    AGREEMENT_TOLERANCE,
    MEAN_TOLERANCE,
    differences_from_paper,
)
from companion.experiments.seeds import Spread, around, over_in_words, own_or_pooled
from companion.wording import significant

_CURVE = ["figure", *KEYS]
# Curves whose runs differ by their seeds about alike: over N_z and training sets.
_KIND = ["figure", "dataset", "algorithm", "split"]


def measure_differences(figure2: pd.DataFrame, figure3: pd.DataFrame) -> pd.DataFrame:
    """How far our curves lie above the paper's at the paper's points.

    Args:
        figure2, figure3: our curves, several seeds where there are.

    Returns:
        columns figure and those of `differences_from_paper`.
    """
    tables = []
    for figure, curves in zip(get_args(Figure), (figure2, figure3), strict=True):
        published = paper_curves.digitised(figure)
        until = float(published["training_samples"].max())
        apart = differences_from_paper(curves, published, until=until)
        tables.append(apart.assign(figure=figure))
    return pd.concat(tables, ignore_index=True)


@judged_as_written
def judge_agreement(differences: pd.DataFrame) -> Verdict:
    """A part for each of the paper's curves: our distance from it, in shares of what is allowed.

    The largest distance of a curve has a tolerance. The mean distance of a test curve of Fig. 2 and
    of each curve of Fig. 3 has one as well; the larger share counts. The spread of seeds is that of
    the same share where several have come: of this curve, or pooled over the curves of its kind.
    """
    parts = list(_parts(differences))
    missing = sum(np.isnan(part.effect) for part in parts)
    inside = sum(part.effect < 1 for part in parts)
    text = (
        f"{inside} of {len(parts)} curves lie within tolerance as they are; with the spread of "
        f"seeds, {findings_counted(parts, 'curves')}"
    )
    if missing:
        text += f"; {missing} have no point to compare"
    if len(differences):
        text += f"; mean distance of {_by_data(differences)}; {least_seen(parts)}"
    return judged(parts, text)


def _parts(differences: pd.DataFrame) -> Iterator[Part]:
    shares = _shares(differences)
    spreads = _spreads(differences)
    for curve in _planned().itertuples(index=False):
        key = tuple(getattr(curve, name) for name in _CURVE)
        values = shares.get(key, [])
        mean = float(np.mean(values)) if values else np.nan
        yield Part(
            f"Fig. {key[0][-1]}: {key[1]}, N_z = {key[2]}, {key[3]} points, {key[4]}, {key[5]}",
            *around(mean, spreads[key], max(len(values), 1) ** -0.5),
            threshold=1.0,
            unit="of the tolerance",
            over=f"{over_in_words(values, 0, 0.0)}, with the spread where several have come",
            below=True,
        )


def _planned() -> pd.DataFrame:
    """The paper's curves."""
    tables = [
        paper_curves.digitised(figure)[KEYS].drop_duplicates().assign(figure=figure)
        for figure in get_args(Figure)
    ]
    return pd.concat(tables, ignore_index=True)[_CURVE]


def _shares(differences: pd.DataFrame) -> dict[tuple[Any, ...], list[float]]:
    """For each curve the share of its tolerance, of each seed that has come furthest."""
    found = {}
    for key, curve in differences.groupby(_CURVE):
        last = curve.groupby("seed")["training_samples"].transform("max")
        furthest = curve[last * SLACK >= curve["training_samples"].max()]
        size = furthest["apart"].abs().groupby(furthest["seed"])
        mean, largest = _tolerances(key)
        shares = np.maximum(size.mean(skipna=False) / mean, size.max(skipna=False) / largest)
        found[key] = [float(share) for share in shares]
    return found


def _tolerances(key: tuple[Any, ...]) -> tuple[float, float]:
    """Of the mean and of the largest distance, in nats."""
    figure, dataset, _, _, algorithm, split = key
    held = figure == "figure3" or split == "test"
    mean = MEAN_TOLERANCE[figure, dataset, algorithm] if held else np.inf
    return mean, AGREEMENT_TOLERANCE[dataset]


def _kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(key[_CURVE.index(name)] for name in _KIND)


def _spreads(differences: pd.DataFrame) -> dict[tuple[Any, ...], Spread]:
    """For each of the paper's curves the spread over seeds of the share of its tolerance."""
    seeds = differences.groupby([*_CURVE, "training_samples"])["seed"].transform("nunique")
    shares = _shares(differences[seeds > 1])
    kinds: dict[tuple[Any, ...], list[list[float]]] = {}
    for key, values in shares.items():
        kinds.setdefault(_kind(key), []).append(values)
    keys = [tuple(row) for row in _planned().itertuples(index=False)]
    return {key: own_or_pooled(shares.get(key, []), kinds.get(_kind(key), [])) for key in keys}


def _by_data(differences: pd.DataFrame) -> str:
    """Median and maximum over the curves of their mean distance, in nats."""
    size = differences["apart"].abs().groupby([differences[key] for key in _CURVE]).mean()
    return ", ".join(
        f"{name} {significant(values.median(), 2)} nats in the median and "
        f"{significant(values.max(), 2)} at most"
        for name, values in size.groupby("dataset")
    )


_Altered = Callable[[pd.DataFrame], pd.DataFrame]


def _at_share(share: float, *, noise: float, others: float | None = None, of: str = "") -> _Altered:
    """Every curve of the paper's, in three seeds, so many of its tolerances away all along.

    Args:
        share: of those of which the figure or data set is `of`, or of all.
        noise: times the measured spread of seeds.
        others: the share of the others.
    """

    def altered(differences: pd.DataFrame) -> pd.DataFrame:
        spreads = _spreads(differences)
        tables = []
        for figure in get_args(Figure):
            places = paper_curves.digitised(figure).assign(figure=figure)
            for key, curve in places.groupby(_CURVE):
                level = share if others is None or of in key[:2] else others
                spread = np.nan_to_num(spreads[key].deviation)
                for seed, moved in enumerate((-1.0, 0.0, 1.0)):
                    apart = (level + noise * spread * moved) * min(_tolerances(key))
                    tables.append(curve.assign(seed=seed, apart=apart))
        return pd.concat(tables, ignore_index=True)[[*_CURVE, "seed", "training_samples", "apart"]]

    return altered


def _one_place(differences: pd.DataFrame) -> pd.DataFrame:
    """On the paper's curves, but for the last point of each: there five times what is allowed."""
    table = _at_share(0.0, noise=0.01)(differences)
    last = table["training_samples"] == table.groupby(_CURVE)["training_samples"].transform("max")
    far = 5.0 * table["dataset"].map(AGREEMENT_TOLERANCE)
    return table.assign(apart=table["apart"].mask(last, far + table["apart"]))


C14 = Claim(
    id="C14",
    statement="Our curves agree with the paper's.",
    where="Figs 2, 3",
    figure="tab-readings-curves",
    tests=(
        "companion/claims/test_agreement.py::test_the_paper_s_own_curves_agree",
        "companion/claims/test_agreement.py::test_curves_moved_by_three_nats_do_not_agree",
        "companion/claims/test_agreement.py::test_each_world_is_judged_rightly",
    ),
    measure=measured_in_both(measure_differences, "figure2", "figure3"),
    judge=judge_agreement,
    worlds=(
        world_as_written(
            "every curve lies twenty tolerances away", "false", _at_share(20.0, noise=1.0)
        ),
        world_as_written(
            "every curve lies two tolerances away, with a hundredth of the noise of seeds",
            "false",
            _at_share(2.0, noise=0.01),
        ),
        world_as_written(
            "every curve is on the paper's, and far from it at its last point",
            "false",
            _one_place,
        ),
        world_as_written(
            "every curve lies two tolerances away in Fig. 2, and half of one in Fig. 3",
            "half true",
            _at_share(2.0, noise=0.01, of="figure2", others=0.5),
        ),
        world_as_written(
            "every curve lies two tolerances away on Frey Face, and half of one on MNIST",
            "half true",
            _at_share(2.0, noise=0.01, of="frey_face", others=0.5),
        ),
        world_as_written(
            "every curve lies half of its tolerance away, and seeds differ fifty times as much",
            "noise",
            _at_share(0.5, noise=50.0),
        ),
        world_as_written(
            "every curve lies at its tolerance, with a tenth of the noise of seeds",
            "noise",
            _at_share(1.0, noise=0.1),
        ),
        world_as_written(
            "every curve lies half of its tolerance away, with a hundredth of the noise of seeds",
            "true",
            _at_share(0.5, noise=0.01),
        ),
    ),
)
