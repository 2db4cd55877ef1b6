"""The two phases update what they should. To where: test_studies_linear_gaussian.py."""

from __future__ import annotations

import torch

from tests.helpers import rng
from vaelib.algorithm import Batch
from vaelib.model import build
from vaelib.networks import draw
from vaelib.wake_sleep import WakeSleep


def test_step_is_a_wake_phase_then_a_sleep_phase() -> None:
    x = torch.rand(10, 6, generator=rng(1))
    arguments = {"n_pixels": 6, "n_hidden": 5, "n_latent": 2, "init_std": 0.5}
    stepped, by_hand = (build(**arguments, generator=rng(2)) for _ in range(2))  # type: ignore[arg-type]
    algorithm = WakeSleep(
        stepped, n_train=50, stepsize=0.1, warmup=0, prior_precision=0.0, generator=rng(3)
    )
    algorithm.step(Batch(x, torch.arange(10)))

    generator = rng(3)
    z = draw(by_hand.encode(x), generator=generator)
    theta = list(by_hand.decoder.parameters())
    wake = torch.autograd.grad(-by_hand.decode(z).log_prob(x).mean(), theta)
    with torch.no_grad():
        for parameter, gradient in zip(theta, wake, strict=True):
            parameter -= 0.1 * gradient / (gradient.abs() + 1e-10)
    z = draw(by_hand.prior().expand((10,)), generator=generator)
    dreams = draw(by_hand.decode(z), generator=generator)
    phi = list(by_hand.encoder.parameters())
    sleep = torch.autograd.grad(-by_hand.encode(dreams).log_prob(z).mean(), phi)
    with torch.no_grad():
        for parameter, gradient in zip(phi, sleep, strict=True):
            parameter -= 0.1 * gradient / (gradient.abs() + 1e-10)
    for new, expected in zip(stepped.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(new, expected, atol=2e-6, rtol=1e-5)
