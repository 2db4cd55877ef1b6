"""Every choice is a run of its own, and the default is the book's."""

from __future__ import annotations

import dataclasses

from companion.experiments import deviations, paper_grid
from companion.runs.config import STEPSIZES


def test_one_thing_is_changed_at_a_time() -> None:
    for choice in deviations.choices():
        base = deviations.bases()[choice.base].to_dict()
        settings = deviations.config_of(choice).to_dict()
        changed = {name for name, value in settings.items() if value != base[name]}
        assert changed == set(choice.settings)
        assert len(changed) == (0 if choice.matter == "Default" else 1)


def test_defaults_are_the_runs_of_the_figures() -> None:
    figures = [*paper_grid.figure2(), *paper_grid.figure3()]
    assert all(config in figures for config in deviations.bases().values())


def test_every_choice_comes_with_every_seed() -> None:
    planned = deviations.runs()
    assert len(planned) == len(deviations.choices()) * deviations.CHOICE_SEEDS
    assert len({dataclasses.replace(config, seed=0).slug for config in planned}) == len(
        deviations.choices()
    )
    assert {config.seed for config in planned} == set(range(deviations.CHOICE_SEEDS))


def test_large_minibatches_come_at_every_latent_size_of_figure_2() -> None:
    faces = deviations.faces_in_large_minibatches()
    published = [
        config
        for config in paper_grid.figure2()
        if (config.dataset, config.algorithm) == ("frey_face", "aevb")
    ]
    assert [dataclasses.replace(c, minibatch_size=100) for c in faces] == published
    chosen = [deviations.config_of(choice) for choice in deviations.choices()]
    assert sum(config in chosen for config in faces) == 1


def test_stepsizes_passed_over_are_those_of_section_5_on_figure_3_s_large_set() -> None:
    passed_over = deviations.with_stepsizes_passed_over()
    assert {config.stepsize for config in passed_over} < set(STEPSIZES)
    assert {dataclasses.replace(c, stepsize="auto") for c in passed_over} < set(
        paper_grid.figure3()
    )
    assert {(c.algorithm, c.n_train) for c in passed_over} == {("aevb", 50_000)}


def test_wake_sleep_is_varied_on_figure_2_s_widest_panel() -> None:
    usual, usual_passed_over, slow, slow_passed_over = deviations.wide_wake_sleep()
    assert usual in paper_grid.figure2()
    assert usual.n_latent == max(paper_grid.MNIST_LATENT)
    assert slow == dataclasses.replace(usual, encoder_log_variance="slow")
    for rule, other in ((usual, usual_passed_over), (slow, slow_passed_over)):
        assert rule == dataclasses.replace(other, stepsize="auto")
        assert other.stepsize in STEPSIZES


def test_a_step_of_batch_mcem_evaluates_every_point_fifteen_times() -> None:
    batch = deviations.batch_mcem()
    assert [config.n_train for config in batch] == list(paper_grid.FIGURE3_N_TRAIN)
    for config in batch:
        assert config.minibatch_size == config.n_train
        assert not config.replacement
        assert config.samples_per_step == 15 * config.n_train
        minibatches = dataclasses.replace(
            config, minibatch_size=100, replacement=True, stepsize="auto"
        )
        assert minibatches in paper_grid.figure3()
    assert deviations.BATCH_STEPSIZE in STEPSIZES
