"""Section 3 as a picture: from a datapoint to its bound, through both networks."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from companion.figures.theme import (
    GROUND,
    INK,
    ORANGE,
    PARTS,
    SHADE,
    VERMILION,
    new_figure,
)

_Place = tuple[float, float]

# Where everything stands, in the units of the axes.
_X, _MU, _SIGMA, _EPSILON, _Z, _MEAN = (
    (0, 2),
    (2.6, 2.6),
    (2.6, 1.4),
    (4.1, 3.2),
    (4.1, 2),
    (6.9, 2),
)
_ENCODER, _DECODER = (1.3, 2), (5.5, 2)
_KL, _RECONSTRUCTION, _BOUND = (2.6, 0), (6.9, 0), (4.75, 0)
_LOWEST = -1.0
_RADIUS = 0.36
_BOX = (0.9, 1.5)


def draw_network() -> Figure:
    """A variational auto-encoder: x → (μ, σ) → z = μ + σ ⊙ ε → x̂, and the two terms of Eq. 10.

    Colours are those of the parts everywhere in section 3: encoder, noise, decoder. Datapoint and
    noise, which are given, are shaded. x̂ stands for the parameters of p_θ(x|z).
    """
    figure = new_figure(5.0, 3.0)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.5, 7.4), ylim=(-1.1, 3.65), aspect="equal")
    axes.axis("off")
    encoder, noise, decoder = (PARTS[name] for name in ("encoder", "noise", "decoder"))
    for start, end in (
        (_X, _ENCODER),
        (_ENCODER, _MU),
        (_ENCODER, _SIGMA),
        (_MU, _Z),
        (_SIGMA, _Z),
    ):
        _arrow(axes, start, end)
    for start, end in ((_EPSILON, _Z), (_Z, _DECODER), (_DECODER, _MEAN)):
        _arrow(axes, start, end)
    for start, end, bend in ((_MU, _KL, 0.45), (_SIGMA, _KL, 0), (_MEAN, _RECONSTRUCTION, 0)):
        _arrow(axes, start, end, bend=bend)
    # The datapoint itself is what is looked up in p_θ(x|z): around the divergence, from below.
    axes.plot([_X[0], _X[0], _MEAN[0]], [_X[1] - _RADIUS, _LOWEST, _LOWEST], color=INK, lw=1.2)
    _arrow(axes, (_MEAN[0], _LOWEST), _RECONSTRUCTION)
    _box(axes, _ENCODER, r"$\phi$", encoder)
    _box(axes, _DECODER, r"$\theta$", decoder)
    for place, name, colour, shade in (
        (_X, r"$x$", INK, SHADE),
        (_MU, r"$\mu$", encoder, GROUND),
        (_SIGMA, r"$\sigma$", encoder, GROUND),
        (_EPSILON, r"$\epsilon$", noise, SHADE),
        (_Z, r"$z$", INK, GROUND),
        (_MEAN, r"$\hat{x}$", decoder, GROUND),
    ):
        axes.add_patch(Circle(place, _RADIUS, fc=shade, ec=colour, lw=1.8))
        axes.text(place[0], place[1], name, ha="center", va="center", fontsize=13)
    axes.text(_Z[0], _Z[1] - 0.68, r"$\mu+\sigma\odot\epsilon$", ha="center", va="center")
    for place, name, colour in (
        (_KL, r"$-D_{KL}(q\,\|\,p)$", VERMILION),
        (_RECONSTRUCTION, r"$\log\,p_\theta(x|z)$", ORANGE),
    ):
        _label(axes, place, name, colour)
    axes.text(*_BOUND, r"$+$", ha="center", va="center", fontsize=13)
    axes.text(_BOUND[0], -0.65, r"the bound $\mathcal{L}$, their sum", ha="center", va="center")
    return figure


def _box(axes: Axes, place: _Place, name: str, colour: str) -> None:
    """A network with its weights."""
    corner = (place[0] - _BOX[0] / 2, place[1] - _BOX[1] / 2)
    shape = FancyBboxPatch(corner, *_BOX, boxstyle="round,pad=0,rounding_size=0.12")
    shape.set(facecolor=GROUND, edgecolor=colour, linewidth=1.8)
    axes.add_patch(shape)
    axes.text(place[0], place[1], name, ha="center", va="center", fontsize=13)


def _label(axes: Axes, place: _Place, name: str, colour: str) -> None:
    """A term of the bound."""
    box = {"boxstyle": "round,pad=0.3", "fc": GROUND, "ec": colour, "lw": 1.8}
    axes.text(*place, name, ha="center", va="center", bbox=box)


def _arrow(axes: Axes, start: _Place, end: _Place, *, bend: float = 0.0) -> None:
    """An arrow between two places; what stands there is drawn over its ends."""
    half: dict[_Place, float] = {_ENCODER: 0.48, _DECODER: 0.48, _KL: 0.32, _RECONSTRUCTION: 0.32}
    outline = [
        Circle(place, half.get(place, _RADIUS + 0.04), transform=axes.transData)
        for place in (start, end)
    ]
    if start[1] == _LOWEST:
        outline[0].radius = 0
    arrow = FancyArrowPatch(
        start,
        end,
        connectionstyle=f"arc3,rad={bend}",
        arrowstyle="-|>",
        mutation_scale=11,
        shrinkA=0,
        shrinkB=0,
        patchA=outline[0],
        patchB=outline[1],
        color=INK,
        lw=1.2,
    )
    axes.add_patch(arrow)
