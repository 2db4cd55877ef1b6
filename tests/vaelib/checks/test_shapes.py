"""A wrong shape is found in the tests, and costs whoever uses vaelib nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import NamedTuple

import pytest
import torch
from shapes import KINDS, ShapeError, looked_at
from torch import Tensor

from vaelib import aevb
from vaelib.checks.shapes import Float, Int
from vaelib.errors import UserError

SQUARE = torch.zeros(2, 2)
INERT = """
import sys
sys.modules["jaxtyping"] = sys.modules["beartype"] = None
from torch import Tensor
import vaelib.aevb
from vaelib.checks.shapes import Float
assert Float[Tensor, "M n_pixels"] is Tensor
"""


class Pair(NamedTuple):
    x: Float[Tensor, "M n"]
    indices: Int[Tensor, "M"]


@looked_at
def product(a: Float[Tensor, "n k"], b: Float[Tensor, "k m"]) -> Float[Tensor, "n m"]:
    return a @ b


@looked_at
def transposed(a: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    return a.T


@looked_at
def first(pair: Pair, weights: Float[Tensor, "M"] | None = None) -> Float[Tensor, "n"]:
    return pair.x[0]


@looked_at
def refuse(a: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    raise UserError("a is refused")


def test_what_fits_passes() -> None:
    assert product(torch.zeros(3, 2), b=SQUARE).shape == (3, 2)
    pair = Pair(torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64))
    assert first(pair, torch.ones(3)).shape == first(pair).shape == (2,)


def test_sizes_are_bound_together_in_arguments_and_result() -> None:
    with pytest.raises(ShapeError, match=r"return of transposed is .* \(2, 3\), .* 'n k'"):
        transposed(torch.zeros(3, 2))
    with pytest.raises(ShapeError, match=r"weights of first is .* of shape \(4,\)"):
        first(Pair(torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64)), torch.ones(4))


def test_the_fields_of_a_record_are_looked_at() -> None:
    with pytest.raises(ShapeError, match=r"indices in pair of first is torch\.float32"):
        first(Pair(torch.zeros(3, 2), torch.zeros(3)))


def test_a_call_that_raises_is_left_alone() -> None:
    with pytest.raises(UserError, match="a is refused"):
        refuse(torch.zeros(1))


def test_compiled_code_is_left_alone() -> None:
    compiled = torch.compile(transposed, backend="eager", fullgraph=True)
    assert compiled(torch.zeros(3, 2)).shape == (2, 3)


@pytest.mark.skipif("not aevb.__dict__.get('__looked_at__')", reason="switched off")
def test_the_modules_of_vaelib_are_looked_at() -> None:
    assert aevb.__dict__["__looked_at__"].__name__ == "looked_at"


def test_without_the_tests_an_annotation_is_the_type_alone() -> None:
    subprocess.run([sys.executable, "-c", INERT], check=True)
    assert Float[Tensor, "n"] is Int[Tensor, "n"] is Tensor
    assert KINDS["Float"][Tensor, "n"] is not Tensor
