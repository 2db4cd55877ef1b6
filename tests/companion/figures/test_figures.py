"""The figures' structure, not their pixels: panels, colours, units, the paper's curves, errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from companion import figures
from companion.figures.bound import draw_decomposition, draw_posterior_1d, draw_two_directions
from companion.figures.coding import draw_coding
from companion.figures.deviations import draw_distance_from_paper
from companion.figures.estimators import (
    draw_estimator_variance,
    draw_gradient_variance,
    draw_gradient_variance_in_training,
)
from companion.figures.exact_answers import draw_convergence, draw_gap_and_kl
from companion.figures.generated import draw_generated
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
from companion.figures.leads import draw_leads_of_figure2, draw_leads_of_figure3
from companion.figures.learning_curves import draw_figure2, draw_figure3
from companion.figures.likelihood import (
    draw_likelihood_estimators,
    draw_likelihood_settings,
)
from companion.figures.manifolds import draw_figure4, draw_figure5
from companion.figures.network import draw_network
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
from companion.figures.separate_peaks import draw_separate_peaks
from companion.figures.stepsize_rule import draw_stepsize_rule
from companion.figures.warmup_clock import draw_warmup_clock
from tests.companion.figures.inputs import (
    CODES,
    IMAGES,
    PATH,
    RANKS,
    SHAPE,
    averages_table,
    by_dimension,
    convergence_table,
    curves,
    curves3,
    decomposition_table,
    density_table,
    deviations_table,
    dimension_table,
    directions_table,
    efficiency_table,
    error_table,
    estimator_table,
    full_vb_table,
    gap_table,
    gradient_estimates,
    gradient_table,
    leads,
    leads3,
    likelihood_table,
    log_density,
    model,
    objective_table,
    overfitting_table,
    price_table,
    printed_curves,
    prints_table,
    rule_table,
    settings_table,
    spread_table,
    svg,
    training_table,
    tuning_table,
    two_peaks,
)
from vaelib.errors import UserError

DRAWN: dict[str, Callable[[], Figure]] = {
    "figure1": draw_figure1,
    "network": draw_network,
    "figure2": lambda: draw_figure2(curves()),
    "figure3": lambda: draw_figure3(curves3()),
    "leads_of_figure2": lambda: draw_leads_of_figure2(leads()),
    "leads_of_figure3": lambda: draw_leads_of_figure3(leads3()),
    "figure4": lambda: draw_figure4(model(2), SHAPE, n=3),
    "figure5": lambda: draw_figure5({2: model(2), 5: model(5)}, SHAPE, 0),
    "latent_codes": lambda: draw_latent_codes(CODES, torch.arange(60) % 10),
    "coding": lambda: draw_coding(model(2), IMAGES[0], CODES, (IMAGES, torch.arange(7)), SHAPE),
    "reconstructions": lambda: draw_reconstructions(IMAGES, 1 - IMAGES, SHAPE),
    "samples_of_data": lambda: draw_samples_of_data(IMAGES, SHAPE, 5),
    "generated": lambda: draw_generated(IMAGES, SHAPE, columns=2),
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
    "separate_peaks": lambda: draw_separate_peaks(two_peaks(), IMAGES[:3], SHAPE),
    "stepsize_rule": lambda: draw_stepsize_rule(rule_table()),
    "warmup_clock": lambda: draw_warmup_clock(prints_table(), averages_table(), printed_curves()),
}
# The words that say what is measured, and its unit where it has one.
AXIS_LABELS = {
    "figure2": ["training samples evaluated", "(nats per datapoint)"],
    "figure3": ["training samples evaluated", "(nats per datapoint)"],
    "leads_of_figure2": ["training samples evaluated", "(nats per datapoint)"],
    "leads_of_figure3": ["training samples evaluated", "(nats per datapoint)"],
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
    "separate_peaks": ["from peak a to peak b", "(nats)"],
    "stepsize_rule": ["updates 200 to 250 (nats per datapoint)", "its lead later"],
    "warmup_clock": ["training samples evaluated", "(nats per datapoint)"],
}
TABLES: dict[str, tuple[Callable[[pd.DataFrame], Figure], Callable[[], pd.DataFrame]]] = {
    "figure2": (draw_figure2, curves),
    "figure3": (draw_figure3, curves3),
    "leads_of_figure2": (draw_leads_of_figure2, leads),
    "leads_of_figure3": (draw_leads_of_figure3, leads3),
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
    "stepsize_rule": (draw_stepsize_rule, rule_table),
    "the leapfrog's error": (
        lambda table: draw_leapfrog_and_tuner(table, tuning_table()),
        error_table,
    ),
    "the clock's prints": (
        lambda table: draw_warmup_clock(table, averages_table(), printed_curves()),
        prints_table,
    ),
    "the clock's averages": (
        lambda table: draw_warmup_clock(prints_table(), table, printed_curves()),
        averages_table,
    ),
    "the clock's curves": (
        lambda table: draw_warmup_clock(prints_table(), averages_table(), table),
        printed_curves,
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
    labels += [figure.get_supxlabel(), figure.get_supylabel()]
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
        lambda: draw_generated(IMAGES[:0], SHAPE),
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
        lambda: draw_separate_peaks(two_peaks(), IMAGES[:2], SHAPE),
        lambda: draw_separate_peaks(two_peaks(), IMAGES[:3], (5, 5)),
        lambda: draw_rank_histogram(RANKS, 2),
        lambda: draw_rank_histogram(RANKS[0], 3),
    ],
)
def test_wrong_input_is_refused_in_words(draw: Callable[[], Figure]) -> None:
    with pytest.raises(UserError, match=r": (pass|give|Fig)"):
        draw()
