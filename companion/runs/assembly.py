"""From a run's settings to the objects that train it."""

from __future__ import annotations

import math
from typing import Any

import torch

from companion.runs.choices import APPENDIX_C
from companion.runs.config import STEPSIZES, RunConfig
from companion.runs.other_networks import build_others
from vaelib import datasets
from vaelib.aevb import AEVB
from vaelib.algorithm import Algorithm
from vaelib.arithmetic.products import fast_products
from vaelib.checks.limits import Count, Positive, checked
from vaelib.datasets import Dataset, binarise
from vaelib.errors import DivergedError, UserError
from vaelib.fast.algorithms import FastAEVB, FastMCEM, FastWakeSleep, is_supported
from vaelib.mcem import MCEM
from vaelib.model import DecoderKind, VariationalAutoencoder, build
from vaelib.randomness import generator
from vaelib.training import Trainer
from vaelib.wake_sleep import WakeSleep

# The "first few iterations" of section 5, in updates of the weights: the warm-up and 150 more, of
# which the last 50 count.
PROBE_UPDATES = 250
PROBE_WINDOW = 50
# What of a run's settings decides its data, beside the data set's name.
DATA_SETTINGS = ("pixels", "n_train", "seed", "split", "face_scale", "mnist_scale")


def load_data(config: RunConfig) -> Dataset:
    """The data that a run is trained and evaluated on."""
    settings: dict[str, Any] = {name: getattr(config, name) for name in DATA_SETTINGS}
    return datasets.load(config.dataset, **settings)


def make_model(config: RunConfig, data: Dataset, *, device: str) -> VariationalAutoencoder:
    """The model of a run at its start, equal on every device."""
    return model_for(config, n_pixels=data.train.shape[1], decoder=data.decoder).to(device)


@checked
def model_for(
    config: RunConfig, *, n_pixels: Count, decoder: DecoderKind
) -> VariationalAutoencoder:
    """The model of a run at its start, for data of so many pixels, on the CPU."""
    if config.networks != APPENDIX_C:
        return build_others(config)
    return build(
        n_pixels=n_pixels,
        n_hidden=config.n_hidden,
        n_latent=config.n_latent,
        decoder=decoder,
        init_std=config.init_std,
        encoder_log_variance=config.encoder_log_variance,
        output_bias=config.output_bias,
        decoder_layers=config.decoder_layers,
        generator=generator(config.seed, "initialise"),
    )


@checked
def make_algorithm(
    config: RunConfig,
    model: VariationalAutoencoder,
    *,
    stepsize: Positive,
    device: str,
    compile_step: bool = False,
) -> Algorithm:
    """The algorithm that the settings name, on a model; in its fast form where there is one.

    Raises:
        UserError: if the step is to be compiled, and this machine, or this model, cannot.
    """
    is_fast = is_supported(model)
    if compile_step and not is_fast:
        raise UserError(
            f"the step cannot be compiled for networks {config.networks}, which only autograd "
            "differentiates: leave --compile out"
        )
    settings: dict[str, Any] = {
        "n_train": config.n_train,
        "stepsize": stepsize,
        "warmup": config.warmup,
        "prior_precision": config.prior_precision,
        "prior_on_biases": config.prior_on_biases,
        "generator": generator(config.seed, "algorithm", device=device),
    }
    form: dict[str, Any] = {"compile_step": compile_step, "precision": config.precision}
    if config.algorithm == "aevb":
        settings |= {"n_samples": config.n_samples, "kl_weight": config.kl_weight}
        if config.estimator == "A" or not is_fast:
            return AEVB(model, estimator=config.estimator, **settings)
        return FastAEVB(model, **settings, **form)
    if config.algorithm == "wake_sleep":
        if not is_fast:
            return WakeSleep(model, **settings)
        return FastWakeSleep(model, **settings, **form)
    settings |= {
        "n_leapfrog": config.n_leapfrog,
        "n_weight_updates": config.n_weight_updates,
        "m_step_points": config.m_step_points,
        "target_acceptance": config.target_acceptance,
    }
    return FastMCEM(model, **settings, **form) if is_fast else MCEM(model, **settings)


@checked
def make_trainer(
    config: RunConfig,
    data: Dataset,
    *,
    stepsize: Positive,
    device: str,
    compile_step: bool = False,
) -> Trainer:
    """A trainer at the start of the run."""
    model = make_model(config, data, device=device)
    return Trainer(
        make_algorithm(config, model, stepsize=stepsize, device=device, compile_step=compile_step),
        data.train.to(device),
        minibatch_size=config.minibatch_size,
        samples_per_step=config.samples_per_step,
        generator=generator(config.seed, "minibatches", device=device),
        replacement=config.replacement,
        transform=binarise if config.pixels == "dynamic" else None,
        within=fast_products,
    )


def compare_stepsizes(config: RunConfig, data: Dataset, *, device: str) -> dict[float, float]:
    """What each stepsize of {0.01, 0.02, 0.1} reaches in the first iterations, section 5.

    Every candidate starts from the same parameters and sees the same minibatches and noise.

    Returns:
        for each stepsize the average training objective over the last `PROBE_WINDOW` of
        `PROBE_UPDATES` updates, in nats per datapoint; candidates that diverged are left out.
    """
    steps = PROBE_UPDATES // config.weight_updates_per_step
    window = PROBE_WINDOW // config.weight_updates_per_step
    reached = {}
    for stepsize in STEPSIZES:
        trainer = make_trainer(config, data, stepsize=stepsize, device=device)
        objective = trainer.algorithm.objective
        try:
            values = [trainer.step()[objective] for _ in range(steps)]
        except DivergedError:
            continue
        average = torch.stack(values[-window:]).mean().item()
        if math.isfinite(average):
            reached[stepsize] = average
    return reached
