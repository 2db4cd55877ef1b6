"""Section 5's update: Adagrad, the prior's true weight, the warm-up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vaelib.errors import UserError
from vaelib.optimiser import MAPAdagrad


def layer() -> nn.Linear:
    generator = torch.Generator().manual_seed(0)
    linear = nn.Linear(3, 2, dtype=torch.float64)
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.normal_(generator=generator)
    return linear


def gradients(step: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(100 + step)
    return [
        torch.randn(2, 3, generator=generator).double(),
        torch.randn(2, generator=generator).double(),
    ]


def take(linear: nn.Linear, optimiser: MAPAdagrad, steps: range) -> None:
    for step in steps:
        optimiser.zero_grad()
        for parameter, gradient in zip(linear.parameters(), gradients(step), strict=True):
            parameter.grad = gradient.clone()
        optimiser.step()


@pytest.mark.parametrize("prior_on_biases", [False, True])
def test_update_is_adagrad_s_with_warm_up_and_prior(prior_on_biases: bool) -> None:
    linear = layer()
    optimiser = MAPAdagrad(
        linear.named_parameters(),
        stepsize=0.1,
        n_datapoints=20,
        warmup=2,
        prior_precision=3.0,
        prior_on_biases=prior_on_biases,
    )
    expected = [p.detach().clone() for p in linear.parameters()]
    sums = [torch.zeros_like(p) for p in expected]
    for step in range(6):
        for i, raw in enumerate(gradients(step)):
            # −∇ log N(θ; 0, 1/3)/N = 3 θ/N, on weights (i = 0), and on biases where asked for.
            gradient = raw + (3.0 / 20 * expected[i] if i == 0 or prior_on_biases else 0.0)
            sums[i] += gradient**2
            if step >= 2:
                expected[i] -= 0.1 * gradient / (sums[i].sqrt() + 1e-10)
    take(linear, optimiser, range(6))
    for parameter, value in zip(linear.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value)


def test_nothing_moves_during_warm_up() -> None:
    linear = layer()
    before = linear.weight.detach().clone()
    optimiser = MAPAdagrad(linear.named_parameters(), stepsize=0.1, n_datapoints=20, warmup=5)
    take(linear, optimiser, range(5))
    assert torch.equal(linear.weight, before)
    take(linear, optimiser, range(5, 6))
    assert (linear.weight != before).all()


def test_prior_is_the_gradient_of_the_log_density() -> None:
    """The decay equals autograd's gradient of −log N(θ; 0, I)/N."""
    linear, twin = layer(), layer()
    optimiser = MAPAdagrad(linear.named_parameters(), stepsize=0.1, n_datapoints=7, warmup=0)
    plain = MAPAdagrad(
        twin.named_parameters(), stepsize=0.1, n_datapoints=7, warmup=0, prior_precision=0.0
    )
    take(linear, optimiser, range(1))
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(twin.weight).sum()
    own = torch.autograd.grad(-log_prior / 7, twin.weight)[0]
    for parameter, gradient in zip(twin.parameters(), gradients(0), strict=True):
        parameter.grad = gradient
    twin.weight.grad += own
    plain.step()
    torch.testing.assert_close(linear.weight, twin.weight)


@pytest.mark.parametrize("stop", [1, 4])
def test_resume_is_bit_identical(stop: int) -> None:
    through, first, second = layer(), layer(), layer()
    arguments = {"stepsize": 0.1, "n_datapoints": 20, "warmup": 2}
    take(through, MAPAdagrad(through.named_parameters(), **arguments), range(8))  # type: ignore[arg-type]
    before = MAPAdagrad(first.named_parameters(), **arguments)  # type: ignore[arg-type]
    take(first, before, range(stop))
    second.load_state_dict(first.state_dict())
    after = MAPAdagrad(second.named_parameters(), **arguments)  # type: ignore[arg-type]
    after.load_state_dict(before.state_dict())
    take(second, after, range(stop, 8))
    assert torch.equal(through.weight, second.weight)
    assert torch.equal(through.bias, second.bias)


def test_joined_parameters_are_views_and_keep_their_values_and_sums() -> None:
    one, two = layer(), layer()
    parameters = [
        (f"{name}.{kind}", parameter)
        for name, linear in (("one", one), ("two", two))
        for kind, parameter in linear.named_parameters()
    ]
    optimiser = MAPAdagrad(parameters, stepsize=0.1, n_datapoints=20, warmup=0)
    for linear in (one, two):
        for parameter, gradient in zip(linear.parameters(), gradients(0), strict=True):
            parameter.grad = gradient.clone()
    optimiser.step()
    before = {name: value.clone() for name, value in optimiser.state_dict().items()}
    expected = torch.cat([two.weight, one.weight]).detach()
    whole = optimiser.join([two.weight, one.weight])
    assert torch.equal(whole, expected)
    after = optimiser.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    whole += 1.0
    assert torch.equal(torch.cat([two.weight, one.weight]), expected + 1.0)
    optimiser.load_state_dict({**before, "one.weight": before["one.weight"] + 2.0})
    assert torch.equal(optimiser.state_dict()["one.weight"], before["one.weight"] + 2.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stepsize", 0.0),
        ("stepsize", -1.0),
        ("stepsize", math.inf),
        ("warmup", -1),
        ("warmup", math.nan),
        ("warmup", 2.0),
        ("n_datapoints", 0),
        ("n_datapoints", -50),
        ("prior_precision", -1.0),
        ("prior_precision", math.nan),
        ("prior_precision", math.inf),
    ],
)
def test_bad_settings_are_named(name: str, value: float) -> None:
    settings = {"stepsize": 0.1, "n_datapoints": 20, name: value}
    with pytest.raises(UserError, match=f"{name} is {value}"):
        MAPAdagrad(layer().named_parameters(), **settings)  # type: ignore[arg-type]


def test_no_parameters_are_named() -> None:
    with pytest.raises(UserError, match="no parameters to learn"):
        MAPAdagrad([], stepsize=0.1, n_datapoints=20)


def test_numpys_numbers_are_numbers() -> None:
    """The same bits, as a stepsize and a precision are doubles in either."""
    one, two = layer(), layer()
    settings = {"stepsize": 0.25, "n_datapoints": 20, "warmup": 1, "prior_precision": 0.5}
    scalars = {
        "stepsize": np.float32(0.25),
        "n_datapoints": np.int64(20),
        "warmup": np.int32(1),
        "prior_precision": np.float64(0.5),
    }
    take(one, MAPAdagrad(one.named_parameters(), **settings), range(4))  # type: ignore[arg-type]
    take(two, MAPAdagrad(two.named_parameters(), **scalars), range(4))  # type: ignore[arg-type]
    assert torch.equal(one.weight, two.weight)
