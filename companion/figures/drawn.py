"""A figure that knows what it was drawn from, and that can give its data back as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
    QuadMesh,
)
from matplotlib.colors import to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FuncFormatter

from companion.figures.checks import Array
from companion.runs.provenance import environment
from companion.runs.store import Run
from vaelib.checks.limits import Whole, checked
from vaelib.datasets import Dataset

TRAVELLING = "vaelib"  # the key in the metadata of a notebook's output


class Row(NamedTuple):
    """A line of the table.

    A point has x and y. A bar has the corner where it begins, and its extent. An image has a
    line for each row of pixels, y from the top, with all its values to two decimals.
    """

    panel: str
    series: str
    kind: str
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    values: str = ""


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


def as_csv(figure: Figure) -> str:
    """What the figure shows as a table, with six digits; empty if it shows no numbers."""
    rows = [row for number, axes in enumerate(figure.axes, 1) for row in Panel(axes, number)]
    if not rows:
        return ""
    columns = list(zip(*rows, strict=True))
    used = [
        name for name, column in zip(Row._fields, columns, strict=True) if any(map(_is, column))
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(used)
    for row in rows:
        writer.writerow([_short(getattr(row, name)) for name in used])
    return text.getvalue()


def _is(value: object) -> bool:
    return value is not None and value != ""


def _short(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


class Panel:
    """One panel of a figure; iterating gives its rows. Guides across the panel are left out.

    Args:
        axes: the panel.
        number: its place in the figure, from one; its name if it has no title.
    """

    @checked
    def __init__(self, axes: Axes, number: Whole) -> None:
        self.axes = axes
        self.name = axes.get_title() or f"panel {number}"
        self.series = _legend(axes)
        self.categories = [_categories(axis) for axis in (axes.xaxis, axes.yaxis)]

    def __iter__(self) -> Iterator[Row]:
        for line in self.axes.lines:
            if all(line.get_transform().contains_branch_seperately(self.axes.transData)):
                points = np.column_stack([line.get_xdata(), line.get_ydata()])
                yield from self._points("line", points, line.get_label(), [line.get_color()])
        for collection in self.axes.collections:
            yield from self._collection(collection)
        for patch in self.axes.patches:
            if isinstance(patch, Rectangle):
                foot = np.array([patch.get_xy()], dtype=float)
                size = float(patch.get_width()), float(patch.get_height())
                for row in self._points("bar", foot, patch.get_label(), [patch.get_facecolor()]):
                    yield row._replace(width=size[0], height=size[1])
        for image in self.axes.images:
            pixels = np.asarray(image.get_array())
            yield from self._image(np.arange(len(pixels), dtype=float), pixels)

    def _collection(self, collection: Collection) -> Iterator[Row]:
        faces, edges = collection.get_facecolor(), collection.get_edgecolor()
        colours = list(faces if len(faces) else edges) or ["none"]
        label = collection.get_label()
        if isinstance(collection, PathCollection):
            points = np.asarray(collection.get_offsets(), dtype=float)
            yield from self._points("point", points, label, colours)
        elif isinstance(collection, ContourSet):
            for level, path in zip(collection.levels, collection.get_paths(), strict=False):
                points = np.asarray(path.vertices, dtype=float)
                yield from self._points("contour", points, f"{level:.6g}", colours)
        elif isinstance(collection, QuadMesh):
            heights = np.asarray(collection.get_coordinates())[..., 1].mean(axis=1)
            cells = np.atleast_2d(np.asarray(collection.get_array(), dtype=float))
            yield from self._image(heights, cells)
        elif isinstance(collection, LineCollection | PolyCollection):
            kind = "area" if isinstance(collection, PolyCollection) else "segment"
            for place, path in enumerate(collection.get_paths()):
                points = np.asarray(path.vertices, dtype=float)
                yield from self._points(kind, points, label, [colours[place % len(colours)]])

    def _points(self, kind: str, points: Array, label: object, colours: list[Any]) -> Iterator[Row]:
        for place, (x, y) in enumerate(points):
            series = _own(label) or self.series.get(_rgba(colours[place % len(colours)]), "")
            named = [
                names.get(round(v, 6), "") for names, v in zip(self.categories, (x, y), strict=True)
            ]
            yield Row(self.name, series or " ".join(filter(None, named)), kind, float(x), float(y))

    def _image(self, heights: Array, pixels: Array) -> Iterator[Row]:
        for y, line in zip(heights, pixels if pixels.ndim == 2 else [], strict=False):
            values = " ".join(f"{value:g}" for value in np.round(line, 2))
            yield Row(self.name, "", "image", y=float(y), values=values)


def _legend(axes: Axes) -> dict[tuple[float, ...], str]:
    """What each colour of a legend stands for, the panel's own or the figure's."""
    found: dict[tuple[float, ...], str] = {}
    figure = axes.get_figure()
    legends: list[Legend | None] = [axes.get_legend(), *(figure.legends if figure else [])]
    for legend in filter(None, legends):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False):
            if isinstance(handle, Line2D):
                found.setdefault(_rgba(handle.get_color()), text.get_text())
    return found


def _categories(axis: Axis) -> dict[float, str]:
    """The names that stand at an axis in the place of numbers."""
    formatter = axis.get_major_formatter()
    if not isinstance(formatter, FixedFormatter | FuncFormatter):
        return {}
    places = [float(place) for place in axis.get_majorticklocs()]
    names = [formatter(place, number) for number, place in enumerate(places)]
    return {
        round(place, 6): name
        for place, name in zip(places, names, strict=True)
        if name.replace("−", "-") != f"{place:g}"
    }


def _own(label: object) -> str:
    return "" if str(label).startswith("_") else str(label)


def _rgba(colour: Any) -> tuple[float, ...]:
    return tuple(to_rgba(colour))
