"""A figure that knows what it was drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib.figure import Figure

from companion.drawing.as_table import as_csv
from companion.runs.provenance import environment
from companion.runs.store import Run
from vaelib.datasets import Dataset

TRAVELLING = "vaelib"  # the key in the metadata of a notebook's output


class DrawnFigure(Figure):
    """A figure of the book. In a notebook its data and its provenance travel with the picture."""

    sources: tuple[Run | Dataset, ...] = ()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Nothing to show beside the picture that matplotlib makes, but metadata of the output."""
        return {}, {TRAVELLING: {"provenance": provenance(self), "csv": as_csv(self)}}


def drawn_from(figure: Figure, *sources: Run | Dataset | Iterable[Run]) -> Figure:
    """The figure itself, which from now on says from which runs and data it was drawn."""
    if isinstance(figure, DrawnFigure):
        known: list[Run | Dataset] = []
        for source in sources:
            known += [source] if isinstance(source, Run | Dataset) else list(source)
        figure.sources = tuple(known)
    return figure


def provenance(figure: DrawnFigure) -> dict[str, Any]:
    """Versions, threads, and what is known of the runs and data, as JSON can write it."""
    runs = [source for source in figure.sources if isinstance(source, Run)]
    data = [source for source in figure.sources if isinstance(source, Dataset)]
    known = {found.name: (found.sha256, found.stand_in) for found in data}
    known |= {
        used["name"]: (used["sha256"], used["stand_in"])
        for used in (run.record.data for run in runs)
    }
    here = environment(device="cpu")
    return {
        "versions": {name: here[name] for name in ("vaelib", "python", "torch")},
        "threads": here["threads"],
        "data": [
            {"name": name, "sha256": sha256, "stand_in": stand_in}
            for name, (sha256, stand_in) in sorted(known.items())
        ],
        "runs": [_of_run(run) for run in runs],
    }


def _of_run(run: Run) -> dict[str, Any]:
    record = run.record
    environments = [segment["environment"] for segment in record.segments]
    return {
        "id": str(record.config),
        "samples": record.samples,
        "shown": run.samples,
        "seconds": round(record.seconds, 1),
        "threads": sorted({found["threads"] for found in environments}),
        "device": sorted({found["device"] for found in environments}),
        "torch": sorted({found["torch"] for found in environments}),
        "source": record.source[:8],
    }
