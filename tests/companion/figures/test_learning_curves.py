"""The panels of Figs 2 and 3 show the paper, the reference and our runs as their legend says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.experiments import paper_curves
from companion.figures.learning_curves import draw_figure2, draw_figure3
from companion.figures.theme import MARKERS, PALETTE
from tests.companion.figures.inputs import (
    FREY_LATENT,
    MNIST_LATENT,
    colours,
    curves,
    curves3,
    lines,
    panels,
    svg,
)
from vaelib.errors import UserError


def test_figure2_has_nine_panels_with_both_algorithms_and_the_paper() -> None:
    drawn = panels(draw_figure2(curves()))
    latent = [*(("MNIST", n) for n in MNIST_LATENT), *(("Frey Face", n) for n in FREY_LATENT)]
    assert [axes.get_title() for axes in drawn] == [f"{d}, $N_z = {n}$" for d, n in latent]
    wanted = {PALETTE[name].upper() for name in ("aevb", "wake_sleep", "paper")}
    assert all(colours(axes) == wanted for axes in drawn)
    assert all(axes.get_xscale() == "log" for axes in drawn)


def test_figure2_draws_the_digitised_curve_behind_ours() -> None:
    axes = panels(draw_figure2(curves()))[3]
    published = paper_curves.digitised("figure2").query(
        "dataset == 'mnist' and n_latent == 20 and algorithm == 'aevb' and split == 'test'"
    )
    theirs = next(
        line
        for line in lines(axes, "paper", "-")
        if line.get_ydata()[-1] == published.iloc[-1].value
    )
    np.testing.assert_array_equal(theirs.get_xdata(), published["training_samples"])
    assert theirs.get_zorder() < lines(axes, "aevb", "-")[0].get_zorder()


def test_test_is_solid_with_markers_and_train_dashed_without() -> None:
    axes = panels(draw_figure2(curves()))[0]
    for name in ("aevb", "wake_sleep"):
        (tested,), (train,) = lines(axes, name, "-"), lines(axes, name, "--")
        assert tested.get_marker() == MARKERS[name]
        assert train.get_marker() == ""
        assert tested.get_linewidth() > train.get_linewidth()


def test_values_below_the_axis_are_marked_and_the_late_ones_shown() -> None:
    table = curves()
    axes = panels(draw_figure2(table))[0]
    mine = table.query(
        "dataset == 'mnist' and n_latent == 3 and algorithm == 'aevb' and split == 'test'"
    )
    below = mine.loc[mine["value"] < axes.get_ylim()[0], "training_samples"]
    (marks,) = (
        line
        for line in axes.lines
        if line.get_marker() == "v" and line.get_color() == PALETTE["aevb"]
    )
    assert list(marks.get_xdata()) == list(below)
    assert len(below) > 0
    # The run ends at 160 000; from an eighth of that on, only what is below -300 may be cut off.
    assert mine.loc[below.index, "value"].max() < -300


def test_a_finished_run_gets_the_axis_of_the_paper() -> None:
    table = paper_curves.digitised("figure2").query("training_samples > 1e8")
    drawn = panels(draw_figure2(table))
    assert drawn[0].get_ylim() == (-160, -95)
    assert drawn[-1].get_ylim() == (0, 1600)


def test_several_seeds_give_a_band() -> None:
    table = curves()
    other = table.assign(seed=1, value=table["value"] - 5)
    assert not panels(draw_figure2(table))[0].collections
    assert panels(draw_figure2(pd.concat([table, other])))[0].collections


def test_of_several_seeds_the_first_is_the_line_as_far_as_it_goes() -> None:
    """The second ends earlier: a mean would jump there."""
    table = curves()
    other = table.assign(seed=1, value=table["value"] - 5)
    other = other[other["training_samples"] < 100_000]
    axes = panels(draw_figure2(pd.concat([other, table])))[0]
    first = table.query("n_latent == 3 and algorithm == 'aevb' and split == 'test'")
    shown = [line for line in lines(axes, "aevb", "-") if len(line.get_xdata())]
    assert any(list(line.get_ydata()) == first["value"].tolist() for line in shown)


def test_there_need_be_no_reference_run() -> None:
    figure = draw_figure2(curves(), reference=curves()[:0])
    assert svg(figure) == svg(draw_figure2(curves()))


def test_reference_runs_are_drawn_behind_without_markers() -> None:
    axes = panels(draw_figure2(curves(), reference=curves()))[0]
    markers = [line.get_marker() for line in lines(axes, "aevb", "-")]
    assert sorted(markers) == ["", "o"]
    legend = draw_figure2(curves(), reference=curves()).axes[-1].get_legend()
    assert legend is not None
    assert any("reference" in text.get_text() for text in legend.get_texts())


def test_a_stand_in_goes_under_its_own_name() -> None:
    table = curves().replace({"dataset": {"frey_face": "cartoon_face"}})
    assert panels(draw_figure2(table))[-1].get_title().startswith("Cartoon Face")
    small = curves3().assign(dataset="mnist_5k").replace({"n_train": {50_000: 4_500}})
    titles = [axes.get_title() for axes in draw_figure3(small).axes]
    assert titles == [
        "MNIST-5k, $N_\\mathrm{train} = 1000$",
        "MNIST-5k, $N_\\mathrm{train} = 4500$",
    ]


def test_figure3_has_two_panels_with_three_algorithms_and_the_paper() -> None:
    drawn = panels(draw_figure3(curves3()))
    assert len(drawn) == 2
    assert all(colours(axes) == {c.upper() for c in PALETTE.values()} for axes in drawn)
    assert [len(lines(axes, "paper", "-")) for axes in drawn] == [3, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"algorithm": "svi"}, "algorithm 'svi'"),
        ({"dataset": "omniglot"}, "dataset 'omniglot'"),
        ({"split": "validation"}, "split 'validation'"),
        ({"n_latent": 7}, "n_latent 7"),
        ({"measure": "marginal_log_likelihood"}, "shows the lower_bound"),
    ],
)
def test_a_run_that_no_panel_shows_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        draw_figure2(curves().assign(**change))
