"""One look for every figure: a colour, a line or a marker means the same in every chapter."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import numpy as np
import seaborn as sns

from companion.drawing.drawn_figure import DrawnFigure
from vaelib.checks.limits import Positive, checked

# Okabe and Ito's colours, which people with any common colour vision tell apart.
BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
VERMILION, PURPLE, YELLOW = "#D55E00", "#CC79A7", "#F0E442"
INK, GREY, PALE, SHADE = "#262626", "#8A8A8A", "#E4E4E4", "#D0D0D0"
GROUND = "#FFFFFF"
# What takes their place on a dark page: its own ground and ink. Other colours become lighter there.
DARK: Mapping[str, str] = {
    GROUND: "#121212",
    INK: "#CED6DD",
    GREY: "#9CA4AF",
    PALE: "#323A46",
    SHADE: "#48566B",
}

# One colour, name and marker for each learning algorithm; "paper" is the paper's own curve.
PALETTE: Mapping[str, str] = {
    "aevb": BLUE,
    "wake_sleep": VERMILION,
    "mcem": GREEN,
    "paper": GREY,
}
LABELS: Mapping[str, str] = {
    "aevb": "AEVB",
    "wake_sleep": "Wake-Sleep",
    "mcem": "MCEM",
    "paper": "the paper",
}
MARKERS: Mapping[str, str] = {"aevb": "o", "wake_sleep": "s", "mcem": "^"}
# Solid where it counts, on data that the model has not seen.
LINESTYLES: Mapping[str, str | tuple[int, tuple[float, ...]]] = {
    "test": "-",
    "train": (0, (2.5, 1.5)),
}
# How runs of Figs 2 and 3 read section 5: as its authors' code and curves have it, or as its words.
READING_STYLES: Mapping[str, Mapping[str, str | tuple[int, tuple[float, ...]]]] = {
    "as run": LINESTYLES,
    "as written": {"test": (0, (1.0, 1.0)), "train": (0, (3.5, 1.2, 1.0, 1.2))},
}

# The estimators of the bound and of its gradient, sections 2.2 and 2.3.
ESTIMATOR_COLOURS: Mapping[str, str] = {
    "score function": VERMILION,
    "Rao-Blackwellised": PURPLE,
    "exact KL": YELLOW,
    "score function with baseline": ORANGE,
    "score function with control variate": GREEN,
    "Rao-Blackwellised with control variate": GREY,
    "estimator A": SKY,
    "estimator B": BLUE,
}

ESTIMATOR_MARKERS: Mapping[str, str] = dict(zip(ESTIMATOR_COLOURS, "osD^vPXd", strict=True))

# The parts of the network of section 3, in its picture and in the formulas below it.
PARTS: Mapping[str, str] = {"encoder": BLUE, "noise": PURPLE, "decoder": GREEN}

# Ten colours, nine of them Paul Tol's "muted" scheme, for the ten digits.
DIGIT_COLOURS = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777"),
)

WIDTH = 7.0  # inches: the text column of the book
# In points. A phone shows five inches of a figure with letters of nine pixels.
TEXT_SIZE = 9.1

RC: Mapping[str, object] = {
    # DejaVu Sans comes with matplotlib, so a figure is the same on every machine.
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "cm",
    "font.size": TEXT_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "axes.titlesize": TEXT_SIZE,
    "legend.fontsize": TEXT_SIZE,
    "legend.title_fontsize": TEXT_SIZE,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "legend.frameon": False,
    "axes.titlepad": 5,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    # An opaque page of its own, so that a figure reads wherever it is opened.
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "savefig.facecolor": GROUND,
    # With these two an SVG is a function of the data alone.
    "svg.hashsalt": "vaelib",
    "svg.fonttype": "path",
}


def colours() -> frozenset[str]:
    """Every colour that means something in a figure, as `#RRGGBB`; those of an image are not."""
    named = (BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE, YELLOW, *DARK, *DIGIT_COLOURS)
    return frozenset(colour.upper() for colour in named)


@checked
def on_dark(colour: str) -> str:
    """What stands for a colour `#RRGGBB` on a dark page: as much lighter as reads there."""
    colour = colour.upper()
    if colour in DARK:
        return DARK[colour]
    levels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    steps = np.arange(0.0, 1.0, 0.05)
    mixed = np.round(levels + (255 - levels) * steps[:, None])
    # The first luminance with a contrast of 3.5 to the ground, as the explorers have it.
    shares = mixed / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722] >= 0.16
    red, green, blue = mixed[light.argmax()].astype(int)
    return f"#{red:02X}{green:02X}{blue:02X}"


def use_theme() -> None:
    """Set the book's theme for this process, and SVG as the format of figures in a notebook.

    Call it once, after the imports. Importing `companion.figures` sets nothing.
    """
    sns.set_theme(context="paper", style="ticks", palette="colorblind", rc=dict(RC))
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        # Comes with IPython. The import hooks matplotlib up, which would reset a format set before.
        inline = importlib.import_module("matplotlib_inline.backend_inline")
        inline.set_matplotlib_formats("svg", metadata={"Date": None})


@checked
def new_figure(width: Positive = WIDTH, height: Positive = 3.0) -> DrawnFigure:
    """An empty figure in inches, unknown to pyplot, so that a notebook shows it only once."""
    # Only what is a picture in an SVG, such as a cloud of points, depends on the resolution.
    return DrawnFigure(figsize=(width, height), dpi=150, layout="constrained", facecolor=GROUND)
