"""What travels with a figure: its data, as drawn, and where they come from."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.drawn import DrawnFigure, as_csv, drawn_from, provenance
from companion.figures.theme import new_figure
from companion.runs.config import RunConfig
from companion.runs.record import Record
from companion.runs.store import Run
from tests.helpers import six_pixels

DATA = {"name": "mnist", "source": "made up", "sha256": "0" * 64, "stand_in": False}


def table(figure: Figure) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(as_csv(figure)), keep_default_na=False)


def run(samples: int = 1000, until: int | None = 500) -> Run:
    config = RunConfig(dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=3, n_train=80)
    record = Record(config, samples, 0.01, {}, DATA, {}, "abcdef0123456789")
    for seconds, threads in ((1.25, 1), (2.0, 2)):
        here = {"threads": threads, "device": "cpu", "torch": "2.13.0"}
        record.segments.append({"until": samples, "seconds": seconds, "environment": here})
    return Run(record, Path(), until)


def test_a_line_gives_back_its_points_under_its_name() -> None:
    figure = new_figure()
    axes = figure.add_subplot(title="left")
    axes.plot([1, 2], [0.1, 0.123456789], label="AEVB")
    axes.axhline(5.0)  # a guide, no data
    found = table(figure)
    assert list(found.columns) == ["panel", "series", "kind", "x", "y"]
    assert found.to_numpy().tolist() == [
        ["left", "AEVB", "line", 1, 0.1],
        ["left", "AEVB", "line", 2, 0.123457],
    ]


def test_a_series_without_a_name_has_that_of_its_colour_in_the_legend() -> None:
    figure = new_figure()
    figure.add_subplot().scatter([1.0], [2.0], c=["#0072B2"])
    figure.legend(handles=[Line2D([], [], color="#0072B2", label="train")])
    assert table(figure).loc[0, ["panel", "series", "kind", "x", "y"]].tolist() == [
        "panel 1",
        "train",
        "point",
        1,
        2,
    ]


def test_a_category_at_an_axis_names_a_point_and_a_number_does_not() -> None:
    figure = new_figure()
    axes = figure.add_subplot()
    axes.plot([3.0, 4.0], [0.0, 1.0], "o")
    axes.set_yticks([0, 1], ["estimator A", "estimator B"])
    axes.set_xticks([3, 4], ["3", "4"])
    assert table(figure)["series"].tolist() == ["estimator A", "estimator B"]


def test_bars_bands_and_images_give_back_their_numbers() -> None:
    figure = new_figure()
    axes = figure.add_subplot()
    axes.bar([1.0], [3.0], width=0.5, label="count")
    bar = table(figure).iloc[0]
    assert bar[["kind", "x", "y", "width", "height"]].tolist() == ["bar", 0.75, 0, 0.5, 3]

    figure = new_figure()
    figure.add_subplot().fill_between([0, 1], [0, 0], [2, 3], label="band")
    band = table(figure)
    assert set(band["kind"]) == {"area"}
    assert band["y"].max() == 3

    figure = new_figure()
    figure.add_subplot().imshow([[0.0, 0.25], [0.5, 1.0]])
    image = table(figure)
    rows = [[float(v) for v in line.split()] for line in image["values"]]
    np.testing.assert_array_equal(rows, [[0, 0.25], [0.5, 1]])
    assert image["y"].tolist() == [0, 1]


def test_a_figure_without_numbers_has_no_table() -> None:
    figure = new_figure()
    figure.add_subplot().text(0.5, 0.5, "words")
    assert as_csv(figure) == ""
    shown, beside = figure._repr_mimebundle_()
    assert shown == {}
    assert beside["vaelib"]["csv"] == ""


def test_a_figure_says_from_which_runs_and_data_it_was_drawn() -> None:
    figure = new_figure()
    assert drawn_from(figure, [run()], six_pixels()) is figure
    assert isinstance(figure, DrawnFigure)
    known = provenance(figure)
    assert json.loads(json.dumps(known)) == known
    (found,) = known["runs"]
    assert found["samples"], found["shown"] == (1000, 500)
    assert found["id"] == str(run().config)
    assert found["seconds"] == pytest.approx(3.2, abs=0.06)
    assert (found["threads"], found["device"]) == ([1, 2], ["cpu"])
    assert found["source"] == "abcdef01"
    assert known["data"] == [{"name": "mnist", "sha256": "0" * 64, "stand_in": False}]
    assert known["threads"] == 1


def test_a_figure_of_nothing_claims_nothing() -> None:
    known = provenance(new_figure())
    assert (known["runs"], known["data"]) == ([], [])
    assert known["versions"]["vaelib"]
    assert drawn_from(plain := Figure(), run()) is plain
