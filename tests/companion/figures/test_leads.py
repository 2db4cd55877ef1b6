"""The panels of leads show the paper, the reference and our runs, and how many seeds there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from companion.experiments import paper_curves
from companion.experiments.leads import leads_of
from companion.figures.leads import draw_leads_of_figure2, draw_leads_of_figure3
from companion.figures.theme import INK, MARKERS, PALETTE
from tests.companion.figures.inputs import curves, curves3, leads, leads3, lines, panels, svg
from vaelib.errors import UserError


def test_figure2_has_nine_panels_with_a_line_at_zero() -> None:
    drawn = panels(draw_leads_of_figure2(leads()))
    assert len(drawn) == 9
    for axes in drawn:
        (zero,) = (line for line in axes.lines if line.get_color() == INK)
        assert list(zero.get_ydata()) == [0.0, 0.0]
        assert axes.get_ylim()[0] < 0 < axes.get_ylim()[1]
        assert axes.get_xscale() == "log"


def test_the_papers_difference_is_grey() -> None:
    axes = panels(draw_leads_of_figure2(leads()))[1]
    published = leads_of(paper_curves.digitised("figure2")).query(
        "dataset == 'mnist' and n_latent == 5 and split == 'test'"
    )
    (theirs,) = lines(axes, "paper", "-")
    np.testing.assert_array_equal(theirs.get_ydata(), published["lead"])
    assert theirs.get_marker() == MARKERS["wake_sleep"]


def test_on_mnist_a_few_nats_can_be_seen() -> None:
    """The reason for this figure: they are a fortieth of a panel of Fig. 2."""
    late = leads().query("training_samples > 1e5").assign(training_samples=1e7, lead=5.0, seed=0)
    drawn = panels(draw_leads_of_figure2(late.drop_duplicates()))
    heights = [np.ptp(axes.get_ylim()) for axes in drawn]
    assert max(heights[:5]) < 20
    assert len(set(heights[:4])) == 1


def test_an_axis_of_its_own_for_two_hundred_dimensions() -> None:
    table = leads().assign(training_samples=1e7, lead=5.0).drop_duplicates()
    far = table.assign(lead=table["lead"].where(table["n_latent"] != 200, 35.0))
    near, alone = (draw_leads_of_figure2(t, of_reading={"as written": t}) for t in (table, far))
    heights = [[axes.get_ylim()[1] for axes in panels(figure)] for figure in (near, alone)]
    assert heights[0][:4] == heights[1][:4]
    assert heights[1][4] > 35 > heights[0][4]


def seeds_above(figure: Figure, panel: int = 0) -> list[str]:
    return [text.get_text() for text in panels(figure)[panel].texts]


def test_the_number_of_seeds_stands_above_each_stretch() -> None:
    table = leads()
    other = table.assign(seed=1, lead=table["lead"] - 5)
    other = other[other["training_samples"] < 100_000]
    figure = draw_leads_of_figure2(table, of_reading={"as written": pd.concat([table, other])})
    assert seeds_above(figure) == ["2 seeds", "1 seed"]
    assert panels(figure)[0].collections  # the band
    one = draw_leads_of_figure2(table, of_reading={"as written": table})
    assert seeds_above(one) == ["1 seed"]
    assert not panels(one)[0].collections
    assert seeds_above(draw_leads_of_figure2(table)) == []


def test_a_band_goes_from_the_lowest_seed_to_the_highest() -> None:
    table = leads3()
    three = pd.concat([table.assign(seed=s, lead=float(s)) for s in (4, 1, 2)])
    figure = draw_leads_of_figure3(table, of_reading={"as written": three})
    for axes in panels(figure):
        for band in axes.collections:
            values = band.get_paths()[0].vertices[:, 1]
            assert (values.min(), values.max()) == (1.0, 4.0)
        # The line is the first seed.
        assert {*lines(axes, "mcem", "--")[0].get_ydata()} == {1.0}


def test_own_leads_beyond_the_axis_are_marked_at_its_edges() -> None:
    table = leads().query("training_samples == 10_000 and n_latent == 3")
    early = pd.concat([table, table.assign(training_samples=20_000)])
    early["lead"] = np.where(early["training_samples"] == 20_000, 900.0, -900.0)
    figure = draw_leads_of_figure2(early)
    marked = {
        line.get_marker(): list(line.get_xdata())
        for line in panels(figure)[0].lines
        if line.get_transform() == panels(figure)[0].get_xaxis_transform()
        and line.get_linestyle() == "None"
    }
    assert marked == {"v": [10_000], "$\\uparrow$": [20_000]}
    assert {"below the axis", "above the axis"} <= set(legend(figure))


def legend(figure: Figure) -> list[str]:
    found = figure.axes[-1].get_legend() or figure.legends[0]
    return [text.get_text() for text in found.get_texts()]


def test_the_legend_says_over_whom() -> None:
    assert legend(draw_leads_of_figure2(leads()))[0] == "lead over Wake-Sleep"
    assert legend(draw_leads_of_figure3(leads3()))[:2] == [
        "lead over Wake-Sleep",
        "lead over MCEM",
    ]


def test_figure3_has_both_leads_in_each_panel_by_split() -> None:
    table = leads3()
    apart = table.assign(lead=table["lead"].where(table["split"] == "test", -9.0))
    figure = draw_leads_of_figure3(apart, of_reading={"as run": apart})
    drawn = panels(figure)
    assert [len(lines(axes, "paper", "-")) for axes in drawn] == [2] * 4
    for axes, split in zip(drawn, ("train", "train", "test", "test"), strict=True):
        for over in ("wake_sleep", "mcem"):
            (line,) = lines(axes, over, "-")
            assert ({*line.get_ydata()} == {-9.0}) == (split == "train")
        assert ("training set" in axes.get_title()) == (split == "train")
        assert not lines(axes, "aevb", "-")


def test_figure2_shows_test_leads_only() -> None:
    table = leads()
    odd = table.assign(lead=table["lead"].where(table["split"] == "test", -123.0))
    figure = draw_leads_of_figure2(odd, of_reading={"as written": odd})
    assert svg(figure) == svg(draw_leads_of_figure2(table, of_reading={"as written": table}))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_leads_of_figure2(leads(), of_reading={"as written": leads()}),
        lambda: draw_leads_of_figure3(leads3(), of_reading={"as written": leads3()}),
    ],
)
def test_every_word_can_be_read_on_a_phone(draw: Callable[[], Figure]) -> None:
    """A phone of 390 pixels leaves 350 to a picture; none of its text is below 9."""
    figure = draw()
    svg(figure)  # ticks have their text once they are drawn
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    pixels_per_point = 350 / (72 * figure.get_figwidth())
    assert min(text.get_fontsize() for text in found) * pixels_per_point >= 9


def test_a_stand_in_goes_under_its_own_name() -> None:
    faces = leads_of(curves().replace({"dataset": {"frey_face": "cartoon_face"}}))
    figure = draw_leads_of_figure2(faces)
    assert panels(figure)[-1].get_title().startswith("Cartoon Face")
    assert "the paper, real data" in legend(figure)
    small = curves3().assign(dataset="mnist_5k").replace({"n_train": {50_000: 4_500}})
    titles = [axes.get_title() for axes in draw_leads_of_figure3(leads_of(small)).axes]
    assert titles[:2] == [f"MNIST-5k, {size} points,\ntraining set" for size in (1000, 4500)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"over": "mcem"}, r"Fig\. 2's leads cannot show over 'mcem': use wake_sleep"),
        ({"dataset": "omniglot"}, "dataset 'omniglot'"),
        ({"split": "validation"}, "split 'validation'"),
        ({"n_latent": 7}, "n_latent 7"),
    ],
)
def test_a_lead_that_no_panel_shows_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        draw_leads_of_figure2(leads().assign(**change))


def test_figure3_is_of_mnist() -> None:
    with pytest.raises(UserError, match=r"Fig\. 3's leads cannot show dataset 'frey_face'"):
        draw_leads_of_figure3(leads3().assign(dataset="frey_face"))


def test_a_reading_that_there_is_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"Fig\. 2's leads cannot show reading 'as meant'"):
        draw_leads_of_figure2(leads(), of_reading={"as meant": leads()})  # type: ignore[dict-item]


def test_the_colour_of_a_lead_is_that_of_the_other_algorithm() -> None:
    axes = panels(draw_leads_of_figure3(leads3()))[0]
    names = {line.get_label(): line.get_color() for line in axes.lines}
    assert names["lead over Wake-Sleep, this build"] == PALETTE["wake_sleep"]
    assert names["lead over MCEM, this build"] == PALETTE["mcem"]
