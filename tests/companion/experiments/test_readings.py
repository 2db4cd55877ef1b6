"""As run is as written with some settings changed, each of them for a reason that is told."""

from __future__ import annotations

import dataclasses

import pytest

from companion.experiments import paper_grid, readings
from companion.runs.config import RunConfig
from vaelib.errors import UserError

RUNS = [*paper_grid.figure2(), *paper_grid.figure3()]


def changed(config: RunConfig, other: RunConfig) -> set[str]:
    one, two = config.to_dict(), other.to_dict()
    return {name for name in one if one[name] != two[name]}


@pytest.mark.parametrize("config", RUNS, ids=lambda config: config.slug)
def test_as_run_differs_in_what_the_changes_say_and_in_nothing_else(config: RunConfig) -> None:
    assert readings.in_reading(config, "as written") == config
    made = readings.changes_of(config)
    settings = {name for change in made for name in change.settings}
    if readings.ALL_POINTS in made:
        settings.add("minibatch_size")
    assert changed(config, readings.in_reading(config, "as run")) == settings
    assert all(change.source and str(change) for change in made)


@pytest.mark.parametrize("config", RUNS, ids=lambda config: config.slug)
def test_the_changes_alone_make_the_whole_together(config: RunConfig) -> None:
    whole = config
    for change, single in zip(readings.changes_of(config), readings.alone(config), strict=True):
        names = changed(config, single)
        assert set(change.settings) <= names
        whole = dataclasses.replace(whole, **{name: getattr(single, name) for name in names})
    assert whole == readings.in_reading(config, "as run")


def test_a_run_is_known_by_its_reading() -> None:
    for config in [*RUNS, *paper_grid.figure4(), *paper_grid.figure5(1)]:
        assert readings.reading_of(config) == "as written"
        assert readings.reading_of(readings.in_reading(config, "as run")) == "as run"
    assert readings.reading_of(dataclasses.replace(RUNS[0], warmup=0)) is None


def test_a_file_of_the_code_is_cited_by_one_commit() -> None:
    sources = {
        change.source
        for changes in readings.AS_RUN.values()
        for change in changes
        if change.from_code
    }
    files = [source.partition(",")[0] for source in sources]
    assert len(files) == len(set(files))


def test_one_set_of_choices_for_each_algorithm_and_data_set() -> None:
    """The settings of no panel depend on its number of latent dimensions."""
    choices = {
        (c.dataset, c.algorithm): (c.stepsize, c.choices) for c in readings.figure2_in("as run")
    }
    assert len(choices) == 4
    for config in readings.figure2_in("as run", 1):
        assert choices[config.dataset, config.algorithm] == (config.stepsize, config.choices)


def test_every_step_over_all_points_has_them_all_in_its_minibatch() -> None:
    (small, large) = (config for config in RUNS if config.algorithm == "mcem")
    for config in (small, large):
        over_all = readings.alone(config)[readings.changes_of(config).index(readings.ALL_POINTS)]
        assert (over_all.minibatch_size, over_all.replacement) == (config.n_train, False)


def test_changes_are_told_in_words() -> None:
    assert str(readings.LARGE_STEPS) == "stepsize 0.02"
    assert str(readings.OVER_256) == "digits over 256"
    assert str(readings.STARTS_AT_ZERO) == "log variance from zero, output biases from zero"
    assert str(readings.ALL_POINTS) == "every step over all points"


def test_panels_that_sets_were_chosen_on_are_no_predictions() -> None:
    figure2 = [config for config in paper_grid.figure2() if not readings.is_predicted(config)]
    assert {(config.dataset, config.n_latent) for config in figure2} == {
        ("mnist", 20),
        ("mnist", 200),
        ("frey_face", 20),
    }
    figure3 = [config for config in paper_grid.figure3() if not readings.is_predicted(config)]
    assert {config.algorithm for config in figure3} == {"mcem"}


def test_a_reading_that_there_is_not_is_named() -> None:
    with pytest.raises(UserError, match="reading 'as meant' is not known"):
        readings.in_reading(RUNS[0], "as meant")  # type: ignore[arg-type]
