"""One look for all figures, which is still told apart where no colour is."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations

import pytest
from matplotlib.colors import to_rgb

from companion.figures import theme
from companion.figures.graphical_model import draw_figure1
from tests.companion.figures.inputs import svg

# In shares of white; a difference of this much is seen between two lines of a printout.
SEEN = 0.06


def luminance(colour: str) -> float:
    """How light a colour is on a grey screen, 0 to 1: the relative luminance of WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_luminance_of_known_colours() -> None:
    assert luminance("white") == pytest.approx(1)
    assert luminance("black") == 0
    assert luminance("#808080") == pytest.approx(0.2159, abs=1e-4)


def test_every_algorithm_has_a_colour_a_name_and_a_marker_of_its_own() -> None:
    assert theme.PALETTE.keys() == theme.LABELS.keys() == theme.MARKERS.keys() | {"paper"}
    for look in (theme.PALETTE, theme.LABELS, theme.MARKERS):
        assert len(set(look.values())) == len(look)


@pytest.mark.parametrize(("one", "other"), [*combinations(theme.PALETTE, 2)])
def test_two_algorithms_differ_without_colour(one: str, other: str) -> None:
    lighter = abs(luminance(theme.PALETTE[one]) - luminance(theme.PALETTE[other])) >= SEEN
    assert lighter or theme.MARKERS.get(one) != theme.MARKERS.get(other)


def test_estimators_differ_in_marker_too() -> None:
    assert theme.ESTIMATOR_COLOURS.keys() == theme.ESTIMATOR_MARKERS.keys()
    assert len(set(theme.ESTIMATOR_MARKERS.values())) == len(theme.ESTIMATOR_COLOURS)


def test_training_and_test_curves_differ_without_colour() -> None:
    assert theme.LINESTYLES["test"] != theme.LINESTYLES["train"]


def test_readings_differ_without_colour_on_each_split() -> None:
    styles = [str(style) for of in theme.READING_STYLES.values() for style in of.values()]
    assert len(set(styles)) == len(styles) == 4


@pytest.mark.parametrize("colour", [theme.INK, *theme.PALETTE.values()])
def test_lines_and_letters_stand_out_from_the_page(colour: str) -> None:
    # WCAG 2 asks for a contrast of 3 where something is drawn.
    assert 1.05 / (luminance(colour) + 0.05) >= 3


@pytest.mark.parametrize(
    "colour", sorted(theme.colours() - {theme.GROUND, theme.PALE, theme.SHADE})
)
def test_they_stand_out_from_a_dark_page_too(colour: str) -> None:
    ground = luminance(theme.DARK[theme.GROUND])
    assert (luminance(theme.on_dark(colour)) + 0.05) / (ground + 0.05) >= 3.5


def test_the_ink_reads_on_a_shaded_node_in_the_dark() -> None:
    shade, ink = theme.DARK[theme.SHADE], theme.DARK[theme.INK]
    assert (luminance(ink) + 0.05) / (luminance(shade) + 0.05) >= 4.5


def test_import_sets_nothing_and_a_notebook_gets_svg_without_a_date() -> None:
    pytest.importorskip("IPython")
    script = """
import io, matplotlib
before = dict(matplotlib.rcParams)
from companion.figures.graphical_model import draw_figure1
from companion.figures.theme import use_theme
assert dict(matplotlib.rcParams) == before
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
use_theme()
data, metadata = shell.display_formatter.format(draw_figure1())
assert set(data) == {"text/plain", "image/svg+xml"}, set(data)
assert set(metadata["vaelib"]) == {"provenance", "csv"}
assert "<dc:date>" not in data["image/svg+xml"]
text = io.StringIO()
draw_figure1().savefig(text, format="svg", metadata={"Date": None})
print(text.getvalue(), end="")
"""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "MPLBACKEND": "agg"}
    other = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    # Another process, with other hashes, draws the same bytes.
    assert other.stdout == svg(draw_figure1())
