"""Small measurements of the shape that each claim takes, in all of which the claim is plainly true.

Written from what the measurements are documented to be, without a look at how they are judged.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, cast, get_args

import numpy as np
import pandas as pd

from companion.claims.both_readings import InBoth
from companion.claims.estimator_b import AAgainstB
from companion.claims.likelihood_estimator import LikelihoodErrors
from companion.claims.manifold import Manifold
from companion.claims.one_draw import DrawsAgainstOne
from companion.claims.precise_bound import BoundNoise
from companion.claims.regularisation import KLWeights, Needs
from companion.claims.score_function_variance import VarianceRatios
from companion.claims.sharper_samples import Sharpness
from companion.experiments import paper_curves, paper_grid
from companion.experiments.paper_curves import Figure
from companion.studies.gradients import SCORES

SEEDS = range(3)
PANELS = [("mnist", n) for n in paper_grid.MNIST_LATENT]
PANELS += [("frey_face", n) for n in paper_grid.FREY_LATENT]
# A nat of MNIST's bound counts as so many of Frey Face's, whose panels are as much higher.
NATS = {"mnist": 1.0, "frey_face": 30.0}
LONG = 10**7


def apart(seed: int) -> float:
    """Three seeds differ by as much as one could not see, in nats of MNIST."""
    return 0.1 * (seed - 1)


def climbing(samples: np.ndarray, dataset: str) -> np.ndarray:
    """A learning curve that still rises a little at its end."""
    return cast(np.ndarray, NATS[dataset] * (-100 - 40 * (samples / 1e5) ** -0.7))


def rows(of: Callable[..., dict[str, Any]], *over: Any) -> pd.DataFrame:
    return pd.DataFrame([of(*each) for each in itertools.product(*over)])


def written(table: pd.DataFrame) -> InBoth[pd.DataFrame]:
    """As written only: there are no runs of the other reading."""
    return InBoth(table, None, missing=1, planned=1)


def _side_by_side(until: float = LONG) -> pd.DataFrame:
    samples = np.round(np.logspace(4.2, np.log10(until), 29))
    tables = []
    for (dataset, n_latent), seed in itertools.product(PANELS, SEEDS):
        lead = NATS[dataset] * (4 + apart(seed))
        both = {
            "aevb": climbing(2 * samples, dataset) + lead,
            "wake_sleep": climbing(samples, dataset),
        }
        ours = {"dataset": dataset, "n_latent": n_latent, "seed": seed, "training_samples": samples}
        tables.append(pd.DataFrame(ours | both))
    return pd.concat(tables, ignore_index=True)


def _gaps() -> pd.DataFrame:
    def of(panel: tuple[str, int], seed: int, samples: int) -> dict[str, Any]:
        gap = NATS[panel[0]] * (0.5 + apart(seed))
        return {
            "dataset": panel[0],
            "n_latent": panel[1],
            "seed": seed,
            "training_samples": samples,
            "gap": gap,
        }

    return rows(of, PANELS, SEEDS, [10**4, 10**5, 10**6, LONG, 3 * LONG])


def digitised(figure: Figure) -> pd.DataFrame:
    """The paper's own curves, as three seeds would have them."""
    curves = paper_curves.digitised(figure)
    return pd.concat(
        [curves.assign(seed=seed, moved=apart(seed)) for seed in SEEDS], ignore_index=True
    )


@functools.cache
def _likelihoods() -> pd.DataFrame:
    curves = digitised("figure3")
    curves = curves.assign(value=curves["value"] + curves["moved"])
    return curves[["n_train", "split", "algorithm", "seed", "training_samples", "value"]]


@functools.cache
def _differences() -> pd.DataFrame:
    tables = [
        digitised(figure).assign(figure=figure, averaged=False) for figure in get_args(Figure)
    ]
    table = pd.concat(tables, ignore_index=True)
    size = table["dataset"].map(NATS)
    return table.assign(apart=table["moved"] * size).drop(columns=["value", "moved"])


def _kl_weights() -> KLWeights:
    bound = {0.0: -280.0, 0.3: -181.0, 1.0: -180.0, 3.0: -184.0}
    kl = {0.0: 120.0, 0.3: 14.0, 1.0: 8.0, 3.0: 2.5}
    table = rows(
        lambda weight, seed: {
            "kl_weight": weight,
            "seed": seed,
            "bound": bound[weight] + apart(seed) * (1 + weight),
            "kl": kl[weight] * (1 + apart(seed) / 5),
        },
        bound,
        SEEDS,
    )
    return KLWeights(table, 10**6)


def _needs() -> Needs:
    lost = pd.DataFrame(PANELS, columns=["dataset", "n_latent"])
    lost = lost.assign(training_samples=LONG, lost=-0.5 * lost["dataset"].map(NATS))
    return Needs(_kl_weights(), lost, lost)


def _errors() -> LikelihoodErrors:
    models = [(2, 0), (3, 1), (10, 2), (20, 3)]
    random = np.random.default_rng(0)
    tables = [
        pd.DataFrame(
            {
                "n_latent": n_latent,
                "samples": LONG,
                "place": place,
                "datapoint": np.arange(100),
                "error": random.normal(size=100) * (0.05 if n_latent < 5 else 8.0),
            }
        )
        for n_latent, place in models
    ]
    return LikelihoodErrors(pd.concat(tables, ignore_index=True))


def interval_around(means: list[float], half: float, index: list[Any], name: str) -> pd.DataFrame:
    """Means with intervals that reach as far as this share of each."""
    mean = np.asarray(means, dtype=float)
    return pd.DataFrame(
        {name: mean, "low": mean * (1 - half), "high": mean * (1 + half)}, index=index
    )


def _quality(draw: int, n_latent: int) -> dict[str, Any]:
    place = paper_grid.MANIFOLD_LATENT.index(n_latent)
    return {
        "draw": draw,
        "n_latent": n_latent,
        "grey": 100 - 10 * place + 0.2 * draw,
        "frechet": 80 - 12 * place + 0.2 * draw,
    }


MEASURED: dict[str, Callable[[], Any]] = {
    "C1": lambda: VarianceRatios(
        interval_around([500.0 + n for n in range(len(SCORES))], 0.1, list(SCORES), "ratio"), LONG
    ),
    "C2": lambda: AAgainstB(
        pd.DataFrame({"n_latent": paper_grid.MNIST_LATENT, "samples": LONG})
        .assign(images=200, quieter=170)
        .assign(ratio=1.6, low=1.5, high=1.7)
    ),
    "C3": lambda: DrawsAgainstOne(
        rows(
            lambda n, seed: {
                "n_samples": n,
                "seed": seed,
                "equal_cost": -8.0 + apart(seed),
                "equal_data": 0.1 + apart(seed),
            },
            [4, 10],
            SEEDS,
        ),
        10**6,
    ),
    "C4": lambda: written(_side_by_side()),
    "C5": lambda: written(_gaps()),
    "C6": lambda: BoundNoise(
        rows(
            lambda panel, repetition: {
                "dataset": panel[0],
                "n_latent": panel[1],
                "samples": LONG,
                "repetition": repetition,
                "variance": 0.05 * (1 + 0.1 * (repetition % 3)),
            },
            PANELS,
            range(9),
        )
    ),
    "C7": lambda: written(_likelihoods()),
    "C8": lambda: written(_likelihoods()),
    "C9": _errors,
    "C10a": _kl_weights,
    "C10b": _needs,
    "C11": lambda: rows(
        lambda width, seed: {"n_hidden": width, "seed": seed, "lead": 10 + apart(seed)},
        [100, 200, 500, 1000],
        SEEDS,
    ),
    "C12": lambda: Manifold(
        interval_around([0.2, 0.2], 0.05, ["mnist", "frey_face"], "roughness"),
        interval_around([0.65, 0.43, 0.94], 0.02, ["VAE", "PCA", "pixels"], "accuracy"),
        LONG,
        10_000,
    ),
    "C13": lambda: Sharpness(rows(_quality, range(3), paper_grid.MANIFOLD_LATENT), LONG),
    "C14": lambda: written(_differences()),
}
