"""The figures' structure, not their pixels: panels, colours, units, the paper's curves, errors."""

from __future__ import annotations

import inspect
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from torch import Tensor

from companion import figures
from companion.experiments import paper_curves
from companion.experiments.manifold_grid import manifold_grid
from companion.figures.bound import draw_decomposition, draw_posterior_1d, draw_two_directions
from companion.figures.coding import draw_coding
from companion.figures.deviations import draw_distance_from_paper
from companion.figures.estimators import (
    draw_estimator_variance,
    draw_gradient_variance,
    draw_gradient_variance_in_training,
)
from companion.figures.exact_answers import draw_convergence, draw_gap_and_kl
from companion.figures.global_parameters import (
    draw_full_vb,
    draw_overfitting,
    draw_unit_prices,
    draw_weight_draws,
    draw_weight_spread,
)
from companion.figures.gradient_estimates import draw_gradient_estimates
from companion.figures.graphical_model import draw_figure1
from companion.figures.kl_surface import draw_kl_surface
from companion.figures.latent_space import draw_latent_codes
from companion.figures.learning_curves import draw_figure2, draw_figure3
from companion.figures.likelihood import (
    draw_likelihood_by_dimension,
    draw_likelihood_estimators,
    draw_likelihood_settings,
)
from companion.figures.manifolds import draw_figure4, draw_figure5
from companion.figures.objective import draw_decodings_against_images, draw_without_the_kl
from companion.figures.reconstructions import draw_reconstructions
from companion.figures.sampler import (
    draw_hmc_trajectory,
    draw_leapfrog_and_tuner,
    draw_rank_histogram,
    draw_sampling_efficiency,
)
from companion.figures.samples_of_data import draw_samples_of_data
from companion.figures.sampling import draw_gamma_path, draw_sample_path
from companion.figures.theme import ESTIMATOR_COLOURS, MARKERS, PALETTE, use_theme
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder, build

SHAPE = (4, 3)
COLUMNS = [
    *("training_samples", "split", "measure", "value"),
    *("dataset", "algorithm", "n_latent", "n_train", "seed"),
]
MNIST_LATENT, FREY_LATENT = (3, 5, 10, 20, 200), (2, 5, 10, 20)


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with mpl.rc_context():
        use_theme()
        yield
    assert plt.get_fignums() == []


def model(n_latent: int) -> VariationalAutoencoder:
    generator = torch.Generator().manual_seed(n_latent)
    return build(n_pixels=12, n_hidden=5, n_latent=n_latent, init_std=1.0, generator=generator)


def curves(measure: str = "lower_bound", *, n_train: int = 50_000) -> pd.DataFrame:
    """A run of each algorithm that begins far below every axis."""
    names = ["aevb", "wake_sleep"] + (["mcem"] if measure == "marginal_log_likelihood" else [])
    panels = [("mnist", n) for n in (MNIST_LATENT if len(names) == 2 else (3,))]
    panels += [("frey_face", n) for n in FREY_LATENT] if len(names) == 2 else []
    rows = [
        (10_000 * 2**k, split, measure, -100.0 * 2 ** (3 - k), dataset, name, n, n_train, 0)
        for dataset, n in panels
        for name in names
        for split in ("train", "test")
        for k in range(5)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def curves3() -> pd.DataFrame:
    return pd.concat([curves("marginal_log_likelihood", n_train=n) for n in (1000, 50_000)])


def svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.axison]


def colours(axes: Axes) -> set[str]:
    return {to_hex(line.get_color()).upper() for line in axes.lines if len(line.get_xdata())}


def lines(axes: Axes, name: str, linestyle: str) -> list[Line2D]:
    """The curves in the colour of an algorithm, or of the paper."""
    return [
        line
        for line in axes.lines
        if to_hex(line.get_color()).upper() == PALETTE[name]
        and line.get_linestyle() == linestyle
        and len(line.get_xdata())
    ]


def decomposition_table() -> pd.DataFrame:
    std = np.linspace(0.2, 2, 7)
    kl = std**2 / 2 - 0.5 - np.log(std)
    return pd.DataFrame(
        {"mean": 0.5, "std": std, "log_evidence": -1.0, "bound": -1.0 - kl, "kl": kl}
    )


def density_table() -> pd.DataFrame:
    z = np.linspace(-4, 4, 50)
    bell = np.exp(-(z**2) / 2)
    return pd.DataFrame({"z": z, "prior": bell, "likelihood": bell, "posterior": bell, "q": bell})


def directions_table() -> pd.DataFrame:
    z = np.linspace(-4, 4, 50)
    narrow, wide = np.exp(-2 * z**2), np.exp(-(z**2) / 2)
    return pd.DataFrame({"z": z, "posterior": wide, "aevb": narrow, "wake_sleep": wide})


def gradient_table() -> pd.DataFrame:
    rows = [
        (estimator, "mean.weight", component, (10.0 ** (7 - place)) * (1 + component))
        for place, estimator in enumerate(ESTIMATOR_COLOURS)
        for component in range(5)
    ]
    return pd.DataFrame(rows, columns=["estimator", "parameter", "component", "variance"])


def training_table() -> pd.DataFrame:
    tables = [
        gradient_table().assign(training_samples=samples, parameter=f"{layer}.weight")
        for samples in (0, 1000, 10_000)
        for layer in ("mean", "log_variance")
    ]
    return pd.concat(tables)


def estimator_table() -> pd.DataFrame:
    rows = [(i, e, v) for i in range(4) for e, v in (("A", 2.0 + i), ("B", 3.0))]
    return pd.DataFrame(rows, columns=["datapoint", "estimator", "variance"])


def likelihood_table() -> pd.DataFrame:
    rows = [(i, e, 0.1 * i) for i in range(4) for e in ("lower bound", "Appendix D")]
    return pd.DataFrame(rows, columns=["datapoint", "estimator", "error"])


def settings_table() -> pd.DataFrame:
    rows = [
        ("importance sampling", k, None, None, None, -1.0 / k - i)
        for k in (1, 10)
        for i in range(4)
    ]
    rows += [
        ("Appendix D", n, steps, density, "prior", 0.01 * i)
        for n, steps, density in ((50, 4, "gaussian"), (200, 4, "gaussian"), (50, 4, "kde"))
        for i in range(4)
    ]
    columns = ["estimator", "n_samples", "n_leapfrog", "density", "start", "error"]
    return pd.DataFrame(rows, columns=columns)


def dimension_table() -> pd.DataFrame:
    rows = [(d, n, d * i / n) for d in (2, 20) for n in (50, 200) for i in range(4)]
    return pd.DataFrame(rows, columns=["n_latent", "n_samples", "error"])


def by_dimension(table: pd.DataFrame) -> Figure:
    return draw_likelihood_by_dimension(table, tolerance=1.0)


def full_vb_table() -> pd.DataFrame:
    return pd.DataFrame(
        {"training_samples": [100, 200], "full_bound": [-3.0, -2.0], "kl_theta": [0.5, 0.6]}
    )


def objective_table() -> pd.DataFrame:
    rows = [
        (m, n, seed, "test", decodings, -200.0 + decodings / 100 + seed)
        for m, n in ((100, 1), (100, 10), (10, 10))
        for seed in (0, 1)
        for decodings in (1000, 2000)
    ]
    names = ["minibatch_size", "n_samples", "seed", "split", "decodings", "value"]
    return pd.DataFrame(rows, columns=names)


def gap_table() -> pd.DataFrame:
    return pd.DataFrame({"gap": [1e-6, 1e-3, 2.0], "kl": [1e-6, 1e-3, 2.0]})


def convergence_table() -> pd.DataFrame:
    rows = [
        (name, start, 100 * 10**k, (1 + start) * 10.0**-k)
        for name in ("aevb", "wake_sleep", "mcem")
        for start in range(3)
        for k in range(4)
    ]
    return pd.DataFrame(rows, columns=["algorithm", "start", "training_samples", "gap"])


def overfitting_table() -> pd.DataFrame:
    rows = [
        (method, n, 1000 * k, -100.0 + k, -100.0 - k)
        for method in ("maximum likelihood", "MAP", "full VB")
        for n in (100, 1000)
        for k in (1, 2)
    ]
    columns = ["method", "n_train", "training_samples", "train_bound", "test_bound"]
    return pd.DataFrame(rows, columns=columns)


def price_table() -> pd.DataFrame:
    return pd.DataFrame({"incoming": [10.0, 11.0], "outgoing": [500.0, 0.0]})


def spread_table() -> pd.DataFrame:
    return pd.DataFrame({"radius": [0.0, 1.0], "spread": [0.1, 0.2]})


def efficiency_table() -> pd.DataFrame:
    rows = [(n, target, 0.01 * n) for n in (1, 10) for target in (0.8, 0.9)]
    return pd.DataFrame(rows, columns=["n_leapfrog", "acceptance", "ess_per_gradient"])


def error_table() -> pd.DataFrame:
    return pd.DataFrame({"stepsize": [0.2, 0.1], "error": [0.5, 0.1]})


def tuning_table() -> pd.DataFrame:
    rows = [(first, k, 0.1 + first / k, 0.9) for first in (0.01, 1.0) for k in (1, 2)]
    return pd.DataFrame(rows, columns=["first", "transition", "stepsize", "acceptance"])


def gradient_estimates(std: float) -> Figure:
    epsilon = torch.linspace(-2, 2, 9)
    estimates = {"pathwise": 2 * epsilon, "score function": epsilon**3}
    return draw_gradient_estimates(torch.square, 0.5, std, epsilon[::4], estimates, exact=1.0)


def log_density(z: Tensor) -> Tensor:
    return -0.5 * z.square().sum(-1)


PATH = torch.tensor([[0.0, 0.0], [1.0, 0.5], [0.2, -0.7]])
CODES = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
RANKS = torch.tensor([[0, 3], [1, 3], [2, 0], [1, 1]])
IMAGES = torch.linspace(0, 1, 84).reshape(7, 12)


def deviations_table() -> pd.DataFrame:
    return pd.DataFrame(
        [("Default", "as in this book", base, 2.0) for base in ("mnist", "frey_face")]
        + [("Warm-up", "none", "mnist", 5.0), ("Leapfrog steps", "5", "mcem", 1.0)],
        columns=["matter", "choice", "base", "distance"],
    )


DRAWN: dict[str, Callable[[], Figure]] = {
    "figure1": draw_figure1,
    "figure2": lambda: draw_figure2(curves()),
    "figure3": lambda: draw_figure3(curves3()),
    "figure4": lambda: draw_figure4(model(2), SHAPE, n=3),
    "figure5": lambda: draw_figure5({2: model(2), 5: model(5)}, SHAPE, 0),
    "latent_codes": lambda: draw_latent_codes(CODES, torch.arange(60) % 10),
    "coding": lambda: draw_coding(model(2), IMAGES[0], CODES, (IMAGES, torch.arange(7)), SHAPE),
    "reconstructions": lambda: draw_reconstructions(IMAGES, 1 - IMAGES, SHAPE),
    "samples_of_data": lambda: draw_samples_of_data(IMAGES, SHAPE, 5),
    "kl_surface": lambda: draw_kl_surface(CODES, CODES.exp()),
    "decomposition": lambda: draw_decomposition(decomposition_table()),
    "posterior_1d": lambda: draw_posterior_1d(density_table()),
    "two_directions": lambda: draw_two_directions(directions_table()),
    "gradient_variance": lambda: draw_gradient_variance(gradient_table()),
    "gradient_variance_in_training": lambda: draw_gradient_variance_in_training(training_table()),
    "estimator_variance": lambda: draw_estimator_variance(estimator_table()),
    "likelihood_estimators": lambda: draw_likelihood_estimators(likelihood_table()),
    "likelihood_settings": lambda: draw_likelihood_settings(settings_table()),
    "likelihood_by_dimension": lambda: by_dimension(dimension_table()),
    "sample_path": lambda: draw_sample_path(PATH[:, 0], PATH[:, 0] + 1, PATH[:, 1]),
    "gradient_estimates": lambda: gradient_estimates(1.0),
    "gamma_path": lambda: draw_gamma_path(torch.tensor([0.5, 2.0]), torch.tensor([0.2, 0.7])),
    "hmc_trajectory": lambda: draw_hmc_trajectory(log_density, PATH, CODES),
    "decodings_against_images": lambda: draw_decodings_against_images(objective_table()),
    "distance_from_paper": lambda: draw_distance_from_paper(deviations_table()),
    "without_the_kl": lambda: draw_without_the_kl(
        {"off": model(2), "on": model(2)}, IMAGES, torch.arange(7), SHAPE
    ),
    "full_vb": lambda: draw_full_vb(full_vb_table(), log_evidence=-1.0),
    "gap_and_kl": lambda: draw_gap_and_kl(gap_table()),
    "convergence": lambda: draw_convergence(convergence_table(), halfway={"aevb": 0.05}),
    "overfitting": lambda: draw_overfitting(overfitting_table()),
    "unit_prices": lambda: draw_unit_prices({100: price_table(), 1000: price_table()}),
    "weight_draws": lambda: draw_weight_draws(
        IMAGES[:2], IMAGES[:6].unflatten(0, (3, 2)), SHAPE, ["near", "far"]
    ),
    "weight_spread": lambda: draw_weight_spread({100: spread_table()}),
    "sampling_efficiency": lambda: draw_sampling_efficiency(efficiency_table()),
    "leapfrog_and_tuner": lambda: draw_leapfrog_and_tuner(error_table(), tuning_table()),
    "rank_histogram": lambda: draw_rank_histogram(RANKS, 3),
}
# The words that say what is measured, and its unit where it has one.
AXIS_LABELS = {
    "figure2": ["training samples evaluated", "(nats per datapoint)"],
    "figure3": ["training samples evaluated", "(nats per datapoint)"],
    "figure4": ["$z_1$", "$z_2$"],
    "latent_codes": ["mean of $z_1$", "mean of $z_2$"],
    "coding": ["$z_1$", "$z_2$"],
    "kl_surface": ["mean", "standard deviation"],
    "decomposition": ["standard deviation", "nats"],
    "posterior_1d": ["$z$", "density of $z$"],
    "two_directions": ["$z$", "density of $z$"],
    "gradient_variance": ["(nats²)"],
    "gradient_variance_in_training": ["training samples evaluated", "(nats²)"],
    "gamma_path": ["shape", "cumulative probability"],
    "estimator_variance": ["A (nats²)", "B (nats²)"],
    "likelihood_estimators": ["(nats)"],
    "decodings_against_images": ["decoded samples", "test bound (nats per datapoint)"],
    "distance_from_paper": ["distance from", "(nats per datapoint)"],
    "without_the_kl": ["mean of $z_1$", "decoded draws from the prior"],
    "likelihood_settings": ["(nats)", "draws $k$", "draws $L$", "leapfrog steps"],
    "likelihood_by_dimension": ["(nats)", "latent dimensions"],
    "full_vb": ["training samples evaluated", "nats per datapoint"],
    "gap_and_kl": ["D_{KL}", "(nats per datapoint)"],
    "convergence": ["training samples evaluated", "(nats per datapoint)"],
    "overfitting": ["training samples evaluated", "(nats per datapoint)"],
    "unit_prices": ["hidden unit", "(nats)"],
    "weight_spread": ["(latent units)", "(pixel intensity)"],
    "sampling_efficiency": ["acceptance", "effective draws for each gradient"],
    "leapfrog_and_tuner": ["stepsize (latent units)", "(nats)", "transition", "acceptance"],
    "rank_histogram": ["rank of the true $z_2$", "data sets"],
}
TABLES: dict[str, tuple[Callable[[pd.DataFrame], Figure], Callable[[], pd.DataFrame]]] = {
    "figure2": (draw_figure2, curves),
    "figure3": (draw_figure3, curves3),
    "decomposition": (draw_decomposition, decomposition_table),
    "posterior_1d": (draw_posterior_1d, density_table),
    "two_directions": (draw_two_directions, directions_table),
    "gradient_variance": (draw_gradient_variance, gradient_table),
    "gradient_variance_in_training": (draw_gradient_variance_in_training, training_table),
    "estimator_variance": (draw_estimator_variance, estimator_table),
    "likelihood_estimators": (draw_likelihood_estimators, likelihood_table),
    "decodings_against_images": (draw_decodings_against_images, objective_table),
    "distance_from_paper": (draw_distance_from_paper, deviations_table),
    "likelihood_settings": (draw_likelihood_settings, settings_table),
    "likelihood_by_dimension": (by_dimension, dimension_table),
    "full_vb": (draw_full_vb, full_vb_table),
    "gap_and_kl": (draw_gap_and_kl, gap_table),
    "convergence": (draw_convergence, convergence_table),
    "overfitting": (draw_overfitting, overfitting_table),
    "unit_prices": (lambda table: draw_unit_prices({100: table}), price_table),
    "weight_spread": (lambda table: draw_weight_spread({100: table}), spread_table),
    "sampling_efficiency": (draw_sampling_efficiency, efficiency_table),
    "the leapfrog's error": (
        lambda table: draw_leapfrog_and_tuner(table, tuning_table()),
        error_table,
    ),
    "the tuner": (lambda table: draw_leapfrog_and_tuner(error_table(), table), tuning_table),
}


def test_every_function_is_drawn_here() -> None:
    modules = [
        import_module(f"{figures.__name__}.{m.name}") for m in iter_modules(figures.__path__)
    ]
    there = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and inspect.signature(value).return_annotation == "Figure"
        and not name.startswith("_")
    }
    assert {f"draw_{name}" for name in DRAWN} == there


@pytest.mark.parametrize("name", DRAWN)
def test_same_bytes_from_the_same_input(name: str) -> None:
    first, second = svg(DRAWN[name]()), svg(DRAWN[name]())
    assert first == second
    assert "<dc:date>" not in first


@pytest.mark.parametrize("name", DRAWN)
def test_page_is_opaque_and_light(name: str) -> None:
    assert DRAWN[name]().get_facecolor() == (1, 1, 1, 1)


@pytest.mark.parametrize("name", AXIS_LABELS)
def test_axes_say_what_and_in_which_unit(name: str) -> None:
    figure = DRAWN[name]()
    labels = [label for axes in figure.axes for label in (axes.get_xlabel(), axes.get_ylabel())]
    labels.append(figure.get_supxlabel())
    for words in AXIS_LABELS[name]:
        assert any(words in label for label in labels), (words, labels)


@pytest.mark.parametrize("name", TABLES)
def test_missing_column_is_named(name: str) -> None:
    draw, table = TABLES[name]
    needed = "z" if name == "posterior_1d" else table().columns[0]
    wrong = table().rename(columns={needed: "other"})
    with pytest.raises(UserError, match=rf"no column {needed}\b"):
        draw(wrong)


@pytest.mark.parametrize("name", TABLES)
def test_empty_table_is_refused(name: str) -> None:
    draw, table = TABLES[name]
    with pytest.raises(UserError, match="empty"):
        draw(table()[:0])


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


def test_manifold_shows_the_decoder_means_from_the_top_left() -> None:
    vae = model(2)
    (picture,) = draw_figure4(vae, SHAPE, n=3).axes[0].images
    with torch.no_grad():
        means = vae.decode(manifold_grid(3, like=vae)).mean
    shown = picture.get_array()
    assert shown is not None
    assert shown.shape == (12, 9)
    np.testing.assert_allclose(shown[:4, 3:6], means[1].reshape(SHAPE))
    np.testing.assert_allclose(shown[8:, :3], means[6].reshape(SHAPE))


def test_figure5_has_a_panel_for_each_latent_space_and_depends_on_the_seed() -> None:
    models = {n: model(n) for n in (2, 5, 10, 20)}
    first, second = draw_figure5(models, SHAPE, 0), draw_figure5(models, SHAPE, 1)
    assert [axes.get_title() for axes in first.axes] == [f"{n}-D latent space" for n in models]
    assert svg(first) != svg(second)


def test_labels_of_codes_stand_at_their_medians() -> None:
    axes = draw_latent_codes(CODES, torch.arange(60) % 10).axes[0]
    written = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(written) == set("0123456789")
    np.testing.assert_allclose(written["3"], np.median(CODES[3::10], axis=0))


def test_decomposition_shades_the_kl_between_bound_and_evidence() -> None:
    table = decomposition_table()
    axes = draw_decomposition(table).axes[0]
    outline = axes.collections[0].get_paths()[0].vertices
    assert outline[:, 1].min() == pytest.approx(table["bound"].min())
    assert outline[:, 1].max() == pytest.approx(-1.0)
    swept = pd.concat([table.assign(varied="std"), table.assign(varied="mean")])
    assert len(draw_decomposition(swept).axes) == 2
    both = table.assign(mean=table["std"])
    with pytest.raises(UserError, match="varied"):
        draw_decomposition(both)


def test_convergence_has_a_panel_for_each_algorithm_and_a_line_for_each_start() -> None:
    drawn = draw_convergence(convergence_table(), halfway={"aevb": 0.05}).axes
    assert [axes.get_title() for axes in drawn] == ["AEVB", "Wake-Sleep", "MCEM"]
    for axes, name in zip(drawn, ("aevb", "wake_sleep", "mcem"), strict=True):
        assert len(lines(axes, name, "-")) == 3
        np.testing.assert_allclose(axes.lines[3].get_ydata(), 2 * 10.0 ** -np.arange(4))
        heights = [set(line.get_ydata()) for line in axes.lines[4:]]
        assert heights == ([{0.05}] if name == "aevb" else [])
    with pytest.raises(UserError, match="algorithm 'svi'"):
        draw_convergence(convergence_table().assign(algorithm="svi"))


def test_gradient_variance_states_the_median_ratio() -> None:
    table = gradient_table().query(
        "estimator in @shown", local_dict={"shown": [*ESTIMATOR_COLOURS][-4:]}
    )
    axes = draw_gradient_variance(table).axes[0]
    written = [text.get_text() for text in axes.texts]
    assert written == ["× 1", "× 10", "× 100", "× 1.0 × $10^{3}$", "relative to B"]
    with pytest.raises(UserError, match="several rows"):
        draw_gradient_variance(gradient_table().drop(columns="component"))


def test_variance_in_training_is_the_median_of_each_layer() -> None:
    table = training_table()
    drawn = draw_gradient_variance_in_training(table).axes
    titles = [axes.get_title() for axes in drawn]
    assert titles == ["layer of the mean", "layer of the log variance"]
    for axes in drawn:
        assert len(axes.lines) == len(ESTIMATOR_COLOURS)
        best = axes.lines[-1]
        assert to_hex(best.get_color()).upper() == ESTIMATOR_COLOURS["estimator B"]
        # Variances 1, 2, 3, 4, 5: their median.
        np.testing.assert_array_equal(best.get_ydata(), 3.0)
        np.testing.assert_array_equal(best.get_xdata(), [0, 1000, 10_000])
    with pytest.raises(UserError, match="only one count"):
        draw_gradient_variance_in_training(table[table["training_samples"] == 0])


def test_estimator_variance_states_the_share() -> None:
    # A has variance 2, 3, 4, 5, and B always 3.
    assert "50%" in draw_estimator_variance(estimator_table()).axes[0].get_title()


def test_estimates_that_are_no_numbers_are_counted() -> None:
    table = likelihood_table()
    table.loc[1, "error"] = np.nan
    texts = [text.get_text() for text in draw_likelihood_estimators(table).axes[0].texts]
    assert texts == ["1 not finite"]
    by_size = pd.concat([table.assign(n_latent=n) for n in (2, 10)])
    assert len(draw_likelihood_estimators(by_size).axes) == 2


def test_likelihood_settings_have_a_box_for_each_value_and_no_other_density() -> None:
    table = settings_table()
    table.loc[table["density"] == "kde", "error"] = 100.0
    table.loc[0, "error"] = np.nan
    drawn = draw_likelihood_settings(table).axes
    ticks = [[text.get_text() for text in axes.get_xticklabels()] for axes in drawn]
    assert ticks == [["1", "10"], ["50", "200"], ["4"]]
    assert max(axes.dataLim.y1 for axes in drawn) < 1.0


def test_likelihood_by_dimension_has_a_panel_for_each_number_of_draws() -> None:
    left, right = by_dimension(dimension_table()).axes
    assert (left.get_title(), right.get_title()) == ("$L = 50$", "$L = 200$")
    assert [text.get_text() for text in left.get_xticklabels()] == ["2", "20"]


def test_samples_keep_their_height_in_the_cumulative_distribution() -> None:
    mean, std, epsilon = torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.5]), torch.tensor([-1.0, 1])
    left, right = draw_sample_path(mean, std, epsilon).axes
    np.testing.assert_allclose(left.lines[-1].get_xdata(), [1.0, 2.5])
    heights = torch.special.ndtr(epsilon.double())
    for points in right.collections:
        np.testing.assert_allclose(np.asarray(points.get_offsets())[:, 1], heights)


def test_a_stroke_has_the_slope_of_the_function_and_every_estimate_is_counted() -> None:
    above, _, *histograms = gradient_estimates(0.25).axes
    strokes = above.lines[1:-1]
    assert len(strokes) == 3
    for stroke, z in zip(strokes, (0.0, 0.5, 1.0), strict=True):
        (left, right), (low, high) = stroke.get_data()
        assert (left + right) / 2 == pytest.approx(z)
        assert (high - low) / (right - left) == pytest.approx(2 * z)
    for axes in histograms:
        bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        assert sum(bar.get_height() for bar in bars) == 9


def _reach(stroke: Line2D) -> tuple[list[float], list[Tensor]]:
    """Changes of α of a thousandth about the middle of a tangent, and z on it."""
    (a, b), (low, high) = stroke.get_data()
    middle, slope = (low + high) / 2, (high - low) / (b - a)
    changes = [-1e-3, 1e-3]
    return changes, [torch.as_tensor(middle + slope * change).double() for change in changes]


def test_strokes_of_a_gamma_path_are_tangents() -> None:
    alpha, epsilon = torch.tensor([0.8, 2.0, 3.0]), torch.tensor([0.3, 0.9])
    left, right = draw_gamma_path(alpha, epsilon).axes
    strokes = left.lines[2:]
    assert len(strokes) == 6
    for place, stroke in enumerate(strokes):
        shape, noise = alpha[place // 2].double(), epsilon[place % 2].double()
        ends = [torch.special.gammainc(shape + h, z) for h, z in zip(*_reach(stroke), strict=True)]
        # Near the touching point the cumulative probability is that of the sample.
        for end in ends:
            assert end.item() == pytest.approx(noise.item(), abs=1e-5)
    for points in right.collections:
        np.testing.assert_allclose(np.asarray(points.get_offsets())[:, 1], epsilon)


def test_overfitting_has_a_panel_for_each_size_with_test_solid_and_train_dashed() -> None:
    drawn = draw_overfitting(overfitting_table()).axes
    assert [axes.get_title() for axes in drawn] == ["100 training images", "1000 training images"]
    for axes in drawn:
        ends = {(line.get_linestyle(), float(line.get_ydata()[-1])) for line in axes.lines}
        assert ends == {("-", -102.0), ("--", -98.0)}
        assert len(axes.lines) == 6
    with pytest.raises(UserError, match="method 'SVI'"):
        draw_overfitting(overfitting_table().assign(method="SVI"))


def test_weight_draws_show_the_mean_first_and_a_row_for_each_code() -> None:
    left, right = DRAWN["weight_draws"]().axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["near", "far"]
    first, draws = (np.asarray(axes.images[0].get_array()) for axes in (left, right))
    np.testing.assert_allclose(first[6:], IMAGES[1].reshape(SHAPE))
    # Two pixels of gap: the second code under the third draw is at the bottom right.
    np.testing.assert_allclose(draws[6:, 10:], IMAGES[5].reshape(SHAPE))


def test_slope_two_goes_through_the_smallest_stepsize() -> None:
    left = draw_leapfrog_and_tuner(error_table(), tuning_table()).axes[0]
    np.testing.assert_allclose(left.lines[1].get_ydata(), [0.4, 0.1])


def test_bars_count_the_ranks() -> None:
    heights = [
        [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)][-4:]
        for axes in draw_rank_histogram(RANKS, 3).axes
    ]
    assert heights == [[1, 2, 1, 0], [1, 1, 0, 2]]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_figure4(model(3), SHAPE),
        lambda: draw_figure4(model(2), (5, 5)),
        lambda: draw_figure4(model(2), SHAPE, n=0),
        lambda: draw_figure5({}, SHAPE),
        lambda: draw_latent_codes(CODES[:, :1], torch.zeros(60)),
        lambda: draw_latent_codes(CODES, torch.full((60,), 10)),
        lambda: draw_latent_codes(CODES, torch.zeros(59)),
        lambda: draw_reconstructions(IMAGES, IMAGES[:2], SHAPE),
        lambda: draw_samples_of_data(IMAGES[:0], SHAPE),
        lambda: draw_kl_surface(CODES),
        lambda: draw_sample_path(PATH[:, 0], PATH[:, 0], PATH[:, 1]),
        lambda: draw_sample_path(PATH[:1, 0], PATH[:1, 0] + 1, PATH[:, 1]),
        lambda: gradient_estimates(0.0),
        lambda: draw_gradient_estimates(torch.square, 0, 1, PATH[0], {}, exact=0.0),
        lambda: draw_gamma_path(torch.tensor([2.0, 1.0]), torch.tensor([0.5])),
        lambda: draw_gamma_path(torch.tensor([1.0, 2.0]), torch.tensor([1.5])),
        lambda: draw_hmc_trajectory(log_density, PATH[:, :1]),
        lambda: draw_unit_prices({}),
        lambda: draw_weight_spread({}),
        lambda: draw_weight_draws(IMAGES[:2], IMAGES[:6], SHAPE, ["near", "far"]),
        lambda: draw_weight_draws(IMAGES[:2], IMAGES[None, :2], SHAPE, ["near"]),
        lambda: draw_sampling_efficiency(
            pd.DataFrame({"n_leapfrog": range(7), "acceptance": 0.9, "ess_per_gradient": 0.1})
        ),
        lambda: draw_rank_histogram(RANKS, 2),
        lambda: draw_rank_histogram(RANKS[0], 3),
    ],
)
def test_wrong_input_is_refused_in_words(draw: Callable[[], Figure]) -> None:
    with pytest.raises(UserError, match=r": (pass|give|Fig)"):
        draw()


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


def test_settings_of_m_and_l_stand_where_they_are_compared() -> None:
    """A band over the seeds, and no setting on the right whose step costs more than the first's."""
    figure = draw_decodings_against_images(objective_table())
    left, right = panels(figure)
    assert (len(left.lines), len(right.lines)) == (2, 2)
    assert len(left.collections) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "$M = 100$, $L = 1$",
        "$M = 100$, $L = 10$",
        "$M = 10$, $L = 10$",
    ]


def test_only_a_plane_of_codes_is_drawn_without_the_kl() -> None:
    with pytest.raises(UserError, match="n_latent 5: a plane of codes needs 2"):
        draw_without_the_kl({"off": model(5)}, IMAGES, torch.arange(7), SHAPE)


def test_choices_stand_in_the_panel_of_their_run_beside_the_default() -> None:
    table = deviations_table()
    mnist, mcem, frey_face = panels(draw_distance_from_paper(table))
    assert [label.get_text() for label in mnist.get_yticklabels()] == [
        "as in this book",
        "Warm-up: none",
        "Leapfrog steps: 5",
    ]
    default, dots = mnist.lines
    assert default.get_xdata()[0] == 2.0  # type: ignore[index]
    assert (list(dots.get_xdata()), list(dots.get_ydata())) == ([2.0, 5.0], [0, 1])
    assert list(mcem.lines[0].get_ydata()) == [2]
    assert list(frey_face.lines[1].get_ydata()) == [0]
    with pytest.raises(UserError, match="compute reference runs"):
        draw_distance_from_paper(table.assign(distance=float("nan")))


def test_a_choice_that_diverged_is_an_arrow_at_the_edge() -> None:
    table = deviations_table()
    far = table.iloc[[2]].assign(choice="0.1", distance=1e8)
    both = pd.concat([table, far], ignore_index=True)
    dots, arrows = panels(draw_distance_from_paper(both))[0].lines[1:]
    assert list(dots.get_xdata()) == [2.0, 5.0]
    assert (list(arrows.get_xdata()), list(arrows.get_ydata())) == ([5.75], [3])
