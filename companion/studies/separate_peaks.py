"""Posteriors of separate peaks, between which no chain of Appendix D crosses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from companion.measurements.kept import kept
from companion.studies.quadrature import quadrature
from vaelib import hmc
from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, Whole, checked
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.marginal_likelihood import N_PRIOR_DRAWS, posterior_density_estimator
from vaelib.likelihood.pairs import ROWS_AT_ONCE, log_likelihood_table
from vaelib.model import VariationalAutoencoder, log_standard_normal
from vaelib.networks import draw
from vaelib.randomness import generator as make_generator

# Appendix D's, as Fig. 3 has them: five chains a round, ten draws each, after six transitions.
CHAINS_KEPT, DRAWS_KEPT, _BURN_IN, _LEAPFROG = 10, 10, 6, 4
KNOWN_TO = 0.01  # nats
ON_THE_WAY = 41  # points on the straight line between two codes


@checked
def chains_from_the_prior(
    model: VariationalAutoencoder,
    x: Data,
    *,
    generator: torch.Generator,
    n_prior_draws: Count = N_PRIOR_DRAWS,
) -> Tensor:
    """Draws of p(z|x) as the two rounds of Appendix D make them.

    Each chain starts at a draw of the prior, resampled in proportion to its likelihood.

    Args:
        x: `(M, n_pixels)`.
        generator: on the model's device.
        n_prior_draws: as the estimator has them; with many more no peak is missed, and all chains
            start on the highest.

    Returns:
        `(DRAWS_KEPT, CHAINS_KEPT, M, n_latent)`; the first half of the chains is the first round.
    """
    x = datapoints(model, x)
    with torch.no_grad():
        z = draw(model.prior().expand((n_prior_draws,)), generator=generator)
        parts = [log_likelihood_table(model, x, part) for part in z.split(ROWS_AT_ONCE)]
        likelihood = torch.cat(parts, dim=-1).softmax(-1)
    chosen = torch.multinomial(likelihood, CHAINS_KEPT, replacement=True, generator=generator)
    log_joint = latent_density(model, x)
    position = z[chosen.T]
    slope = hmc.init(position, log_joint).gradient.square().sum(-1).mean(0)
    draws, _ = hmc.sample(
        log_joint,
        position,
        n_samples=DRAWS_KEPT,
        n_leapfrog=_LEAPFROG,
        stepsize=(model.n_latent / slope).sqrt(),
        n_burn_in=_BURN_IN,
        generator=generator,
    )
    return draws


def scale_reduction(draws: Tensor) -> Tensor:
    """The potential scale reduction of chains, in the worst dimension: 1 where all say the same.

    By how much the spread of all draws exceeds that within single chains. Chains that sit on
    different peaks have a large one, however well each of them moves.

    Args:
        draws: `(n, C, M, d)`, n of each of C chains, both at least 2.

    Returns:
        `(M,)`.

    Source:
        Gelman and Rubin, 1992, Statistical Science 7, section 2.2, without its correction for few
        degrees of freedom.
    """
    within = draws.var(0).mean(0)
    between = draws.mean(0).var(0)
    n = len(draws)
    return ((n - 1) / n + between / within).sqrt().amax(-1)


@checked
def errors_by_training(
    models: Mapping[int, VariationalAutoencoder], x: Tensor, *, seed: Whole, repetitions: Count = 3
) -> pd.DataFrame:
    """The error of Appendix D's estimator, and whether its chains agree, as a model is trained.

    Args:
        models: by the training samples that they have seen, of at most three latent dimensions.
        x: `(M, n_pixels)`; an image whose quadrature is not known to `KNOWN_TO` is left out.
        seed: of each model's own draws: what is measured of one does not depend on the others.
        repetitions: of estimates and chains.

    Returns:
        a row for each model, repetition and datapoint: trained, n_latent, repetition, datapoint,
        error (with the paper's settings, against quadrature; nats), scale_reduction (of other
        chains with the same settings).
    """
    return pd.concat(
        [
            errors_and_agreement(
                model,
                x,
                repetitions=repetitions,
                generator=make_generator(seed, "errors by training", trained, model.n_latent),
            ).assign(trained=trained, n_latent=model.n_latent)
            for trained, model in models.items()
        ],
        ignore_index=True,
    )


@kept
@checked
def errors_and_agreement(
    model: VariationalAutoencoder, x: Tensor, *, repetitions: Count, generator: torch.Generator
) -> pd.DataFrame:
    """`errors_by_training` of one model.

    Returns:
        columns datapoint, error, scale_reduction, repetition, as there.
    """
    exact, lattice = quadrature(model, x, tolerance=KNOWN_TO)
    tables = []
    for repetition in range(repetitions):
        value, _ = posterior_density_estimator(model, x, generator=generator)
        draws = chains_from_the_prior(model, x, generator=generator)
        table = pd.DataFrame(
            {"error": (value - exact).numpy(), "scale_reduction": scale_reduction(draws)}
        )
        table = table.rename_axis("datapoint").reset_index()[lattice.converged.numpy()]
        tables.append(table.assign(repetition=repetition))
    return pd.concat(tables, ignore_index=True)


class PosteriorSlice(NamedTuple):
    """p(z|x) of one datapoint on a plane through two of its codes.

    Attributes:
        along, across: coordinates on the plane, `(n,)`, in units of z; the first code is the
            origin, the second lies on the first axis.
        log_density: `(n, n)`, rows by `across`; in nats, that of the first code being 0.
        draws: `(K, 2)`, draws of chains, laid onto the plane.
        codes: the two, `(2, n_latent)`.
        barrier: by how much log p(z|x) falls on the straight line between the codes, below the
            lower of the two; nats.
    """

    along: Tensor
    across: Tensor
    log_density: Tensor
    draws: Tensor
    codes: Tensor
    barrier: float


@checked
@torch.no_grad()
def slice_between_peaks(
    model: VariationalAutoencoder,
    x: Tensor,
    draws: Tensor,
    *,
    highest: Tensor,
    n: Count = 201,
) -> PosteriorSlice:
    """The plane through the two codes of a datapoint that the deepest valley parts.

    The first code is the most probable of all, the second the draw with the deepest valley between.
    The plane's other axis is the one in which the draws spread most beside.

    Args:
        x: `(n_pixels,)`.
        draws: of p(z|x), `(K, n_latent)`, two latent dimensions or more.
        highest: codes of the highest peak, `(K, n_latent)`, which the draws may have missed.
        n: points on each axis.
    """

    def log_joint(z: Tensor) -> Tensor:
        rows = z.reshape(-1, model.n_latent)
        value = log_likelihood_table(model, x.unsqueeze(0), rows)[0] + log_standard_normal(rows)
        return value.reshape(z.shape[:-1])

    codes = torch.cat([highest, draws])
    first = codes[log_joint(codes).argmax()]
    top, height = log_joint(first), log_joint(draws)
    steps = torch.linspace(0.0, 1.0, ON_THE_WAY, dtype=x.dtype).view(-1, 1, 1)
    lowest = log_joint(first.lerp(draws, steps)).amin(0)
    barriers = torch.minimum(height, top) - lowest
    second = draws[barriers.argmax()]
    length = (second - first).norm()
    axis = (second - first) / length
    beside = draws - first
    beside = beside - (beside @ axis).unsqueeze(-1) * axis
    other = torch.linalg.svd(beside - beside.mean(0), full_matrices=False).Vh[0]
    other = other - (other @ axis) * axis
    other = other / other.norm()
    along = torch.linspace(-0.5, 1.5, n, dtype=x.dtype) * length
    across = torch.linspace(-0.75, 0.75, n, dtype=x.dtype) * length
    plane = first + along.view(1, -1, 1) * axis + across.view(-1, 1, 1) * other
    laid = torch.stack([(draws - first) @ axis, (draws - first) @ other], dim=-1)
    return PosteriorSlice(
        along=along,
        across=across,
        log_density=log_joint(plane) - top,
        draws=laid,
        codes=torch.stack([first, second]),
        barrier=barriers.max().item(),
    )
