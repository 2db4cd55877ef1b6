"""Appendix F drawn: full variational Bayes while it learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from torch import Tensor

from companion.drawing.images import sheet, to_images
from companion.drawing.inputs import check_table, check_values, to_array
from companion.figures.theme import BLUE, GREY, INK, LINESTYLES, ORANGE, PURPLE, WIDTH, new_figure
from vaelib.checks.limits import Count, Finite, checked
from vaelib.errors import UserError

# MAP is AEVB as in the rest of the book, and has its colour.
METHODS = {"maximum likelihood": ORANGE, "MAP": BLUE, "full VB": PURPLE}


@checked
def draw_full_vb(curve: pd.DataFrame, *, log_evidence: Finite | None = None) -> Figure:
    """Appendix F: the bound L(φ; X)/N while training, and the price of θ that is inside it.

    The band reaches from the bound to what it would be without KL(q(θ) ‖ p(θ))/N.

    Args:
        curve: columns training_samples, full_bound, kl_theta (nats per datapoint), as
            `FullVB.step` reports them; smooth them first if they are single minibatches.
        log_evidence: log p(X)/N where it is known, a level that the bound cannot pass.

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(curve, ("training_samples", "full_bound", "kl_theta"), figure="full VB")
    curve = curve.sort_values("training_samples")
    samples, bound = curve["training_samples"], curve["full_bound"]
    figure = new_figure(5.0, 3.2)
    axes = figure.add_subplot()
    axes.fill_between(
        samples,
        bound,
        bound + curve["kl_theta"],
        color=PURPLE,
        alpha=0.25,
        lw=0,
        label=r"$D_{KL}(q_\phi(\theta)\,\|\,p_\alpha(\theta))\,/\,N$",
    )
    axes.plot(
        samples, bound, color=PURPLE, label=r"lower bound $\mathcal{L}(\phi;\mathbf{X})\,/\,N$"
    )
    if log_evidence is not None:
        axes.axhline(
            log_evidence, color=INK, ls="--", lw=1.2, label=r"$\log\,p_\alpha(\mathbf{X})\,/\,N$"
        )
    axes.set(xlabel="training samples evaluated", ylabel="nats per datapoint")
    axes.margins(x=0.02)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def draw_overfitting(curve: pd.DataFrame) -> Figure:
    """Appendix F: the bound on training and on test images, with and without a posterior over θ.

    Args:
        curve: columns method, n_train, training_samples, train_bound, test_bound (nats per
            datapoint); a panel for each n_train.

    Raises:
        UserError: for a table without these columns or rows, or an unknown method.
    """
    columns = ("method", "n_train", "training_samples", "train_bound", "test_bound")
    check_table(curve, columns, figure="overfitting")
    check_values(curve, "method", METHODS, figure="overfitting")
    sizes = sorted(curve["n_train"].unique())
    figure = new_figure(WIDTH, 3.2)
    panels = figure.subplots(1, len(sizes), squeeze=False, sharey=True)[0]
    for axes, n_train in zip(panels, sizes, strict=True):
        for method, colour in METHODS.items():
            mine = curve.query("n_train == @n_train and method == @method")
            for split in ("train", "test"):
                axes.plot(
                    *(mine["training_samples"], mine[f"{split}_bound"]),
                    color=colour,
                    ls=LINESTYLES[split],
                    marker="o" if split == "test" else "",
                    label=f"{method}, {split}" if axes is panels[0] and len(mine) else "",
                )
        axes.set(xscale="log", title=f"{n_train} training images")
        axes.set_xlabel("training samples evaluated")
        axes.xaxis.set_minor_formatter(NullFormatter())
    panels[0].set_ylabel("lower bound (nats per datapoint)")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def draw_unit_prices(prices: Mapping[int, pd.DataFrame]) -> Figure:
    """Appendix F: what each hidden unit of the decoder costs, and which ones are switched off.

    Args:
        prices: from n_train to a table with the columns incoming and outgoing, nats; a row for
            each unit, drawn in the order given.

    Raises:
        UserError: if there is no table, or one without these columns or rows.
    """
    if not prices:
        raise UserError("there is no table of prices: pass at least one")
    figure = new_figure(WIDTH, 2.8)
    panels = figure.subplots(1, len(prices), squeeze=False, sharey=True)[0]
    for axes, (n_train, table) in zip(panels, prices.items(), strict=True):
        check_table(table, ("incoming", "outgoing"), figure="the prices of units")
        for column, colour, marker, name in (
            ("outgoing", PURPLE, "o", "its weights to the pixels"),
            ("incoming", GREY, "s", "its weights from $z$, and its bias"),
        ):
            axes.plot(
                *(range(1, len(table) + 1), table[column]),
                marker,
                color=colour,
                label=name if axes is panels[0] else "",
            )
        axes.set_yscale("symlog", linthresh=1)
        axes.set(xlabel="hidden unit, dearest first", title=f"{n_train} training images")
    panels[0].set_ylabel("price of the unit (nats)")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


@checked
def draw_weight_draws(
    at_mean: Tensor, draws: Tensor, image_shape: Sequence[Count], names: Sequence[str]
) -> Figure:
    """Appendix F: what single codes become under several draws of θ.

    Args:
        at_mean: `(K, n_pixels)`, decoded with the mean of q(θ): the column on the left.
        draws: `(L, K, n_pixels)`, decoded with L draws: the other columns.
        image_shape: height and width of an image in pixels.
        names: of the K codes, one for each row.

    Raises:
        UserError: if the shapes do not fit.
    """
    images = to_array(draws)
    if images.ndim != 3 or images.shape[1:] != to_array(at_mean).shape or not images.size:
        raise UserError(
            f"draws of shape {images.shape} and decodings at the mean of shape "
            f"{tuple(at_mean.shape)} do not fit: pass (L, K, n_pixels) and (K, n_pixels)"
        )
    if len(names) != images.shape[1]:
        raise UserError(f"{len(names)} names for {images.shape[1]} codes: pass one for each")
    height, width = image_shape
    gap = 2
    left = to_images(at_mean, image_shape)
    rows = [to_images(images[:, k], image_shape) for k in range(len(names))]
    columns = images.shape[0] + 1
    figure = new_figure(WIDTH, 0.2 + (WIDTH - 1.2) / columns * len(names) * height / width)
    first, rest = figure.subplots(1, 2, width_ratios=[1, columns - 1])
    picture = sheet(left, columns=1, gap=gap)
    first.imshow(picture, cmap="gray", vmin=0, vmax=1)
    first.set_yticks([(height + gap) * k + height / 2 for k in range(len(names))], list(names))
    first.set_title("mean of θ")
    together = [image for row in rows for image in row]
    rest.imshow(
        sheet(to_array(together), columns=columns - 1, gap=gap), cmap="gray", vmin=0, vmax=1
    )
    rest.set_yticks([])
    rest.set_title("draws of θ from $q_\\phi(\\theta)$")
    for axes in (first, rest):
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.grid(visible=False)
    return figure


def draw_weight_spread(spread: Mapping[int, pd.DataFrame]) -> Figure:
    """Appendix F: the doubt about a decoding grows with the distance of the code from the data.

    Args:
        spread: from n_train to a table with the columns radius (latent units) and spread
            (standard deviation of pixel intensities over θ).

    Raises:
        UserError: if there is no table, or one without these columns or rows.
    """
    if not spread:
        raise UserError("there is no table of spreads: pass at least one")
    figure = new_figure(4.4, 2.8)
    axes = figure.add_subplot()
    for (n_train, table), linestyle, marker in zip(
        spread.items(), ("-", "--", ":"), ("o", "s", "^"), strict=False
    ):
        check_table(table, ("radius", "spread"), figure="the spread of decodings")
        axes.plot(
            *(table["radius"], table["spread"]),
            color=PURPLE,
            ls=linestyle,
            marker=marker,
            label=f"{n_train} training images",
        )
    axes.set(xlabel="distance of the code from 0 (latent units)", ylim=(0, None))
    axes.set_ylabel("spread over θ (pixel intensity)")
    axes.legend()
    return figure
