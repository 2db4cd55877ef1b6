"""Estimators of the likelihood, where it is known in closed form."""

from __future__ import annotations

import torch

from tests.helpers import PPCA, rng
from vaelib import studies


def test_likelihood_estimators_on_the_linear_gaussian_model() -> None:
    ppca = PPCA()
    x = ppca.sample(5, rng(1))
    table = studies.likelihood_estimators(ppca.exact_model(), x, generator=rng(2))
    exact = ppca.log_evidence(x)
    for _, rows in table.groupby("estimator"):
        torch.testing.assert_close(torch.tensor(rows["exact"].to_numpy()), exact, atol=1e-4, rtol=0)
    errors = table.groupby("estimator")["error"].agg(lambda e: e.abs().max())
    # The exact posterior makes importance sampling exact, and the others merely good.
    assert errors["importance sampling"] < 1e-4
    assert errors["Appendix D"] < 0.5
    assert errors["lower bound"] < 1.0
