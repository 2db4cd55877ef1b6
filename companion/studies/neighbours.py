"""How often the nearest codes have the label of a datapoint."""

from __future__ import annotations

from typing import NamedTuple

import torch
from scipy.stats import binomtest
from torch import Tensor

from vaelib.checks.limits import Count, checked
from vaelib.errors import UserError

_ROWS_AT_ONCE = 500  # queries whose distances are held at once: bounds the memory


class Accuracy(NamedTuple):
    """A share of right answers, with its 95 % interval (Wilson, 1927)."""

    accuracy: float
    low: float
    high: float


@checked
def neighbour_accuracy(
    codes: Tensor, labels: Tensor, queries: Tensor, query_labels: Tensor, *, k: Count = 5
) -> Accuracy:
    """How often the majority of the k nearest codes has the query's label.

    Args:
        codes: `(N, d)`, with labels `(N,)`.
        queries: `(Q, d)`, other datapoints, with labels `(Q,)`.
        k: neighbours that vote; of labels with equally many votes the smallest wins.

    Raises:
        UserError: if k is not between 1 and N.
    """
    if k > len(codes):
        raise UserError(f"k is {k}: give a number of neighbours from 1 to {len(codes)}")
    votes = torch.cat(
        [
            labels[torch.cdist(part, codes).topk(k, largest=False).indices].mode(dim=1).values
            for part in queries.split(_ROWS_AT_ONCE)
        ]
    )
    right = int((votes == query_labels).sum())
    interval = binomtest(right, len(queries)).proportion_ci(method="wilson")
    return Accuracy(right / len(queries), float(interval.low), float(interval.high))
