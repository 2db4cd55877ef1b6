"""log p(x|z) of many pairs of a datapoint and a latent point."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal
from torch.nn.functional import softplus

from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_pixels
from vaelib.model import VariationalAutoencoder

ROWS_AT_ONCE = 4096  # latent points decoded at once: bounds the memory, and fits a cache


def log_likelihood_table(
    model: VariationalAutoencoder, x: Float[Tensor, "M n_pixels"], z: Float[Tensor, "K n_latent"]
) -> Float[Tensor, "M K"]:
    """log p(x|z) of every datapoint at every latent point.

    For the two decoders of Appendix C the sum over pixels is a matrix product of statistics of x
    with parameters of p(x|z), which makes M K pairs nearly as cheap as K decoded points.

    >>> from vaelib.likelihood.probabilistic_pca import LinearGaussian
    >>> sees_z = LinearGaussian(torch.eye(2), torch.zeros(2), noise=1.0)
    >>> model = VariationalAutoencoder(torch.nn.Identity(), sees_z, n_latent=2)
    >>> log_likelihood_table(model, torch.zeros(2, 2), torch.tensor([[0.0, 0.0], [1.0, 1.0]]))
    tensor([[-1.8379, -2.8379],
            [-1.8379, -2.8379]], grad_fn=<MulBackward0>)
    """
    likelihood = model.decode(z)
    check_pixels(x, likelihood.event_shape[-1])
    base = likelihood.base_dist
    if isinstance(base, Bernoulli):
        return x @ base.logits.T - softplus(base.logits).sum(-1)
    if isinstance(base, Normal):
        precision = base.scale.square().reciprocal()
        centre = x.mean(0)  # differences from it keep the expanded square accurate
        mean, y = base.loc - centre, x - centre
        quadratic = y.square() @ precision.T - 2.0 * y @ (precision * mean).T
        constant = (precision * mean.square() + (2.0 * torch.pi / precision).log()).sum(-1)
        return -0.5 * (quadratic + constant)
    return torch.stack([likelihood.log_prob(row) for row in x])
