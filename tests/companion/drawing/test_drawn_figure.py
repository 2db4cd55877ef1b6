"""A figure tells where its data come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from companion.drawing.drawn_figure import DrawnFigure, drawn_from, provenance
from companion.figures.theme import new_figure
from companion.runs.config import RunConfig
from companion.runs.record import Record
from companion.runs.store import Run
from tests.helpers import six_pixels

DATA = {"name": "mnist", "source": "made up", "sha256": "0" * 64, "stand_in": False}


def run(samples: int = 1000, until: int | None = 500) -> Run:
    config = RunConfig(dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=3, n_train=80)
    record = Record(config, samples, 0.01, {}, DATA, {}, "abcdef0123456789")
    for seconds, threads in ((1.25, 1), (2.0, 2)):
        here = {"threads": threads, "device": "cpu", "torch": "2.13.0"}
        record.segments.append({"until": samples, "seconds": seconds, "environment": here})
    return Run(record, Path(), until)


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
