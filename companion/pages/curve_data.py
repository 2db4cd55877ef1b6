"""The curves of Figs 2 and 3 as data, for the page on which a reader can ask them for values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from companion.experiments import paper_curves
from companion.experiments.curve_reading import as_printed
from companion.experiments.paper_curves import Figure
from companion.experiments.paper_grid import FIGURE3_N_TRAIN
from companion.experiments.readings import READINGS, Reading
from companion.figures.learning_curves import DATASET_TITLES, FIGURE2_LATENT, REAL_DATASET
from companion.runs.requested import curves
from companion.runs.store import Run
from vaelib.checks.limits import checked

_SOURCES = ("paper", *READINGS, "own")
# Values below these are drawn at the lower edge; a young run of 200 dimensions begins far below.
_LOWEST = {"mnist": -300, "frey_face": -800}


@dataclass(frozen=True)
class CurveData:
    """What the explorer of learning curves reads; a notebook shows it as a script that is data.

    Attributes:
        content: the measure, and groups of panels of series, as JSON can write them.
    """

    content: dict[str, Any]

    def __repr__(self) -> str:
        panels = [panel for group in self.content["groups"] for panel in group["panels"]]
        return f"{sum(len(panel['series']) for panel in panels)} curves in {len(panels)} panels"

    def _repr_html_(self) -> str:
        # An opening bracket as an escape, so that no text in it can end the script.
        text = json.dumps(self.content, allow_nan=False, separators=(",", ":"))
        text = text.replace("<", r"\u003c")
        return f'<script type="application/json">{text}</script>'


@checked
def curve_data(
    figure: Figure,
    ours: Sequence[Run],
    *,
    of_reading: Mapping[Reading, Sequence[Run]] | None = None,
) -> CurveData:
    """The paper's curves, the reference runs' in each reading and ours, panel by panel.

    Several seeds become one series, as in the figure: the curve of the first, and at each of its
    points how many seeds there are, the lowest and the highest. Curves are read `as_printed`, and
    one that consists of running averages says so. Over samples only: the seconds of a record hold
    whatever else the machine did.

    Args:
        figure: whose curves they are.
        ours: the runs of this build, as written.
        of_reading: the reference runs in each reading; there may be none.
    """
    table = pd.concat(
        [
            paper_curves.digitised(figure).assign(source="paper"),
            *(
                curves([run]).assign(source=reading)
                for reading, found in (of_reading or {}).items()
                for run in found
            ),
            *(curves([run]).assign(source="own") for run in ours),
        ],
        ignore_index=True,
    )
    table["averaged"] = table["running_average"].notna()
    table = as_printed(table).assign(real=table["dataset"].map(REAL_DATASET))
    groups = _figure2(table) if figure == "figure2" else _figure3(table)
    measure = "lower bound" if figure == "figure2" else "marginal log-likelihood"
    return CurveData({"measure": measure, "groups": list(groups)})


def _figure2(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for real, latent in FIGURE2_LATENT.items():
        rows = table[table["real"] == real]
        panels = [
            {"value": str(n_latent), "series": list(_series(rows[rows["n_latent"] == n_latent]))}
            for n_latent in latent
        ]
        yield {
            "name": DATASET_TITLES[real],
            "setting": "latent dimensions",
            "lowest": _LOWEST[real],
            "panels": panels,
        }


def _figure3(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    # A stand-in has fewer than 50000 points; any other size than 1000 is the second panel's.
    small = table["n_train"] == FIGURE3_N_TRAIN[0]
    yield {
        "name": DATASET_TITLES["mnist"],
        "setting": "training points",
        "lowest": _LOWEST["mnist"],
        "panels": [
            {"value": str(n_train), "series": list(_series(table[small == first]))}
            for n_train, first in zip(FIGURE3_N_TRAIN, (True, False), strict=True)
        ],
    }


def _series(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A panel's curves: the paper's first, which lie below the others."""
    rows = rows.assign(source=pd.Categorical(rows["source"], _SOURCES)).sort_values(
        ["seed", "training_samples"]
    )
    by = rows.groupby(["source", "algorithm", "split"], observed=True)
    for (source, algorithm, split), curve in by:
        # One seed's curve, not a mean: where some seeds end before others, a mean would jump.
        first = curve[curve["seed"].fillna(-1) == curve["seed"].fillna(-1).min()]
        line = first.set_index("training_samples")
        series: dict[str, Any] = {
            "source": source,
            "algorithm": algorithm,
            "split": split,
            # A stand-in goes under its own name.
            "data": DATASET_TITLES[curve["dataset"].iloc[0]],
            "samples": [int(samples) for samples in line.index],
            "value": line["value"].round(2).tolist(),
        }
        if line["averaged"].all():
            series["averaged"] = True
        if source != "paper":
            series["seed"] = int(line["seed"].iloc[0])
        if curve["seed"].nunique() > 1:
            points = curve.groupby("training_samples")["value"]
            seeds = points.agg(["min", "max", "count"]).loc[line.index]
            series["low"] = seeds["min"].round(2).tolist()
            series["high"] = seeds["max"].round(2).tolist()
            series["seeds"] = seeds["count"].tolist()
        yield series
