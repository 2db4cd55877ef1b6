"""What Hybrid Monte Carlo costs, and whether it is right: the sampler of Appendices D and E."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from vaelib import hmc
from vaelib.checks.limits import Count, OpenUnit, Positive, checked
from vaelib.errors import UserError
from vaelib.hmc.stepsize import start_tuning, tune
from vaelib.model import VariationalAutoencoder


@kept
@checked
def sampling_efficiency(
    model: VariationalAutoencoder,
    x: Tensor,
    *,
    n_leapfrog: Sequence[Count],
    target_acceptance: Sequence[OpenUnit],
    n_gradients: Count = 2000,
    generator: torch.Generator,
) -> pd.DataFrame:
    """How many independent draws from p(z|x) a gradient buys, by the sampler's settings.

    Every setting spends the same number of gradients: a quarter on the burn-in, in which each
    chain's stepsize is tuned, and the rest on the draws. The chains start at the encoder's means.

    Args:
        model: encoder and decoder.
        x: `(M, n_pixels)`, a chain for each.
        n_leapfrog: leapfrog steps in a transition.
        target_acceptance: what the stepsize is tuned to.
        n_gradients: of each chain, burn-in included.
        generator: all randomness.

    Returns:
        a row for each setting: n_leapfrog, target, acceptance, stepsize (the median chain's),
        ess (effective draws of a chain in its worst dimension, median over chains),
        ess_per_gradient (of the gradients after the burn-in, median over chains), worst (the
        same of the worst chain), and seconds (of CPU, for one datapoint and effective draw).
    """

    def log_density(z: Tensor) -> Tensor:
        return model.log_joint(x, z)

    with torch.no_grad():
        start = model.encode(x).mean
    rows = []
    for steps in n_leapfrog:
        for target in target_acceptance:
            n_burn_in = n_gradients // (4 * steps)
            n_samples = n_gradients // steps - n_burn_in
            before = time.process_time()
            _, found = hmc.sample(
                log_density,
                start,
                n_samples=n_samples,
                n_leapfrog=steps,
                stepsize=torch.full_like(start[:, 0], 0.1),
                n_burn_in=n_burn_in,
                target_acceptance=target,
                generator=generator,
            )
            seconds = (time.process_time() - before) / len(x)
            ess = found.effective_sample_size.amin(-1)
            per_gradient = ess / (n_samples * steps)
            rows.append(
                {
                    "n_leapfrog": steps,
                    "target": target,
                    "acceptance": found.acceptance.mean().item(),
                    "stepsize": found.stepsize.median().item(),
                    "ess": ess.median().item(),
                    "ess_per_gradient": per_gradient.median().item(),
                    "worst": per_gradient.min().item(),
                    "seconds": seconds / ess.median().item(),
                }
            )
    return pd.DataFrame(rows)


@checked
def energy_error(
    log_density: hmc.LogDensity,
    position: Tensor,
    stepsizes: Sequence[Positive],
    *,
    length: Positive,
    generator: torch.Generator,
) -> pd.DataFrame:
    """The leapfrog's error in H at the end of a path of fixed length, by its stepsize η.

    The same momenta serve every stepsize. A path has round(length / η) steps.

    Args:
        log_density: of the target.
        position: `(..., d)`, where the paths start; draws from the target, for what a chain meets.
        stepsizes: η, each at most `length`.
        length: η times the number of steps.
        generator: draws the momenta.

    Returns:
        columns stepsize, n_leapfrog and error: the median over paths of |ΔH|, in nats.

    Raises:
        UserError: if a stepsize is longer than the path.
    """
    state = hmc.init(position, log_density)
    momentum = torch.empty_like(position).normal_(generator=generator)
    start = 0.5 * momentum.square().sum(-1) - state.log_density
    rows = []
    for stepsize in stepsizes:
        if stepsize > length:
            raise UserError(f"the stepsize {stepsize} does not fit a path of length {length}")
        steps = round(length / stepsize)
        end, end_momentum, _ = hmc.leapfrog(
            log_density, state, momentum, stepsize, n_leapfrog=steps
        )
        error = 0.5 * end_momentum.square().sum(-1) - end.log_density - start
        rows.append((stepsize, steps, error.abs().nanmedian().item()))
    return pd.DataFrame(rows, columns=["stepsize", "n_leapfrog", "error"])


@checked
def tuning_path(
    log_density: hmc.LogDensity,
    position: Tensor,
    first: Sequence[Positive],
    *,
    n_transitions: Count = 60,
    n_leapfrog: Count = 10,
    target: OpenUnit = 0.9,
    generator: torch.Generator,
) -> pd.DataFrame:
    """The tuner of `vaelib.hmc.stepsize` at work, with one stepsize for all chains.

    Args:
        log_density: of the target.
        position: `(..., d)`, where the chains start.
        first: stepsizes to begin at.
        n_transitions: of each chain.
        n_leapfrog: 10 in Appendix E.
        target: 0.9 in Appendix E.
        generator: all randomness.

    Returns:
        columns first, transition (from 1), stepsize (with which it was made) and acceptance (its
        average over chains).
    """
    rows = []
    for begin in first:
        state = hmc.init(position, log_density)
        step = hmc.kernel(log_density, n_leapfrog=n_leapfrog, generator=generator)
        tuning = start_tuning(begin, like=state.log_density)
        for transition in range(1, n_transitions + 1):
            state, info = step(state, tuning.stepsize)
            accepted = info.acceptance_probability
            rows.append((begin, transition, tuning.stepsize.item(), accepted.mean().item()))
            tuning = tune(tuning, accepted, target=target)
    return pd.DataFrame(rows, columns=["first", "transition", "stepsize", "acceptance"])


@checked
def calibration_ranks(
    *,
    n_datasets: Count = 2000,
    n_draws: Count = 15,
    n_leapfrog: Count = 10,
    noise: Positive = 0.7,
    generator: torch.Generator,
) -> Tensor:
    """Simulation-based calibration of HMC on a correlated Gaussian posterior; `(n_datasets, 2)`.

    z ~ N(0, I) in two dimensions, x = W z + noise with a W that correlates the two. If the draws
    are from p(z|x), the rank of the true z among them is uniform on 0 … n_draws (Cook, Gelman and
    Rubin, 2006, Journal of Computational and Graphical Statistics 15).

    Args:
        n_datasets: each with one x, one true z and one chain.
        n_draws: kept of each chain, four transitions apart.
        n_leapfrog: leapfrog steps in a transition.
        noise: standard deviation of x given z.
        generator: all randomness.

    Returns:
        for each data set and dimension, how many draws are smaller than the true z.
    """
    weight = torch.tensor([[1.0, 0.8], [0.0, 1.5]], dtype=torch.float64)

    def normal() -> Tensor:
        return torch.randn(n_datasets, 2, generator=generator, dtype=torch.float64)

    z = normal()
    x = z @ weight.T + noise * normal()

    def log_density(z: Tensor) -> Tensor:
        misfit = (x - z @ weight.T) / noise
        return -0.5 * (z.square() + misfit.square()).sum(-1)

    draws, _ = hmc.sample(
        log_density,
        normal(),
        n_samples=n_draws,
        n_leapfrog=n_leapfrog,
        stepsize=0.3,
        n_burn_in=40,
        thinning=4,
        generator=generator,
    )
    return (draws < z).sum(0)
