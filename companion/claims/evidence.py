"""What a claim is judged by: the runs, and the curves that they have recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from torch import Tensor

from companion import runs
from companion.experiments import paper_grid, reference
from companion.experiments.curve_by_curve import runs_in_reading
from companion.experiments.curve_reading import curves_of
from companion.runs.config import RunConfig
from companion.runs.requested import MissingRuns
from companion.runs.store import Run
from companion.studies.beginnings import beginnings
from vaelib import datasets


@dataclass(frozen=True)
class Evidence:
    """What the checks look at, each thing when it is first asked for, and only once.

    Attributes:
        profile, seed, device: of the runs.
        compute: whether missing runs are computed, and missing data downloaded.
    """

    profile: str
    seed: int
    device: str
    compute: bool = True

    def _runs(self, group: str) -> list[Run]:
        requests = paper_grid.requests(group, self.profile, seed=self.seed)
        if self.compute:
            return runs.ensure(requests, device=self.device)
        try:
            return runs.stored(requests, device=self.device)
        except MissingRuns as missing:
            settings = f"--profile {self.profile} --seed {self.seed} --device {self.device}"
            raise MissingRuns(f"{missing}: `vaelib run {group} {settings}` computes them") from None

    @cached_property
    def figure2(self) -> list[Run]:
        """The 18 runs of Fig. 2."""
        return self._runs("figure2")

    @cached_property
    def figure3(self) -> list[Run]:
        """The 6 runs of Fig. 3."""
        return self._runs("figure3")

    def aevb(self, dataset: str, n_latent: int) -> Run:
        """One AEVB run of Fig. 2."""
        return next(
            run
            for request, run in zip(paper_grid.figure2(self.seed), self.figure2, strict=True)
            if (request.dataset, request.algorithm, request.n_latent) == (dataset, "aevb", n_latent)
        )

    @cached_property
    def figure2_curves(self) -> pd.DataFrame:
        """Fig. 2 as far as anyone here carried it: see `furthest_curves`."""
        return furthest_curves(self.figure2, paper_grid.figure2)

    @cached_property
    def figure3_curves(self) -> pd.DataFrame:
        """Fig. 3 as far as anyone here carried it: see `furthest_curves`."""
        return furthest_curves(self.figure3, paper_grid.figure3)

    @cached_property
    def figure2_as_run(self) -> pd.DataFrame:
        """The reference runs of Fig. 2 as run; the reader's own runs are as written."""
        return curves_of(runs_in_reading("figure2", "as run")).assign(reference=True)

    @cached_property
    def figure3_as_run(self) -> pd.DataFrame:
        """The reference runs of Fig. 3 as run."""
        return curves_of(runs_in_reading("figure3", "as run")).assign(reference=True)

    @cached_property
    def hidden_units_curves(self) -> pd.DataFrame:
        """The reference runs that differ in the number of hidden units, with those of Fig. 2."""
        of_figure = [c for c in paper_grid.figure2(0) if c.dataset == "mnist"]
        configs = [
            dataclasses.replace(config, seed=seed)
            for seed in range(reference.SEEDS)
            for config in [*paper_grid.hidden_units(), *of_figure]
            if config.n_latent == paper_grid.hidden_units()[0].n_latent
        ]
        tables = [
            curves_of([run]).assign(n_hidden=run.config.n_hidden)
            for run in reference.known(configs)
        ]
        empty = curves_of([]).assign(n_hidden=[])
        return pd.concat(tables, ignore_index=True) if tables else empty

    @cached_property
    def beginnings(self) -> pd.DataFrame:
        """The reader's runs of Figs 2 and 3 beside the reference runs of the same settings."""
        own = [*self.figure2, *self.figure3]
        return beginnings(own, reference.known(run.config for run in own))

    @cached_property
    def figure5(self) -> list[Run]:
        """The four runs of Fig. 5, or the published models of these settings that go further."""
        return reference.furthest_models(self._runs("figure5"))

    @cached_property
    def by_dimension(self) -> list[Run]:
        """Those of Fig. 5 and the one of Fig. 2 with three dimensions, in order of dimension."""
        three = reference.furthest_models([self.aevb("mnist", 3)])
        return sorted([*three, *self.figure5], key=lambda run: run.config.n_latent)

    @cached_property
    def by_training(self) -> list[Run]:
        """Those by dimension and all published models of their sizes, by dimension and samples."""
        found = {
            run.folder: run
            for one in self.by_dimension
            for run in (one, *reference.published_models(one))
        }
        return sorted(found.values(), key=lambda run: (run.config.n_latent, run.samples))

    @cached_property
    def minibatches(self) -> list[Run]:
        """The runs of section 2.3 that differ in M and L."""
        return self._runs("minibatches")

    @cached_property
    def kl_weights(self) -> list[Run]:
        """The runs of section 2.3 that differ in the weight of the KL."""
        return self._runs("kl_weights")

    @property
    def manifold(self) -> Run:
        """The MNIST run with a plane of codes, of Figs 4 and 5."""
        return next(run for run in self.figure5 if run.config.n_latent == 2)

    def longest_trained(self, dataset: str, n_latent: int) -> Run:
        """The longest trained of a panel's AEVB models, in either reading, with weights kept."""
        return reference.longest_trained(self.aevb(dataset, n_latent))

    def test_points(self, dataset: str, n: int) -> Tensor:
        """The first n test points."""
        test: Tensor = datasets.load(dataset).test
        return test[:n]

    @cached_property
    def stand_in(self) -> bool:
        """Whether a stand-in takes the place of real data, which the paper's claims are about."""
        names = {config.dataset for config in paper_grid.figure2()}
        return any(datasets.locate(name, download=self.compute).stand_in for name in names)


def furthest_curves(own: list[Run], group: Callable[[int], list[RunConfig]]) -> pd.DataFrame:
    """The curves of a figure, of each run the furthest that there is, for every seed.

    Args:
        own: the reader's runs.
        group: from a seed to the figure's configurations.

    Returns:
        `runs.curves` of the reader's runs, those replaced of which a reference run goes further,
        and of the reference runs with other seeds; and a column `reference`, whether it is one.
    """
    published = reference.known(config for seed in range(reference.SEEDS) for config in group(seed))
    runs_of: dict[str, tuple[Run, bool]] = {run.config.slug: (run, False) for run in own}
    for run in published:
        known = runs_of.get(run.config.slug)
        if known is None or known[0].samples < run.record.samples:
            runs_of[run.config.slug] = (run, True)
    return pd.concat(
        [runs.curves([run]).assign(reference=is_one) for run, is_one in runs_of.values()],
        ignore_index=True,
    )
