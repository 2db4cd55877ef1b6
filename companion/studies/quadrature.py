"""log p(x) by quadrature, for up to three latent dimensions: what the estimators are checked with.

p(x) = ∫ p(z) p(x|z) dz is summed over a lattice of spacing h. For a smooth density the error of
that sum falls faster than any power of h once h is near the width of the density (Trefethen and
Weideman, 2014, SIAM Review 56), so the plain sum is the best rule; what takes care is to put
points only where the posterior is, and to notice when h is too large.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaelib.checks.datapoints import Data, datapoints
from vaelib.checks.limits import Count, Positive, checked
from vaelib.errors import UserError
from vaelib.likelihood.pairs import ROWS_AT_ONCE, log_likelihood_table
from vaelib.model import VariationalAutoencoder, log_standard_normal

SCAN_POINTS_PER_AXIS = {1: 2001, 2: 241, 3: 41}
SCAN_REACH = 6.0  # prior standard deviations; growth goes beyond it where the posterior does
N_SEEDS = 64
FIRST_SPACING = 0.5
REFINEMENT = 1.5
KEY_BITS = 48  # of a lattice point's int64 key; the rest is for the datapoint
LARGEST_Z = 64.0  # such coordinates must fit the key, which bounds the spacing from below


class QuadratureDiagnostics(NamedTuple):
    """How well the sum is known, per datapoint."""

    error: Tensor  # (M,), difference between two interleaved lattices in nats: a bound in practice
    converged: Tensor  # (M,), bool: the difference is below the tolerance
    n_points: Tensor  # (M,), int64, lattice points of the last sum


class _Points(NamedTuple):
    """Latent points of several datapoints, in one list."""

    owner: Tensor  # (n,), int64: the datapoint that a point belongs to
    z: Tensor  # (n, d)


class _LatticeSum(NamedTuple):
    value: Tensor  # (M,), log of the sum times the volume of a cell
    effective_points: Tensor  # (M,), (Σ p)² / Σ p²
    n_points: Tensor  # (M,), int64
    near: _Points  # those within the depth of the peak


@checked
@torch.no_grad()
def quadrature(
    model: VariationalAutoencoder,
    x: Data,
    *,
    tolerance: Positive = 1e-3,
    max_points: Count = 200_000,
    chunk_size: Count = 64,
) -> tuple[Tensor, QuadratureDiagnostics]:
    """log p(x) of each datapoint, in nats, by an adaptive lattice sum over z.

    A scan of the prior's region gives each datapoint some seeds. On a lattice of spacing h, the
    seeds grow, point by neighbouring point, until the rim is 12 − log(tolerance) nats below the
    peak; so separate modes, and a posterior beyond the scan, are followed. The same is done on
    the lattice shifted by half a cell. While the two sums differ by more than the tolerance, or
    have so few points that they could agree by chance, h shrinks by 1.5. The result is the mean
    of the two sums, whose own error is far below their difference.

    Args:
        model: with n_latent of 1, 2 or 3. In float64 the sum is good to 1e-5 and better; in
            float32 the rounding of log p(x|z) itself, about 1e-5 of its size, is the limit.
        tolerance: in nats.
        max_points: lattice points for one datapoint beyond which it is given up as not converged;
            so is a posterior narrower than about 0.002 in three dimensions, where keys run out.
        chunk_size: datapoints treated together.

    Returns:
        log p(x) and diagnostics; where `converged` is False the value is not to be trusted.

    Raises:
        UserError: for more than three latent dimensions, settings out of range, data that
            `datapoints` refuses, or a log p(x, z) that is NaN or nowhere finite in the scan.

    >>> from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
    >>> from vaelib.randomness import generator
    >>> exact = ProbabilisticPCA.example()
    >>> x = exact.sample(3, generator(0, "x"))
    >>> value, diagnostics = quadrature(exact.best_model(), x)
    >>> bool((value - exact.log_evidence(x)).abs().max() < 1e-5), bool(diagnostics.converged.all())
    (True, True)
    """
    if model.n_latent not in SCAN_POINTS_PER_AXIS:
        raise UserError(
            f"quadrature is for at most 3 latent dimensions, but the model has {model.n_latent}: "
            "use importance_sampling"
        )
    x = datapoints(model, x)
    seeds = _scan(model, x)
    chunks = zip(x.split(chunk_size), seeds.split(chunk_size), strict=True)
    parts = [_refine(model, *chunk, tolerance, max_points) for chunk in chunks]
    value, *diagnostics = (torch.cat(part) for part in zip(*parts, strict=True))
    return value, QuadratureDiagnostics(*diagnostics)


def _scan(model: VariationalAutoencoder, x: Tensor) -> Tensor:
    """The N_SEEDS most probable points of a coarse lattice for each datapoint, (M, N_SEEDS, d)."""
    d = model.n_latent
    axis = torch.linspace(
        -SCAN_REACH, SCAN_REACH, SCAN_POINTS_PER_AXIS[d], dtype=x.dtype, device=x.device
    )
    grid = torch.cartesian_prod(*[axis] * d).reshape(-1, d)
    best = x.new_full((len(x), N_SEEDS), -torch.inf)
    place = torch.zeros((len(x), N_SEEDS), dtype=torch.int64, device=x.device)
    for start in range(0, len(grid), ROWS_AT_ONCE):
        z = grid[start : start + ROWS_AT_ONCE]
        log_joint = log_likelihood_table(model, x, z) + log_standard_normal(z)
        k = min(N_SEEDS, len(z))
        top = log_joint.topk(k, dim=1)
        best, order = torch.cat([best, top.values], 1).topk(N_SEEDS, dim=1)
        place = torch.cat([place, top.indices + start], 1).gather(1, order)
    if not bool(best[:, 0].isfinite().all()):
        raise UserError(
            f"log p(x, z) is NaN, or nowhere finite, on the scanned lattice of {len(grid)} points "
            f"for {int((~best[:, 0].isfinite()).sum())} datapoints: check x and the model's weights"
        )
    return grid[place]


def _refine(
    model: VariationalAutoencoder, x: Tensor, seeds: Tensor, tolerance: float, max_points: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Lattice sums of shrinking spacing for the datapoints in x, until each has converged."""
    n, d = len(x), model.n_latent
    depth = 12.0 - math.log(tolerance)
    value, error = x.new_full((n,), -torch.inf), x.new_full((n,), torch.inf)
    converged = torch.zeros(n, dtype=torch.bool, device=x.device)
    n_points = torch.zeros(n, dtype=torch.int64, device=x.device)
    active = torch.arange(n, device=x.device)
    starts = _Points(active.repeat_interleave(N_SEEDS), seeds.flatten(0, 1))
    spacing = FIRST_SPACING
    while len(active) and spacing > 2.0 * LARGEST_Z / _axis(d):
        one, two = (
            _lattice_sum(model, x[active], starts, spacing, shift, depth)
            for shift in (0.0, 0.5 * spacing)
        )
        difference = (one.value - two.value).abs()
        # A sum over very few points can agree with its shifted twin by symmetry alone.
        resolved = torch.minimum(one.effective_points, two.effective_points) > 2.0**d
        done = resolved & (difference < tolerance)
        count = one.n_points + two.n_points
        value[active] = torch.logaddexp(one.value, two.value) - math.log(2.0)
        error[active], converged[active], n_points[active] = difference, done, count
        on = ~done & difference.isfinite() & (count * REFINEMENT**d <= max_points)
        active = active[on]
        renumbered = on.cumsum(0) - 1
        owner = torch.cat([one.near.owner, two.near.owner])
        z = torch.cat([one.near.z, two.near.z])[on[owner]]
        starts = _Points(
            torch.cat([renumbered[owner[on[owner]]], renumbered[on].repeat_interleave(N_SEEDS)]),
            torch.cat([z, seeds[active].flatten(0, 1)]),
        )
        spacing /= REFINEMENT
    return value, error, converged, n_points


def _lattice_sum(
    model: VariationalAutoencoder,
    x: Tensor,
    starts: _Points,
    spacing: float,
    shift: float,
    depth: float,
) -> _LatticeSum:
    """Grow the lattice from `starts` to `depth` nats below each datapoint's peak, and sum it."""
    n, d = len(x), model.n_latent
    unit = torch.eye(d, dtype=torch.int64, device=x.device)
    neighbours = torch.cat([unit, -unit])
    keys = torch.empty(0, dtype=torch.int64, device=x.device)
    values, peak = x.new_empty(0), x.new_full((n,), -torch.inf)
    fresh = _to_key(starts.owner, ((starts.z - shift) / spacing).round().long()).unique()
    while len(fresh):
        owner, place = _from_key(fresh, d)
        z = place.to(x.dtype) * spacing + shift
        parts = zip(owner.split(ROWS_AT_ONCE), z.split(ROWS_AT_ONCE), strict=True)
        value = torch.cat([model.log_joint(x[i], part) for i, part in parts])
        keys, values = torch.cat([keys, fresh]), torch.cat([values, value])
        peak = peak.scatter_reduce(0, owner, value, "amax")
        high = value > peak[owner] - depth
        around = place[high].unsqueeze(1) + neighbours
        candidates = _to_key(owner[high].unsqueeze(1).expand(around.shape[:-1]), around).unique()
        fresh = candidates[~torch.isin(candidates, keys)]
    owner, place = _from_key(keys, d)
    weight = (values - peak[owner]).exp()
    total = torch.zeros_like(peak).index_add(0, owner, weight)
    squares = torch.zeros_like(peak).index_add(0, owner, weight.square())
    near = values > peak[owner] - depth
    return _LatticeSum(
        peak + total.log() + d * math.log(spacing),
        total.square() / squares,
        torch.bincount(owner, minlength=n),
        _Points(owner[near], place[near].to(x.dtype) * spacing + shift),
    )


def _axis(d: int) -> int:
    """Lattice coordinates lie in [−_axis(d) / 2, _axis(d) / 2)."""
    return 1 << (KEY_BITS // d)


def _to_key(owner: Tensor, place: Tensor) -> Tensor:
    """One int64 for a datapoint and a lattice place, so that sets of points are sets of numbers."""
    key, axis = owner, _axis(place.shape[-1])
    for coordinate in place.unbind(-1):
        key = key * axis + coordinate + axis // 2
    return key


def _from_key(key: Tensor, d: int) -> tuple[Tensor, Tensor]:
    """The inverse of `_to_key`: owner (n,) and place (n, d)."""
    axis, places = _axis(d), []
    for _ in range(d):
        places.append(key % axis - axis // 2)
        key = key.div(axis, rounding_mode="floor")
    return key, torch.stack(places[::-1], dim=-1)
