"""Algorithm 1, Auto-Encoding Variational Bayes: θ and φ climb the same estimate of the bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from vaelib.algorithm import Batch, Learner
from vaelib.checks.limits import Count, NotNegative, Positive, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder
from vaelib.optimiser import MAPAdagrad
from vaelib.sgvb import Estimator, estimator_a, estimator_b, noise

_ESTIMATORS = {"A": estimator_a, "B": estimator_b}


class AEVB(Learner):
    """Algorithm 1: random minibatch, random noise, gradient of the minibatch estimator, update.

    Args:
        model: encoder and decoder, updated together.
        n_train: N, the size of the training set, for the weight of the prior p(θ).
        stepsize: Adagrad's global stepsize.
        n_samples: L, noise draws for each datapoint; 1 in the paper.
        estimator: "A" for Eq. 6, "B" for Eq. 7 (the paper's choice where the KL is known).
        kl_weight: of the KL term of Eq. 7; other than 1 what is climbed is not the bound.
        warmup: steps that only accumulate squared gradients.
        prior_precision: of p(θ) = N(0, I/precision) on the weights.
        prior_on_biases: whether it is on the biases too.
        generator: the noise ε, on the model's device.

    Raises:
        UserError: for an unknown estimator, a number that is none of these, or a KL weight with
            estimator A.

    >>> from vaelib import build, generator
    >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0, "model"))
    >>> learner = AEVB(model, n_train=8, stepsize=0.1, warmup=0, generator=generator(0, "noise"))
    >>> batch = Batch(torch.tensor([[1.0, 1.0, 0.0, 0.0]]).repeat(8, 1), torch.arange(8))
    >>> bounds = [learner.step(batch)["lower_bound"] for _ in range(30)]
    >>> f"from {bounds[0]:.1f} to {bounds[-1]:.1f}"
    'from -2.8 to -0.5'
    """

    objective = "lower_bound"

    @checked
    def __init__(
        self,
        model: VariationalAutoencoder,
        *,
        n_train: Count,
        stepsize: Positive,
        n_samples: Count = 1,
        estimator: Estimator = "B",
        kl_weight: NotNegative = 1.0,
        warmup: Whole = 100,
        prior_precision: NotNegative = 1.0,
        prior_on_biases: bool = False,
        generator: torch.Generator,
    ) -> None:
        if kl_weight != 1 and estimator != "B":
            raise UserError(
                f"kl_weight is {kl_weight}, but estimator A has no KL term: use estimator 'B'"
            )
        self.n_samples = n_samples
        self._estimator: Callable[[VariationalAutoencoder, Tensor, Tensor], Tensor] = (
            _ESTIMATORS[estimator] if kl_weight == 1 else partial(estimator_b, kl_weight=kl_weight)
        )
        self._optimiser = MAPAdagrad(
            model.named_parameters(),
            stepsize=stepsize,
            n_datapoints=n_train,
            warmup=warmup,
            prior_precision=prior_precision,
            prior_on_biases=prior_on_biases,
        )
        super().__init__(model, n_train=n_train, generator=generator, optimiser=self._optimiser)

    def step(self, batch: Batch) -> dict[str, Float[Tensor, ""]]:
        """One pass of Algorithm 1's loop. Metric: the minibatch's average bound before the update.

        The gradient is that of Eq. 8 divided by N, which Adagrad cannot tell from Eq. 8 itself.
        """
        epsilon = noise(self.model, batch.x, n_samples=self.n_samples, generator=self._generator)
        bound = self._estimator(self.model, batch.x, epsilon).mean()
        self._optimiser.zero_grad()
        (-bound).backward()
        self._optimiser.step()
        return {"lower_bound": bound.detach()}
