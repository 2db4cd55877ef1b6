"""Flat states come apart as they were put together."""

from __future__ import annotations

import torch

from vaelib.algorithm import nest, unnest


def test_unnest_inverts_nest() -> None:
    parts = {"a": {"x": torch.ones(1), "y/z": torch.zeros(2)}, "ab": {"x": torch.ones(3)}}
    flat = nest(parts)
    assert sorted(flat) == ["a/x", "a/y/z", "ab/x"]
    for part, state in parts.items():
        back = unnest(flat, part)
        assert back.keys() == state.keys()
        assert all(torch.equal(back[key], state[key]) for key in state)
