"""Both readings of section 5 name runs that can be, and differ in what is said."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest

from companion.experiments import paper_grid, readings
from companion.experiments.readings import Reading
from vaelib.errors import UserError


def test_as_written_is_the_grid_of_the_paper() -> None:
    assert readings.figure2_in("as written", 3) == paper_grid.figure2(3)
    assert readings.figure3_in("as written") == paper_grid.figure3()


def test_as_run_differs_in_its_changes_and_in_nothing_else() -> None:
    written = [*paper_grid.figure2(1), *paper_grid.figure3(1)]
    run = [*readings.figure2_in("as run", 1), *readings.figure3_in("as run", 1)]
    for one, other in zip(written, run, strict=True):
        changed = {
            field.name
            for field in dataclasses.fields(one)
            if getattr(one, field.name) != getattr(other, field.name)
        }
        assert changed
        assert changed <= {name for c in readings.changes_of(one) for name in c.settings}
        assert other.seed == 1


def test_each_change_by_itself_is_a_run_of_its_own() -> None:
    for config in [*paper_grid.figure2(), *paper_grid.figure3()]:
        alone = readings.alone(config)
        assert len({one.slug for one in [config, *alone]}) == 1 + len(readings.changes_of(config))


def test_one_set_of_choices_for_each_algorithm_and_data_set() -> None:
    """The settings of no panel depend on its number of latent dimensions."""
    choices = {
        (c.dataset, c.algorithm): (c.stepsize, c.choices) for c in readings.figure2_in("as run")
    }
    assert len(choices) == 4
    for config in readings.figure2_in("as run"):
        assert choices[config.dataset, config.algorithm] == (config.stepsize, config.choices)


def test_a_reading_that_there_is_not_is_named() -> None:
    with pytest.raises(UserError, match="reading 'as ran' is not known: use one of as written"):
        readings.figure2_in(cast(Reading, "as ran"))
