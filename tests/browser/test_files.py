"""Numbers travel as characters and come back as they were, to half a step of their tensor."""

from __future__ import annotations

import json
import re

import pytest
import torch
from torch import Tensor

from companion.pages.browser import STEPS, ZERO, characters, script
from tests.helpers import rng
from vaelib.errors import UserError


def read(content: bytes) -> tuple[str, dict[str, object], dict[str, Tensor]]:
    """Name, header and tensors of a script, read as a browser reads it."""
    text = content.decode("utf-16")
    found = re.fullmatch(r'explorers\.receive\("(\w+)", (.*)"\);\n', text, re.DOTALL)
    assert found is not None
    header, end = json.JSONDecoder().raw_decode(found[2])
    assert found[2][end : end + 3] == ', "'
    numbers = torch.tensor([ord(c) for c in found[2][end + 3 :]], dtype=torch.float64)
    numbers -= header.pop("zero")
    described = header.pop("tensors")
    parts = numbers.split([torch.Size(one["shape"]).numel() for one in described.values()])
    tensors = {
        name: part.reshape(one["shape"]) * one["step"]
        for (name, one), part in zip(described.items(), parts, strict=True)
    }
    return found[1], header, tensors


def test_a_script_carries_name_header_and_tensors() -> None:
    sent = {"a": torch.randn(3, 4, generator=rng(0)), "b": 1e-6 * torch.randn(5, generator=rng(1))}
    name, header, tensors = read(script("some", {"samples": 7, "kept": "101"}, sent))
    assert name == "some"
    assert header == {"samples": 7, "kept": "101"}
    assert list(tensors) == ["a", "b"]
    for key, tensor in sent.items():
        half_a_step = tensor.abs().max() / STEPS / 2
        assert tensors[key].shape == tensor.shape
        assert float((tensors[key] - tensor).abs().max()) <= half_a_step * 1.001


def test_a_number_costs_two_bytes() -> None:
    short, long = (len(script("x", {}, {"a": torch.ones(n)})) for n in (10, 99))
    assert long - short == 2 * 89


def test_weights_are_rounded_less_than_by_float16() -> None:
    weights = torch.randn(300, 300, generator=rng(2))
    _, _, tensors = read(script("x", {}, {"a": weights}))
    rounded = (tensors["a"] - weights).square().mean().sqrt()
    assert 3 * rounded < (weights.half().double() - weights).square().mean().sqrt()


@pytest.mark.parametrize("tensor", [torch.zeros(2, 3), torch.zeros(0), torch.ones(())])
def test_tensors_without_a_spread_come_back_too(tensor: Tensor) -> None:
    _, _, tensors = read(script("x", {}, {"a": tensor}))
    torch.testing.assert_close(tensors["a"], tensor.double())


def test_no_character_ends_the_string_or_stands_for_half_of_one() -> None:
    every = torch.arange(-STEPS, STEPS + 1)
    text = characters(every, 1.0).decode("utf-16-le")
    assert [ord(c) - ZERO for c in text] == every.tolist()
    assert 0x7F < min(map(ord, text)) < max(map(ord, text)) < 0xD800


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_cannot_be_written_is_refused(value: float) -> None:
    with pytest.raises(UserError, match=r"hidden\.weight holds a value that is not finite"):
        script("x", {}, {"hidden.weight": torch.tensor([0.0, value])})
