"""C13: samples sharpen as the latent space grows from 2 to 20 dimensions."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pandas as pd

from companion.claims.claim import Claim, World, evenly
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged, judged_from
from companion.experiments.ends_of_curves import CONVERGED_FROM
from companion.experiments.seeds import interval
from companion.studies.sample_quality import sample_quality
from companion.wording import significant

# In nats of a sample's grey, which is about a hundred: less than this is not to be seen.
VISIBLE = 2.0
# In squared pixels of the Fréchet distance, which is ten or more: a step that nobody would see.
NEARER = 0.5
_IMAGES, _DRAWS = 2000, 3


class Sharpness(NamedTuple):
    """What C13 is judged by.

    Attributes:
        table: from `sample_quality`, a row for each N_z and draw of samples: columns draw,
            n_latent, grey, frechet, and others that are not used.
        samples: that the shortest of the models was trained with.
    """

    table: pd.DataFrame
    samples: int


def measure_sharpness(evidence: Evidence) -> Sharpness:
    """The models of Fig. 5; the first draw of samples is that of Appendix A."""
    group = evidence.figure5
    models = {run.config.n_latent: run.model() for run in group}
    x = evidence.test_points("mnist", _IMAGES)
    tables = [
        sample_quality(models, x, seed=evidence.seed + draw).assign(draw=draw)
        for draw in range(_DRAWS)
    ]
    return Sharpness(pd.concat(tables, ignore_index=True), min(run.samples for run in group))


def judge_sharpness(measured: Sharpness) -> Verdict:
    """Each step of N_z takes grey out of the samples, and brings them nearer to the data.

    The second part is for samples that lose their grey because they go blank.
    """
    sizes = sorted(measured.table["n_latent"].unique())
    grey, frechet = (
        measured.table.pivot(index="draw", columns="n_latent", values=name)
        for name in ("grey", "frechet")
    )
    over = f"{len(grey)} draws of {_IMAGES} samples"
    sharper = tuple(
        Part(
            f"N_z = {low} to {high}, sharper",
            *interval(grey[low] - grey[high]),
            0.0,
            "nats",
            over,
            alike=VISIBLE,
        )
        for low, high in pairwise(sizes)
    )
    nearer = tuple(
        Part(
            f"N_z = {low} to {high}, nearer",
            *interval(frechet[low] - frechet[high]),
            0.0,
            "squared pixels",
            over,
            alike=NEARER,
        )
        for low, high in pairwise(sizes)
    )
    found = judged(
        (*sharper, *nearer),
        f"nats of grey that each step takes out of a sample, to be above 0, where {VISIBLE:g} "
        f"count: {effects(sharper)}; {least_seen(sharper)}. Squared pixels "
        f"of the Fréchet distance from test images that it takes away, to be above 0: "
        f"{effects(nearer)}, both over {over}; {least_seen(nearer)}. One model of each size, "
        f"of {significant(measured.samples)} training samples or more",
    )
    return judged_from(CONVERGED_FROM, measured.samples, found)


def _steps(measured: Sharpness, grey: tuple[float, ...], frechet: tuple[float, ...]) -> Sharpness:
    """By each step of N_z so much less grey, and so much nearer; draws differ as they did."""
    table = measured.table
    sizes = sorted(table["n_latent"].unique())
    moved = table.copy()
    for name, steps in (("grey", grey), ("frechet", frechet)):
        strays = table[name] - table.groupby("n_latent")[name].transform("mean")
        levels = {size: 200.0 - sum(steps[:place]) for place, size in enumerate(sizes)}
        moved[name] = table["n_latent"].map(levels) + strays
    return measured._replace(table=moved)


def _blurred(measured: Sharpness) -> Sharpness:
    """A few samples only: grey and distances stray from draw to draw by 30 and more."""
    table = measured.table
    strays = 30.0 * evenly(table["draw"]) * (1.0 + table["n_latent"].rank(method="dense"))
    return measured._replace(
        table=table.assign(grey=table["grey"] + strays, frechet=table["frechet"] + strays)
    )


C13 = Claim(
    id="C13",
    statement="Samples sharpen as N_z grows from 2 to 20.",
    where="Fig. 5",
    figure="tab-a",
    tests=(
        "companion/claims/test_sharper_samples.py::test_each_step_decides",
        "companion/studies/test_sample_quality.py::test_greyness_is_the_entropy_of_coins",
    ),
    measure=measure_sharpness,
    judge=judge_sharpness,
    worlds=(
        World(
            "every step adds 20 nats of grey, and leads away from the data",
            "false",
            lambda m: _steps(m, (-20.0,) * 3, (-5.0,) * 3),
        ),
        World(
            "samples lose their grey because they go blank",
            "half true",
            lambda m: _steps(m, (50.0,) * 3, (-20.0,) * 3),
        ),
        World(
            "the samples sharpen to ten dimensions, and are greyer again with twenty",
            "half true",
            lambda m: _steps(m, (40.0, 20.0, -30.0), (10.0, 5.0, -10.0)),
        ),
        World(
            "each step takes 4 nats, twice what counts",
            "true",
            lambda m: _steps(m, (2 * VISIBLE,) * 3, (5.0,) * 3),
        ),
        World(
            "each step adds 4 nats, and leads away from the data",
            "false",
            lambda m: _steps(m, (-2 * VISIBLE,) * 3, (-5.0,) * 3),
        ),
        World("a few samples only", "noise", _blurred),
    ),
)
