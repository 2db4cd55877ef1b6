"""What a command's words name: runs of a figure or one run, for one seed or for several."""

from __future__ import annotations

import dataclasses

import pytest

from companion.experiments import paper_grid
from companion.experiments.selection import parse_seeds, select, select_seeds
from companion.runs.config import RunRequest
from vaelib.errors import UserError

MNIST = paper_grid.mnist(20)
STUDIED = paper_grid.minibatches()[1]


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0-4", [0, 1, 2, 3, 4]),
        ("0,2,5", [0, 2, 5]),
        ("7", [7]),
        ("3-3", [3]),
        ("0-2,5,1", [0, 1, 2, 5]),
    ],
)
def test_seeds_are_read(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "a", "4-0", "0-", "-1", "0,,2", "0, 2", "1.5", "٣", "0-1000", "0-999999999", "1e3"]
)
def test_text_that_is_no_list_of_seeds_is_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match=r"^--seeds is '.*': give whole numbers such as 0-4") as at:
        parse_seeds(text)
    assert "\n" not in str(at.value)


def test_all_names_every_run_once() -> None:
    slugs = [request.config.slug for request in select("all", "quick", seed=0)]
    assert len(slugs) == len(set(slugs)) == 18 + 6 + 1 + 13 + 11


@pytest.mark.parametrize("name", [STUDIED.slug, str(STUDIED)])
def test_a_run_has_a_name_for_folders_and_one_for_people(name: str) -> None:
    assert [request.config for request in select(name, "quick", seed=0)] == [STUDIED]


def test_a_figure_with_several_seeds_is_that_figure_with_each() -> None:
    found = select_seeds("figure2", "quick", seeds=[0, 3])
    assert [r.config for r in found] == [*paper_grid.figure2(0), *paper_grid.figure2(3)]


def test_runs_that_several_seeds_share_are_named_once() -> None:
    """A study of three seeds from 0 has runs in common with one of three seeds from 1."""
    configs = [r.config for r in select_seeds("minibatches", "quick", seeds=[0, 1])]
    assert len(configs) == len(set(configs))
    assert {c.seed for c in configs} == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", [0, 4])
def test_a_run_with_several_seeds_is_named_with_any_of_them(seed: int) -> None:
    name = dataclasses.replace(MNIST, seed=seed).slug
    found = select_seeds(name, "quick", seeds=[4, 1])
    (one,) = select(MNIST.slug, "quick", seed=0)
    assert found == [
        RunRequest(dataclasses.replace(MNIST, seed=seed), one.samples) for seed in (4, 1)
    ]


def test_what_is_not_known_is_named() -> None:
    for find in (
        lambda: select("figure9", "quick", seed=0),
        lambda: select_seeds("figure9", "quick", seeds=[1, 2]),
        lambda: select_seeds(dataclasses.replace(MNIST, seed=9).slug, "quick", seeds=[1, 2]),
    ):
        with pytest.raises(UserError, match=r"^run '.*' is not known: use all, figure2"):
            find()
