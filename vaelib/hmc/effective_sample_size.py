"""How many independent draws a set of dependent, or of weighted, draws is worth."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vaelib.checks.limits import Count, checked
from vaelib.checks.shapes import Float
from vaelib.errors import UserError


def of_chains(samples: Tensor) -> Float[Tensor, "*chains"]:
    """Effective number of independent draws in each chain, `(n, *chains)`.

    n / (1 + 2 Σ ρ_t), the autocorrelations ρ_t summed in adjacent pairs up to the first negative
    pair and made monotone: the initial monotone sequence of Geyer (1992), Statistical Science 7,
    section 3.3. At most n log₁₀ n, as in Vehtari et al. (2021), Bayesian Analysis 16. A chain
    that never moved, or has fewer than four draws, counts as one; for a draw that is not finite
    the result is NaN. It is computed in float64, whatever the location and the scale of the draws:
    what float16 or float32 rounded off before is lost, and the chain of rounded draws is judged.

    The result has the dtype of the samples, or the default one for integers.

    Raises:
        UserError: for complex or no draws.

    >>> alternating = torch.tensor([0.0, 1.0]).repeat(50)
    >>> of_chains(torch.stack([alternating, alternating.sort().values], dim=1))
    tensor([200.0000,   2.9994])
    """
    if samples.ndim == 0 or len(samples) == 0 or samples.is_complex():
        raise UserError(
            f"samples have shape {tuple(samples.shape)} and type {samples.dtype}: give draws of a "
            "real type, at least one, along the first dimension"
        )
    dtype = samples.dtype if samples.is_floating_point() else torch.get_default_dtype()
    n = samples.shape[0]
    # From the first draw, which is exact for a chain that stands still.
    moved = samples.double() - samples[0].double()
    if n < 4:
        return torch.ones_like(moved[0]).where(moved.isfinite().all(0), torch.nan).to(dtype)
    constant = (moved == 0.0).all(0)
    centred = moved - moved.mean(0)
    # Squares of very large or very small numbers are none.
    centred = centred / centred.abs().amax(0).where(~constant, 1.0)
    spectrum = torch.fft.rfft(centred, n=2 * n, dim=0)
    covariance = torch.fft.irfft(spectrum.abs() ** 2, n=2 * n, dim=0)[:n] / n
    rho = covariance / covariance[0].where(~constant, 1.0)
    pairs = rho[0 : n - n % 2 : 2] + rho[1:n:2]
    monotone = pairs.clamp(min=0.0).cummin(0).values
    time = (2.0 * monotone.sum(0) - 1.0).clamp(min=1.0 / math.log10(n))
    return torch.where(constant, 1.0, n / time).to(dtype)


def of_log_weights(log_weight: Float[Tensor, "n *batch"]) -> Float[Tensor, "*batch"]:
    """(Σ w)² / Σ w² of weights given by their logs (Kong, 1992).

    It is 0 where all weights underflow or one is not a number.

    >>> of_log_weights(torch.tensor([0.0, 0.0, -1000.0]))
    tensor(2.)
    """
    log_size = 2.0 * log_weight.logsumexp(0) - (2.0 * log_weight).logsumexp(0)
    return log_size.exp().nan_to_num(nan=0.0)


@checked
def standard_error(size: Float[Tensor, "*batch"], n: Count) -> Float[Tensor, "*batch"]:
    """Of the log of the mean of n weights, by the delta method, from their effective sample size.

    Var(mean w) / mean(w)² = (n / size − 1) / n. It is infinite where all weights underflow, and NaN
    for a single weight, from which no error can be told.

    >>> standard_error(torch.tensor([100.0, 50.0]), 100)
    tensor([0.0000, 0.1000])
    """
    if n == 1:
        return torch.full_like(size, torch.nan)
    return (1.0 / size - 1.0 / n).clamp(min=0.0).sqrt()
