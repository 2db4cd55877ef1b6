"""Models side by side are the models alone."""

from __future__ import annotations

import pytest
import torch

from companion.studies.side_by_side import BlockDecoder, untrained_models
from tests.helpers import rng
from vaelib.elbo import lower_bound
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA


def test_models_side_by_side_are_the_models_alone() -> None:
    truth = ProbabilisticPCA.example()
    both = untrained_models(truth, 2, generator=rng(1))
    x = truth.sample(10, rng(2))
    epsilon = torch.randn(3, 10, 2, generator=rng(3), dtype=torch.float64)
    bound = lower_bound(both, x, epsilon).bound
    for start, rows in enumerate((slice(0, 5), slice(5, 10))):
        state = {name: tensor[start] for name, tensor in both.state_dict().items()}
        alone = truth.untrained_model(generator=rng())
        alone.load_state_dict(state)
        expected = lower_bound(alone, x[rows], epsilon[:, rows]).bound
        torch.testing.assert_close(bound[rows], expected, atol=1e-12, rtol=0)
        decoder = both.decoder
        assert isinstance(decoder, BlockDecoder)
        batch = decoder.closed_forms().log_evidence(x[rows])
        assert batch.shape == (2, 5)
        one = ProbabilisticPCA(state["decoder.linear.weight"], state["decoder.linear.bias"], 0.5)
        torch.testing.assert_close(batch[start], one.log_evidence(x[rows]))


@pytest.mark.parametrize("n_starts", [0, -1, 2.0, True])
def test_a_number_of_starts_that_is_none_is_named(n_starts: int) -> None:
    with pytest.raises(UserError, match="n_starts is "):
        untrained_models(ProbabilisticPCA.example(), n_starts, generator=rng())
