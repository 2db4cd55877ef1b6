"""C12: planes of codes are smooth, and keep similar digits together."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from companion.claims.claim import Claim, World
from companion.claims.evidence import Evidence
from companion.claims.parts_in_words import effects, least_seen
from companion.claims.verdict import Part, Verdict, judged, judged_from
from companion.experiments.ends_of_curves import CONVERGED_FROM
from companion.studies.latent_space import Roughness, latent_accuracy, manifold_roughness
from companion.studies.neighbours import Accuracy
from companion.wording import significant
from vaelib import datasets

# Of what any two images of the sheet differ by: neighbours that differ by more are not alike.
SMOOTH = 0.5
# A label guessed from neighbours is right more often than not: below, they are not together.
TOGETHER = 0.5
# Two maps whose guesses differ by one in fifty are equally good to look at.
ALIKE_MAPS = 0.02
_NAMES = {"mnist": "MNIST", "frey_face": "Frey Face"}


class Manifold(NamedTuple):
    """What C12 is judged by.

    Attributes:
        smoothness: by data set, `manifold_roughness`: columns roughness, low, high.
        grouping: by representation, from `latent_accuracy`: columns accuracy, low, high.
        samples: that the shortest of the models was trained with.
        images: whose labels were guessed.
    """

    smoothness: pd.DataFrame
    grouping: pd.DataFrame
    samples: int
    images: int


def measure_manifold(evidence: Evidence) -> Manifold:
    """The sheets of Fig. 4 of both data sets, and the codes of MNIST's test images."""
    digits, faces = evidence.manifold, evidence.longest_trained("frey_face", 2)
    data = datasets.load("mnist")
    smoothness = {
        run.config.dataset: manifold_roughness(run.model())._asdict() for run in (digits, faces)
    }
    grouping = latent_accuracy({2: digits.model()}, data).set_index("representation")
    return Manifold(
        pd.DataFrame(smoothness).T,
        grouping[["accuracy", "low", "high"]],
        min(digits.samples, faces.samples),
        len(data.test),
    )


def judge_manifold(measured: Manifold) -> Verdict:
    """Both sheets are smooth; a digit's neighbours are of its kind, more so than on PCA's map."""
    smooth = tuple(
        Part(
            f"{_NAMES[str(dataset)]}, smooth",
            *Roughness(*row.tolist()),
            SMOOTH,
            "of the difference of any two images",
            "lines of the sheet",
            below=True,
        )
        for dataset, row in measured.smoothness.iterrows()
    )
    vae, pca = (Accuracy(*measured.grouping.loc[[name]].to_numpy()[0]) for name in ("VAE", "PCA"))
    share, over = "of the guesses", f"{measured.images} test images"
    together = Part("MNIST, right", *vae, TOGETHER, share, over)
    lead = vae.accuracy - pca.accuracy
    below = math.hypot(vae.accuracy - vae.low, pca.high - pca.accuracy)
    above = math.hypot(vae.high - vae.accuracy, pca.accuracy - pca.low)
    better = Part(
        "MNIST, more than PCA", lead, lead - below, lead + above, 0.0, share, over, alike=ALIKE_MAPS
    )
    groups = (together, better)
    found = judged(
        (*smooth, *groups),
        f"root mean squared difference of neighbours on the sheet over that of any two images, to "
        f"be below {SMOOTH:g}: {effects(smooth)}, over {smooth[0].over}; {least_seen(smooth)}. "
        f"Share of labels guessed rightly from five neighbours, to be above {TOGETHER:g} and above "
        f"PCA's: {effects(groups)}, over {over}; {least_seen(groups)}. One model of each, of "
        f"{significant(measured.samples)} training samples or more",
    )
    return judged_from(CONVERGED_FROM, measured.samples, found)


def _at(
    measured: Manifold, *, rough: tuple[float, float], right: float, pca: float, wide: float = 1.0
) -> Manifold:
    """Sheets so rough (digits, faces), guesses so often right, intervals `wide` times as wide."""

    def moved(table: pd.DataFrame, to: dict[str, float]) -> pd.DataFrame:
        """The value of each row, its first column, and its interval in the other two."""
        table = table.copy()
        for row, value in to.items():
            found, low, high = table.loc[[row]].to_numpy()[0]
            table.loc[row] = [value, value + wide * (low - found), value + wide * (high - found)]
        return table

    return measured._replace(
        smoothness=moved(
            measured.smoothness, dict(zip(("mnist", "frey_face"), rough, strict=True))
        ),
        grouping=moved(measured.grouping, {"VAE": right, "PCA": pca}),
    )


C12 = Claim(
    id="C12",
    statement="2-D manifolds are smooth and group similar digits.",
    where="Fig. 4",
    figure="tab-53",
    tests=(
        "companion/claims/test_manifold.py::test_smoothness_and_grouping_decide",
        "companion/studies/test_neighbours.py::test_neighbours_vote",
        "companion/studies/test_latent_space.py::test_roughness_of_a_plane_and_of_noise",
    ),
    measure=measure_manifold,
    judge=judge_manifold,
    worlds=(
        World(
            "neighbours on a sheet differ as any two images do, and labels are guessed by chance",
            "false",
            lambda m: _at(m, rough=(1.0, 1.0), right=0.11, pca=0.4),
        ),
        World(
            "the codes beat PCA's, but two of three guesses are wrong; the sheets are rough",
            "half true",
            lambda m: _at(m, rough=(0.9, 0.9), right=0.34, pca=0.2),
        ),
        World(
            "both sheets are smooth, and the codes are without order",
            "half true",
            lambda m: _at(m, rough=(0.1, 0.1), right=0.11, pca=0.4),
        ),
        World(
            "a quarter of the guesses right and a roughness of 1: off the thresholds by two",
            "false",
            lambda m: _at(m, rough=(2 * SMOOTH, 2 * SMOOTH), right=TOGETHER / 2, pca=0.4),
        ),
        World(
            "nearly all guesses right and a roughness of 0.25: past the thresholds by two",
            "true",
            lambda m: _at(m, rough=(SMOOTH / 2, SMOOTH / 2), right=0.97, pca=0.4),
        ),
        World(
            "all at their thresholds",
            "noise",
            lambda m: _at(m, rough=(SMOOTH, SMOOTH), right=TOGETHER, pca=TOGETHER, wide=3.0),
        ),
    ),
)
