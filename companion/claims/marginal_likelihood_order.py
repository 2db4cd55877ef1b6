"""C7: the order of the three algorithms in each panel and split of Fig. 3."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from itertools import combinations, product

import numpy as np
import pandas as pd

from companion.claims.both_readings import judged_as_written, measured_in_both, world_as_written
from companion.claims.claim import Claim
from companion.claims.parts_in_words import findings_counted, least_seen, with_its_interval
from companion.claims.verdict import Part, Verdict, judged, judged_from
from companion.experiments import paper_curves, paper_grid
from companion.experiments.ends_of_curves import (
    SAME_LIKELIHOOD,
    differences_at_the_end,
    means_at_the_end,
    order_of_ends,
)
from companion.experiments.seeds import Spread, around, spread_of
from companion.wording import number

ALGORITHM = {"aevb": "AEVB", "wake_sleep": "wake-sleep", "mcem": "MCEM"}
# Where the axis of the panel that ends first ends.
PAPER_UNTIL = 6 * 10**7
ORDER_FROM = 10**7
_PANEL = ["n_train", "split"]


def measure_likelihood_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """The curves of Fig. 3.

    Args:
        curves: several seeds where there are.

    Returns:
        columns n_train, split, algorithm, seed, training_samples and value, in nats.
    """
    columns = [*_PANEL, "algorithm", "seed", "training_samples", "value"]
    return curves[columns].reset_index(drop=True)


@judged_as_written
def judge_marginal_likelihood_order(curves: pd.DataFrame) -> Verdict:
    """A part for each two algorithms of a panel and split that the paper's curves tell apart.

    Its effect is by how much the one that is ahead in the paper is ahead in ours: means over the
    last fifth of what both have, and over seeds. The spread of seeds is pooled over the pairs of
    the small set on that split, where there are several.
    """
    parts = list(_parts(curves))
    ends = curves.groupby([*_PANEL, "algorithm"])["training_samples"].max()
    shown = "; ".join(
        f"{part.what} by {with_its_interval(part)}" for part in parts if part.found != "holds"
    )
    text = (
        f"{findings_counted(parts, 'pairs that the paper tells apart')}; one is ahead of the other "
        f"as in the paper except for {shown or 'none'} nats; {_seeds(parts)}, at "
        f"{number(ends.min())} to {number(ends.max())} samples; {least_seen(parts)}"
    )
    small = _of(curves, paper_grid.FIGURE3_N_TRAIN[0], "test")
    if small["algorithm"].nunique() == len(ALGORITHM):
        groups = [" = ".join(ALGORITHM[name] for name in group) for group in order_of_ends(small)]
        text += f"; on test data of the small set ours are {', '.join(groups)}"
    return judged_from(ORDER_FROM, int(ends.min()), judged(parts, text))


def _seeds(parts: list[Part]) -> str:
    return " and ".join(f"{over}" for over in dict.fromkeys(part.over for part in parts))


def _parts(curves: pd.DataFrame) -> Iterator[Part]:
    spreads: dict[str, Spread] = {}
    paper = _paper_apart()
    for n_train, split in product(paper_grid.FIGURE3_N_TRAIN, ("train", "test")):
        panel = _of(curves, n_train, split)
        ours = {pair: _ahead(panel, *pair) for pair in combinations(ALGORITHM, 2)}
        # The small set comes first, and has several seeds.
        spread = spreads.setdefault(split, spread_of(ours.values()))
        for pair, values in ours.items():
            theirs = paper[n_train, split, pair]
            if abs(theirs) < SAME_LIKELIHOOD:
                continue
            first, second = pair if theirs > 0 else pair[::-1]
            n = len(values)
            mean = math.copysign(1.0, theirs) * float(np.mean(values)) if n else math.nan
            yield Part(
                f"{ALGORITHM[first]} before {ALGORITHM[second]} ({number(n_train)}, {split})",
                *around(mean, spread, max(n, 1) ** -0.5),
                threshold=0.0,
                unit="nats",
                over=f"{n} seed{'s' * (n != 1)} ({number(n_train)})",
                alike=SAME_LIKELIHOOD,
            )


@functools.cache
def _paper_apart() -> dict[tuple[int, str, tuple[str, str]], float]:
    """By how much the first of two algorithms ends above the second in the paper's curves."""
    paper = paper_curves.digitised("figure3").assign(seed=0)
    found = {}
    for n_train, split in product(paper_grid.FIGURE3_N_TRAIN, ("train", "test")):
        ends = means_at_the_end(_of(paper, n_train, split), until=PAPER_UNTIL)
        for first, second in combinations(ALGORITHM, 2):
            found[n_train, split, (first, second)] = float((ends[first] - ends[second]).iloc[0])
    return found


def _of(curves: pd.DataFrame, n_train: int, split: str) -> pd.DataFrame:
    return curves[(curves["n_train"] == n_train) & (curves["split"] == split)]


def _ahead(panel: pd.DataFrame, first: str, second: str) -> list[float]:
    """By how much the first ends ahead of the second, for each seed that has both."""
    both = panel[panel["algorithm"].isin([first, second])].dropna(subset="value")
    ends = both.groupby("algorithm")["training_samples"].max()
    if len(ends) < 2:
        return []
    return differences_at_the_end(means_at_the_end(both, until=float(ends.min())), first, second)


_PAPER = {
    (1000, "train"): ("aevb", "mcem", "wake_sleep"),
    (1000, "test"): ("mcem", "aevb", "wake_sleep"),
    (50_000, "train"): ("aevb", "wake_sleep", "mcem"),
    (50_000, "test"): ("aevb", "wake_sleep", "mcem"),
}
_IN_WORDS = dict.fromkeys(_PAPER, ("aevb", "wake_sleep", "mcem"))
_TURNED = dict.fromkeys(((50_000, "train"), (50_000, "test")), ("mcem", "wake_sleep", "aevb"))
_REVERSED = dict.fromkeys(((1000, "train"), (1000, "test")), ("wake_sleep", "aevb", "mcem"))


def _noise(curves: pd.DataFrame) -> pd.Series[float]:
    """What a run's curve differs by on average from the mean over seeds."""
    keys = [*_PANEL, "algorithm", "training_samples"]
    own = curves["value"] - curves.groupby(keys)["value"].transform("mean")
    return own.groupby([curves[key] for key in (*_PANEL, "algorithm", "seed")]).transform("mean")


def _in_order(
    curves: pd.DataFrame,
    orders: Mapping[tuple[int, str], tuple[str, ...]],
    *,
    apart: float,
    noise: float = 1.0,
) -> pd.DataFrame:
    """In these panels, best first, neighbours so many nats apart, with the noise of seeds."""
    level = {
        (*panel, algorithm): -apart * place
        for panel, order in orders.items()
        for place, algorithm in enumerate(order)
    }
    names = zip(*(curves[key] for key in (*_PANEL, "algorithm")), strict=True)
    value = pd.Series([level.get(name, np.nan) for name in names], curves.index)
    moved = value - 100.0 + noise * _noise(curves)
    return curves.assign(value=moved.fillna(curves["value"]))


def _seen(curves: pd.DataFrame) -> list[float]:
    return [part.seen for part in _parts(curves)]


C7 = Claim(
    id="C7",
    statement="The order of the algorithms in each panel of Fig. 3.",
    where="Fig. 3",
    figure="fig-3",
    tests=(
        "companion/claims/test_marginal_likelihood_order.py::test_the_paper_s_order_is_reproduced",
        "companion/claims/test_marginal_likelihood_order.py::test_each_world_is_judged_rightly",
    ),
    measure=measured_in_both(measure_likelihood_curves, "figure3"),
    judge=judge_marginal_likelihood_order,
    worlds=(
        world_as_written(
            "the order is turned in each panel, neighbours 50 nats apart",
            "false",
            lambda curves: _in_order(curves, _TURNED | _REVERSED, apart=50.0),
        ),
        world_as_written(
            "the order is turned in each panel, neighbours apart by twice what would be seen",
            "false",
            lambda curves: _in_order(curves, _TURNED | _REVERSED, apart=2.0 * max(_seen(curves))),
        ),
        world_as_written(
            "the order is turned on the large set",
            "half true",
            lambda curves: _in_order(curves, _TURNED, apart=50.0),
        ),
        world_as_written(
            "the order is AEVB, wake-sleep, MCEM in each panel, as the paper's words have it",
            "half true",
            lambda curves: _in_order(curves, _IN_WORDS, apart=50.0),
        ),
        world_as_written(
            "the paper's order, neighbours apart by half of what would be seen",
            "noise",
            lambda curves: _in_order(curves, _PAPER, apart=0.5 * min(_seen(curves))),
        ),
        world_as_written(
            "all three are one, with a thousandth of the noise of seeds",
            "noise",
            lambda curves: _in_order(curves, _PAPER, apart=0.0, noise=0.001),
        ),
        world_as_written(
            "seeds differ a hundred times as much",
            "noise",
            lambda curves: curves.assign(value=curves["value"] + 99.0 * _noise(curves)),
        ),
        world_as_written(
            "the paper's order, neighbours apart by twice what would be seen",
            "true",
            lambda curves: _in_order(curves, _PAPER, apart=2.0 * max(_seen(curves))),
        ),
    ),
)
