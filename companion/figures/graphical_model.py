"""Figure 1: the directed graphical model."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from companion.figures.theme import BLUE, GROUND, INK, SHADE, new_figure

DASHES = (0, (4, 2.5))
Place = tuple[float, float]

# Where the nodes stand and how large they are, in the units of the axes.
PHI, Z, THETA, X = (0.0, 2.0), (2.2, 2.0), (4.4, 2.0), (2.2, 0.0)
RADIUS = {PHI: 0.28, THETA: 0.28, Z: 0.42, X: 0.42}


def draw_figure1() -> Figure:
    """The model of section 2.1: latent z and observed x for each of N datapoints.

    Solid arrows are the generative model p_θ(z) p_θ(x|z), dashed ones the variational
    approximation q_φ(z|x). A circle is a random variable, shaded if observed; θ and φ are
    parameters, shared by the datapoints on the plate.
    """
    figure = new_figure(4.6, 2.9)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.5, 5.9), ylim=(-0.95, 2.85), aspect="equal")
    axes.axis("off")
    plate = FancyBboxPatch(
        (1.15, -0.85), 2.1, 3.6, boxstyle="round,pad=0,rounding_size=0.15", fc="none", ec=INK
    )
    axes.add_patch(plate)
    axes.text(3.12, -0.72, "$N$", ha="right", va="bottom", fontsize=13)
    for place, name, shade in ((Z, r"$\mathbf{z}$", GROUND), (X, r"$\mathbf{x}$", SHADE)):
        axes.add_patch(Circle(place, RADIUS[place], fc=shade, ec=INK, lw=1.2))
        axes.text(*place, name, ha="center", va="center", fontsize=18)
    for place, name in ((PHI, r"$\phi$"), (THETA, r"$\theta$")):
        axes.text(*place, name, ha="center", va="center", fontsize=18)
    _arrow(axes, Z, X)
    _arrow(axes, THETA, Z)
    _arrow(axes, THETA, X)
    _arrow(axes, PHI, Z, variational=True)
    _arrow(axes, X, Z, variational=True, bend=-0.55)
    generative = r"$p_\theta(\mathbf{z})\,p_\theta(\mathbf{x}|\mathbf{z})$"
    axes.legend(
        handles=[
            Line2D([], [], color=INK, lw=1.3, label=generative),
            Line2D([], [], color=BLUE, lw=1.3, ls=DASHES, label=r"$q_\phi(\mathbf{z}|\mathbf{x})$"),
        ],
        loc="lower left",
        bbox_to_anchor=(3.5, -0.95),
        bbox_transform=axes.transData,
        fontsize=12,
    )
    return figure


def _arrow(
    axes: Axes, start: Place, end: Place, *, variational: bool = False, bend: float = 0.0
) -> None:
    """An arrow from the edge of one node to that of another."""
    arrow = FancyArrowPatch(
        start,
        end,
        connectionstyle=f"arc3,rad={bend}",
        arrowstyle="-|>",
        mutation_scale=13,
        shrinkA=1,
        shrinkB=1,
        patchA=_edge(axes, start),
        patchB=_edge(axes, end),
        ls=DASHES if variational else "-",
        color=BLUE if variational else INK,
        lw=1.3,
    )
    axes.add_patch(arrow)


def _edge(axes: Axes, place: Place) -> Circle:
    # Never drawn; an arrow starts and ends at its outline.
    return Circle(place, RADIUS[place], transform=axes.transData)
