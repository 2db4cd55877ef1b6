"""A query gets the label of most of its neighbours."""

from __future__ import annotations

import pytest
import torch

from companion.studies.neighbours import neighbour_accuracy
from tests.helpers import rng
from vaelib.errors import UserError


def test_neighbours_vote() -> None:
    codes = torch.tensor([[0.0], [0.1], [0.2], [5.0], [5.1]])
    labels = torch.tensor([1, 1, 2, 3, 3])
    queries, truth = torch.tensor([[0.05], [5.2], [0.19]]), torch.tensor([1, 3, 2])
    found = neighbour_accuracy(codes, labels, queries, truth, k=3)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.low < 2 / 3 < found.high
    assert neighbour_accuracy(codes, labels, queries, truth, k=1).accuracy == 1.0


def test_codes_without_labels_in_them_are_at_chance() -> None:
    labels = torch.arange(2000) % 2
    codes = torch.randn(2000, 2, generator=rng(0))
    found = neighbour_accuracy(codes[:1000], labels[:1000], codes[1000:], labels[1000:])
    assert 0.4 < found.low < found.high < 0.6


def test_impossible_k_is_named() -> None:
    x, labels = torch.zeros(3, 1), torch.zeros(3)
    with pytest.raises(UserError, match="k is 4: give a number of neighbours from 1 to 3"):
        neighbour_accuracy(x, labels, x, labels, k=4)
