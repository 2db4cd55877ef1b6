"""Which runs a command names: all of them, those of a figure, or one by its name, by seed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from companion.experiments import paper_grid
from companion.runs.config import RunConfig, RunRequest
from vaelib.checks.limits import Whole, checked
from vaelib.errors import UserError

RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)
MOST_SEEDS = 1000


@checked
def select(target: str, profile: str, *, seed: Whole) -> list[RunRequest]:
    """The requests that a target names, each run once and as far as any figure asks.

    Raises:
        UserError: for a target that is neither `all`, a figure, nor a run of this profile.
    """
    groups = paper_grid.groups(profile, seed=seed)
    chosen = _furthest(
        request
        for group, requests in groups.items()
        for request in requests
        if target in ("all", group, *_names(request.config))
    )
    if not chosen:
        raise UserError(
            f"run {target!r} is not known: use all, {', '.join(groups)}, "
            f"or a run's name such as {groups['figure2'][0].config.slug}"
        )
    return chosen


@checked
def select_seeds(target: str, profile: str, *, seeds: Sequence[Whole]) -> list[RunRequest]:
    """As `select`, for each of the seeds; a run may be named with any of them, or with seed 0.

    Raises:
        UserError: as `select`.
    """
    if target in ("all", *paper_grid.GROUPS):
        return _furthest(
            request for seed in seeds for request in select(target, profile, seed=seed)
        )
    for request in select("all", profile, seed=seeds[0]):
        config = request.config
        if any(target in _names(_with_seed(config, seed)) for seed in (0, *seeds)):
            return [request._replace(config=_with_seed(config, seed)) for seed in seeds]
    return select(target, profile, seed=seeds[0])


def parse_seeds(text: str) -> list[int]:
    """Seeds from a text such as "0-4" or "0,2,5", each once.

    Raises:
        UserError: if it is no such text.
    """
    parts = [RANGE.fullmatch(part) for part in text.split(",")]
    spans = [(int(part[1]), int(part[2] or part[1])) for part in parts if part is not None]
    total = sum(max(0, last - first + 1) for first, last in spans)
    if None in parts or any(last < first for first, last in spans) or total > MOST_SEEDS:
        raise UserError(
            f"--seeds is {text!r}: give whole numbers such as 0-4 or 0,2,5, at most "
            f"{MOST_SEEDS} of them"
        )
    return list(dict.fromkeys(seed for first, last in spans for seed in range(first, last + 1)))


def _names(config: RunConfig) -> tuple[str, str]:
    return config.slug, str(config)


def _with_seed(config: RunConfig, seed: int) -> RunConfig:
    return dataclasses.replace(config, seed=seed)


def _furthest(requests: Iterable[RunRequest]) -> list[RunRequest]:
    """Each run once, with the largest number of samples that is asked of it."""
    found: dict[str, RunRequest] = {}
    for request in requests:
        slug = request.config.slug
        found[slug] = max(found.get(slug, request), request, key=lambda r: r.samples)
    return list(found.values())
