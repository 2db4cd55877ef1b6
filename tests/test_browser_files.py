"""Numbers travel as characters and come back as they were, to the rounding of float16."""

from __future__ import annotations

import json
import re

import pytest
import torch
from torch import Tensor

from tests.helpers import rng
from vaelib.browser import FORBIDDEN, float16_characters, script
from vaelib.errors import UserError


def read(content: bytes) -> tuple[str, dict[str, object], Tensor]:
    """Name, header and numbers of a script, read as a browser reads it."""
    text = content.decode("utf-16")
    found = re.fullmatch(r'explorers\.receive\("(\w+)", (.*)"\);\n', text, re.DOTALL)
    assert found is not None
    header, end = json.JSONDecoder().raw_decode(found[2])
    assert found[2][end : end + 3] == ', "'
    numbers = torch.tensor([ord(c) for c in found[2][end + 3 :]], dtype=torch.int32)
    return found[1], header, numbers.to(torch.int16).view(torch.float16).double()


def test_a_script_carries_name_header_and_numbers() -> None:
    matrix, vector = torch.randn(3, 4, generator=rng(0)), torch.randn(5, generator=rng(1))
    content = script("some", {"samples": 7, "kept": "101"}, {"a": matrix, "b": vector})
    name, header, numbers = read(content)
    assert name == "some"
    assert header == {"samples": 7, "kept": "101", "tensors": {"a": [3, 4], "b": [5]}}
    expected = torch.cat([matrix.flatten(), vector]).half().double()
    assert torch.equal(numbers, expected)


def test_a_number_costs_two_bytes() -> None:
    short, long = (len(script("x", {}, {"a": torch.ones(n)})) for n in (10, 99))
    assert long - short == 2 * 89


def test_every_number_below_128_survives() -> None:
    bits = torch.arange(2**16, dtype=torch.int32).to(torch.int16)
    every = bits.view(torch.float16)
    values = every[every.isfinite() & (every.abs() < 128)].double()
    _, _, numbers = read(script("x", {}, {"a": values}))
    assert len(numbers) == len(values) > 40_000
    changed = numbers != values
    assert int(changed.sum()) == len(FORBIDDEN)
    assert float((numbers - values).abs().max()) < 1e-7


def test_no_character_ends_the_string_or_stands_for_half_of_one() -> None:
    values = torch.cat([torch.linspace(-127.9, 127.9, 5001), torch.linspace(0, 1e-5, 5001)])
    characters = float16_characters("a", values).decode("utf-16-le")
    assert len(characters) == len(values)
    assert not set(characters) & set('"\\\n\r')


@pytest.mark.parametrize("value", [128.0, -500.0, float("inf"), float("nan")])
def test_what_cannot_be_written_is_refused(value: float) -> None:
    with pytest.raises(UserError, match=r"hidden\.weight holds .*below 128"):
        script("x", {}, {"hidden.weight": torch.tensor([0.0, value])})
