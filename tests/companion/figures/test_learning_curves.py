"""The panels of Figs 2 and 3 show the paper, the reference and our runs as their legend says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

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

BOTH = {"as run": curves(), "as written": curves()}


def test_figure2_has_nine_panels_with_both_algorithms_and_the_paper() -> None:
    drawn = panels(draw_figure2(curves()))
    latent = [*(("MNIST", n) for n in MNIST_LATENT), *(("Frey Face", n) for n in FREY_LATENT)]
    assert [axes.get_title() for axes in drawn] == [f"{d}, $N_z = {n}$" for d, n in latent]
    wanted = {PALETTE[name].upper() for name in ("aevb", "wake_sleep", "paper")}
    assert all(colours(axes) == wanted for axes in drawn)
    assert all(axes.get_xscale() == "log" for axes in drawn)


def test_figure2_draws_the_digitised_curve_behind_ours() -> None:
    axes = panels(draw_figure2(curves(), of_reading=BOTH))[3]
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


def test_figure2_shows_test_curves_only() -> None:
    table = curves()
    odd = table.assign(value=table["value"].where(table["split"] == "test", -123.0))
    drawn = panels(draw_figure2(odd, of_reading={"as run": odd, "as written": odd}))
    shown = np.concatenate([line.get_ydata() for axes in drawn for line in axes.lines])
    assert -123.0 not in shown
    trained = paper_curves.digitised("figure2").query("split == 'train'")["value"]
    tested = paper_curves.digitised("figure2").query("split == 'test'")["value"]
    assert not set(shown) & (set(trained) - set(tested) - set(odd["value"]))


def test_a_panel_has_three_kinds_of_line_and_own_points() -> None:
    for axes in panels(draw_figure2(curves(), of_reading=BOTH)):
        assert len(lines(axes, "paper", "-")) == 2
        for name in ("aevb", "wake_sleep"):
            (as_run,), (written,) = lines(axes, name, "-"), lines(axes, name, "--")
            # Triangles of the same colour lie at the edge.
            (own,) = (
                line for line in lines(axes, name, "None") if line.get_marker() == MARKERS[name]
            )
            assert {as_run.get_marker(), written.get_marker()} == {"None"}
            assert as_run.get_linewidth() > written.get_linewidth()
            assert own.get_zorder() > as_run.get_zorder() > written.get_zorder()


def test_figure3_has_a_row_for_each_split() -> None:
    table = curves3()
    apart = table.assign(value=table["value"].where(table["split"] == "test", -123.0))
    drawn = panels(draw_figure3(apart, of_reading={"as run": apart}))
    for axes, split in zip(drawn, ("train", "train", "test", "test"), strict=True):
        shown = [value for line in lines(axes, "aevb", "-") for value in line.get_ydata()]
        assert (set(shown) == {-123.0}) == (split == "train")
        assert ("training set" in axes.get_title()) == (split == "train")


def test_own_runs_have_a_line_where_no_reference_run_has_one() -> None:
    axes = panels(draw_figure2(curves(), of_reading={"as run": curves()}))[0]
    (own,) = lines(axes, "aevb", "--")
    assert own.get_marker() == MARKERS["aevb"]


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_figure2(curves(), of_reading=BOTH),
        lambda: draw_figure3(curves3(), of_reading={"as written": curves3()}),
    ],
)
def test_every_word_can_be_read_on_a_phone(draw: Callable[[], Figure]) -> None:
    """A phone of 390 pixels leaves 350 to a picture; none of its text is below 9."""
    figure = draw()
    pixels_per_point = 350 / (72 * figure.get_figwidth())
    svg(figure)  # ticks have their text once they are drawn
    found = texts(figure)
    assert len(found) > 40
    assert min(text.get_fontsize() for text in found) * pixels_per_point >= 9
    # What sits above a number, such as an exponent, would be smaller.
    assert not [text.get_text() for text in found if "^" in text.get_text()]


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
    # The run ends at 160 000; from an eighth of that on, only what is below -200 may be cut off.
    assert mine.loc[below.index, "value"].max() < -200


def test_a_finished_run_gets_the_axis_of_the_paper() -> None:
    table = paper_curves.digitised("figure2").query("training_samples > 1e8")
    drawn = panels(draw_figure2(table))
    assert drawn[0].get_ylim() == (-160, -95)
    assert drawn[-1].get_ylim() == (400, 1600)


def test_several_seeds_of_a_reference_run_give_a_band() -> None:
    table = curves()
    other = table.assign(seed=1, value=table["value"] - 5)
    one = draw_figure2(table, of_reading={"as run": table})
    assert not panels(one)[0].collections
    several = draw_figure2(table, of_reading={"as run": pd.concat([table, other])})
    assert panels(several)[0].collections
    assert "range of seeds" in legend(several)
    assert "range of seeds" not in legend(one)


def test_of_several_seeds_the_first_is_the_line_as_far_as_it_goes() -> None:
    """The second ends earlier: a mean would jump there."""
    table = curves()
    other = table.assign(seed=1, value=table["value"] - 5)
    other = other[other["training_samples"] < 100_000]
    both = {"as run": pd.concat([other, table])}
    (line,) = lines(panels(draw_figure2(table, of_reading=both))[0], "aevb", "-")
    first = table.query(
        "dataset == 'mnist' and n_latent == 3 and algorithm == 'aevb' and split == 'test'"
    )
    assert list(line.get_ydata()) == first["value"].tolist()


def test_there_need_be_no_reference_run() -> None:
    figure = draw_figure2(curves(), of_reading={"as run": curves()[:0], "as written": curves()[:0]})
    assert svg(figure) == svg(draw_figure2(curves()))
    assert not {"as run", "as written"} & set(legend(figure))


def test_the_legend_names_the_readings_that_are_there() -> None:
    assert {"as run", "as written"} <= set(legend(draw_figure2(curves(), of_reading=BOTH)))
    figure = draw_figure3(curves3(), of_reading={"as written": curves3()})
    assert "as written" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert "as run" not in [text.get_text() for text in figure.legends[0].get_texts()]


def legend(figure: Figure) -> list[str]:
    found = figure.axes[-1].get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def test_a_stand_in_goes_under_its_own_name() -> None:
    table = curves().replace({"dataset": {"frey_face": "cartoon_face"}})
    assert panels(draw_figure2(table))[-1].get_title().startswith("Cartoon Face")
    small = curves3().assign(dataset="mnist_5k").replace({"n_train": {50_000: 4_500}})
    titles = [axes.get_title() for axes in draw_figure3(small).axes]
    assert titles == [
        f"MNIST-5k, {size} points,\n{split} set"
        for split in ("training", "test")
        for size in (1000, 4500)
    ]


def test_figure3_has_four_panels_with_three_algorithms_and_the_paper() -> None:
    drawn = panels(draw_figure3(curves3()))
    assert len(drawn) == 4
    assert all(colours(axes) == {c.upper() for c in PALETTE.values()} for axes in drawn)
    assert [len(lines(axes, "paper", "-")) for axes in drawn] == [3] * 4


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


def test_a_reading_that_there_is_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"Fig\. 2 cannot show reading 'as meant': use as run"):
        draw_figure2(curves(), of_reading={"as meant": curves()})  # type: ignore[dict-item]


def test_reference_runs_without_a_column_are_refused() -> None:
    with pytest.raises(UserError, match="no column value"):
        draw_figure2(curves(), of_reading={"as run": curves().drop(columns="value")})
