"""Each change of a run as run is measured by itself, and with the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from companion.experiments import readings
from companion.runs.config import RunConfig
from companion.runs.store import Run
from companion.studies.two_readings import bases_of_changes, changes_measured
from tests.companion.curves_by_hand import CONFIG, published, run

PAPER = published({10**5: -150.0, 10**6: -120.0, 10**7: -104.0})


def test_changes_are_measured_alone_and_together() -> None:
    """Each setting that is changed brings a curve a nat nearer; the seed moves it."""
    base = CONFIG

    def known(configs: Iterable[RunConfig]) -> list[Run]:
        return [
            run(config, {10**5: -160.0 + nearer(config), 10**6: -130.0 + nearer(config)})
            for config in configs
            if (config.dataset, config.algorithm, config.n_latent) == ("mnist", "aevb", 20)
            and config.seed < 3
        ]

    def nearer(config: RunConfig) -> float:
        settings, written = config.to_dict(), base.to_dict()
        return sum(settings[name] != written[name] for name in settings if name != "seed") + (
            0.1 * config.seed
        )

    table = changes_measured(PAPER, known)
    assert set(table["split"]) == {"test"}
    alone = [str(change) for change in readings.changes_of(base)]
    assert list(table["change"]) == ["as written", *alone, "all together"]
    together = dataclasses.replace(readings.in_reading(base, "as run"), seed=0)
    gained = [0.0, *map(nearer, readings.alone(base)), nearer(together)]
    assert table["distance"].tolist() == pytest.approx([10 - 0.1 - gain for gain in gained])
    assert (table["n_seeds"] == 3).all()
    # The half width of Student's t for 0, 0.1, 0.2.
    assert (table["high"] - table["distance"]).tolist() == pytest.approx(
        [0.2484] * len(table), 1e-3
    )


def test_without_a_run_no_change_is_measured() -> None:
    table = changes_measured(PAPER, lambda configs: [])
    assert table.empty
    assert {"change", "distance", "low", "high", "n_seeds", "averaged"} <= set(table)


def test_changes_are_measured_where_the_sets_were_chosen() -> None:
    bases = bases_of_changes()
    assert not any(readings.is_predicted(config) for config in bases)
    sets = [key for key in readings.AS_RUN if key[0] == "lower_bound" or key[2] == "mcem"]
    assert {(c.measure, c.dataset, c.algorithm) for c in bases} == set(sets)
    assert len({config.slug for config in bases}) == len(bases)
