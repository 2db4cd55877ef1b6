"""Streams depend on seed and purpose, and on nothing else."""

from __future__ import annotations

import pytest
import torch

from vaelib.errors import UserError
from vaelib.randomness import generator


def first(*key: str | int) -> float:
    return torch.rand(1, generator=generator(*key), dtype=torch.float64).item()  # type: ignore[arg-type]


def test_equal_keys_give_equal_streams() -> None:
    torch.manual_seed(1)
    one = first(3, "evaluation", 100)
    torch.manual_seed(2)
    assert one == first(3, "evaluation", 100)


def test_different_keys_give_different_streams() -> None:
    keys = [(0,), (1,), (0, "a"), (0, "a", 1), (0, "a", 10), (0, "b"), (1, "a")]
    assert len({first(*key) for key in keys}) == len(keys)


@pytest.mark.parametrize("device", ["cuda:99", "no such device"])
def test_a_device_without_a_generator_is_named(device: str) -> None:
    with pytest.raises(UserError, match=f"^device '{device}' has no generator here: use 'cpu'$"):
        generator(0, device=device)
