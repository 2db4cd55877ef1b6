"""The data of the learning curves' explorer are the curves, no more and no less."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from companion.experiments import paper_curves, paper_grid, readings
from companion.pages.curve_data import CurveData, curve_data
from companion.runs.config import RunConfig
from companion.runs.evaluation import CurvePoint
from companion.runs.record import Record
from companion.runs.store import Run
from vaelib.training import RunningAverage

MEASURES = {"lower_bound": "lower_bound", "marginal_likelihood": "marginal_log_likelihood"}


def run(config: RunConfig, value: float = -150.0, *, until: int | None = None) -> Run:
    """A run that gains a nat from point to point."""
    curve = [
        CurvePoint(samples, split, MEASURES[config.measure], value + gain)
        for gain, samples in enumerate((10_000, 20_000, 40_000))
        for split in ("train", "test")
    ]
    record = Record(
        config=config,
        samples=40_000,
        stepsize=0.01,
        stepsizes_compared={},
        data={},
        model={},
        source="",
        curve=curve,
    )
    return Run(record, Path(), until)


def series(data: CurveData, group: int, panel: int, **wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data.content["groups"][group]["panels"][panel]["series"]
    return [one for one in found if all(one[key] == value for key, value in wanted.items())]


@pytest.mark.parametrize(
    ("figure", "panels", "algorithms"),
    [("figure2", [5, 4], 2), ("figure3", [2], 3)],
)
def test_every_panel_of_the_figure_has_the_paper_s_curves_and_ours(
    figure: paper_curves.Figure, panels: list[int], algorithms: int
) -> None:
    data = curve_data(figure, [run(config) for config in paper_grid.GROUPS[figure](0)])
    assert [len(group["panels"]) for group in data.content["groups"]] == panels
    published = paper_curves.digitised(figure)
    points = 0
    for group, count in enumerate(panels):
        for panel in range(count):
            theirs = series(data, group, panel, source="paper")
            assert len(theirs) == 2 * algorithms
            points += sum(len(one["value"]) for one in theirs)
            ours = series(data, group, panel, source="own")
            assert len(ours) == 2 * algorithms
            assert all(one["samples"] == [10_000, 20_000, 40_000] for one in ours)
            assert len(series(data, group, panel)) == 4 * algorithms
    assert points == len(published)


def test_a_curve_of_the_paper_comes_with_its_values() -> None:
    data = curve_data("figure2", [run(config) for config in paper_grid.figure2()])
    (found,) = series(data, 0, 3, source="paper", algorithm="aevb", split="test")
    table = paper_curves.digitised("figure2").query(
        "dataset == 'mnist' and n_latent == 20 and algorithm == 'aevb' and split == 'test'"
    )
    assert found["value"] == pytest.approx(list(table["value"]), abs=0.005)
    assert found["samples"] == pytest.approx(list(table["training_samples"]), abs=1)


def test_several_seeds_are_the_first_with_the_lowest_and_highest() -> None:
    config = paper_grid.mnist(3)
    # The second seed ends before the others.
    seeds = [
        run(dataclasses.replace(config, seed=seed), value, until=until)
        for seed, (value, until) in enumerate([(-150.0, None), (-153.0, 20_000), (-147.0, None)])
    ]
    data = curve_data("figure2", [run(config)], of_reading={"as run": seeds})
    (found,) = series(data, 0, 0, source="as run", split="test")
    assert found["seed"] == 0
    assert found["value"] == [-150.0, -149.0, -148.0]
    assert found["low"] == [-153.0, -152.0, -148.0]
    assert found["high"] == [-147.0, -146.0, -145.0]
    assert found["seeds"] == [3, 3, 2]
    (own,) = series(data, 0, 0, source="own", split="test")
    assert own["seed"] == 0
    assert "low" not in own
    (theirs,) = series(data, 0, 0, source="paper", split="test", algorithm="aevb")
    assert "seed" not in theirs


def test_the_points_of_every_curve_stand_in_their_order() -> None:
    long = [
        CurvePoint(samples, split, "lower_bound", -150.0 + samples / 1e4)
        for samples in range(10_000, 400_000, 10_000)
        for split in ("train", "test")
    ]
    runs = [run(dataclasses.replace(c, seed=s)) for s in (1, 0) for c in paper_grid.figure2()]
    for one in runs:
        one.record.curve[:] = long
    data = curve_data("figure2", runs[18:], of_reading={"as written": runs})
    for group in data.content["groups"]:
        for panel in group["panels"]:
            assert all(one["samples"] == sorted(one["samples"]) for one in panel["series"])


def test_each_reading_has_its_own_series() -> None:
    config = paper_grid.mnist(3)
    as_run = run(readings.in_reading(config, "as run"), -140.0)
    data = curve_data(
        "figure2", [], of_reading={"as written": [run(config, -150.0)], "as run": [as_run]}
    )
    for reading, first in (("as written", -150.0), ("as run", -140.0)):
        (found,) = series(data, 0, 0, source=reading, split="test")
        assert found["value"] == [first, first + 1, first + 2]
    assert not series(data, 0, 0, source="own")


def test_training_curves_are_running_averages_where_all_points_have_one() -> None:
    config = paper_grid.mnist(3)
    ends = [0, 10_000, 20_000, 40_000]
    averages = [RunningAverage(*span, -160.0) for span in pairwise(ends)]
    whole, none = run(config), run(config)
    whole.record.running_averages.extend(averages)
    data = curve_data("figure2", [none], of_reading={"as written": [whole]})
    (trained,) = series(data, 0, 0, source="as written", split="train")
    assert trained["value"] == [-160.0] * 3
    assert trained["averaged"] is True
    for source, split in (("as written", "test"), ("own", "train"), ("paper", "train")):
        assert not any("averaged" in one for one in series(data, 0, 0, source=source, split=split))


def test_a_run_is_shown_as_far_as_was_asked() -> None:
    data = curve_data("figure2", [run(paper_grid.mnist(3), until=20_000)])
    assert series(data, 0, 0, source="own")[0]["samples"] == [10_000, 20_000]


def test_a_stand_in_goes_under_its_own_name() -> None:
    config = dataclasses.replace(paper_grid.mnist(3), dataset="mnist_5k", n_train=4000)
    data = curve_data("figure2", [run(config)])
    assert {one["data"] for one in series(data, 0, 0, source="own")} == {"MNIST-5k"}
    assert {one["data"] for one in series(data, 0, 0, source="paper")} == {"MNIST"}


def test_the_page_carries_it_as_a_script_that_nothing_in_it_can_end() -> None:
    data = CurveData({"measure": "</script>", "groups": []})
    before, _, rest = data._repr_html_().partition(">")
    text, end, after = rest.partition("</script>")
    assert before == '<script type="application/json"'
    assert (end, after) == ("</script>", "")
    assert json.loads(text) == data.content
    assert repr(data) == "0 curves in 0 panels"
