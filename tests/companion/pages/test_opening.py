"""A published notebook refuses what papermill only warns of."""

from __future__ import annotations

import papermill
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from companion.pages.opening import (
    LARGEST_SEED,
    check_settings,
    open_notebook,
    written_by_papermill,
)
from vaelib.errors import UserError

OWN = "profile = 'quick'\nn_draws = 10"


def injected(parameters: dict[str, object]) -> list[str]:
    """The code of the cells up to the one that papermill writes, which is the last."""
    cell = new_code_cell(OWN, metadata={"tags": ["parameters"]})
    known = {"kernel_name": "python3", "language": "python", "prepare_only": True}
    made = papermill.execute_notebook(new_notebook(cells=[cell]), None, parameters, **known)
    return [cell.source for cell in made.cells]


@pytest.mark.parametrize(
    "given",
    [
        {"profile": "standard", "device": "cpu", "seed": 3},
        {"seed": LARGEST_SEED},
        {"n_draws": 5, "name": "x = 1", "list": [1, "two"], "none": None, "negative": -0.5},
    ],
)
def test_what_papermill_writes_is_read(given: dict[str, object]) -> None:
    assert written_by_papermill([*injected(given), "open_notebook(In)"]) == given


def test_only_what_papermill_wrote_is_looked_at() -> None:
    assert written_by_papermill(["", OWN, "other = 1  # Parameters\n"]) == {}
    assert written_by_papermill(["# Parameters\nseed = 1", "# Parameters\nseed = 2"]) == {"seed": 2}


def test_a_value_that_is_no_constant_is_given_as_code() -> None:
    assert written_by_papermill(injected({"seed": float("nan")})) == {"seed": "float('nan')"}


def test_settings_and_what_the_chapter_sets_are_accepted() -> None:
    open_notebook(["", OWN, "open_notebook(In)"])
    open_notebook(injected({"profile": "paper", "device": "cpu", "seed": 7}))
    open_notebook(injected({"n_draws": "many"}), ["n_draws"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"n_drawn": 5},
            "parameter 'n_drawn' is not one of this chapter's: use profile, device, seed, n_draws",
        ),
        ({"seed": 1, "Seed": 2}, "parameter 'Seed' is not one of this chapter's: use profile, "),
        ({"profile": "huge"}, "profile 'huge' is not known: use one of quick, standard, paper"),
        ({"profile": 3}, "profile '3' is not known"),
        ({"device": "tpu"}, "device 'tpu' is not known: use 'cpu' or 'cuda'"),
        ({"seed": "three"}, "seed 'three' is not a whole number from 0 to 4294967295"),
        ({"seed": 1.5}, "seed '1.5' is not a whole number"),
        ({"seed": True}, "seed 'True' is not a whole number"),
        ({"seed": -1}, "seed '-1' is not a whole number"),
        ({"seed": None}, "seed 'None' is not a whole number"),
        ({"seed": LARGEST_SEED + 1}, "seed '4294967296' is not a whole number"),
    ],
)
def test_the_rest_is_refused_in_a_sentence(given: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as caught:
        open_notebook(injected(given), ["profile", "n_draws"])
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_notebook_computes_on_the_threads_of_the_book(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.delenv("VAELIB_THREADS", raising=False)
    open_notebook([])
    monkeypatch.setenv("VAELIB_THREADS", "3")
    open_notebook([])
    assert asked == [1, 3]


def test_what_a_build_is_told_is_checked_alike() -> None:
    check_settings("paper", "cpu", "0")
    with pytest.raises(UserError, match="seed '' is not a whole number"):
        check_settings("quick", "cpu", "")
