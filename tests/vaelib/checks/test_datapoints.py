"""Data enter as people hold them, or are refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from companion.studies.annealed_importance import annealed_importance_sampling
from companion.studies.fitted_proposal import posterior_importance_sampling
from companion.studies.quadrature import quadrature
from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import Batch
from vaelib.checks.datapoints import datapoints
from vaelib.elbo import evaluate, log_weights, lower_bound
from vaelib.errors import UserError
from vaelib.full_vb import predictive_bound
from vaelib.global_posterior import GlobalPosterior
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.marginal_likelihood import importance_sampling, posterior_density_estimator
from vaelib.mcem import MCEM
from vaelib.model import DecoderKind, VariationalAutoencoder, build
from vaelib.score_function import optimal_baseline, score_function_surrogate
from vaelib.training import Trainer
from vaelib.wake_sleep import WakeSleep


def model(decoder: DecoderKind = "bernoulli") -> VariationalAutoencoder:
    return build(n_pixels=6, n_hidden=5, n_latent=2, decoder=decoder, init_std=0.5, generator=rng())


def pixels() -> Tensor:
    """Sixteenths, which every floating type can hold."""
    return torch.randint(17, (4, 6), generator=rng(1)) / 16


def trained(kind: Callable[..., Any]) -> Callable[[VariationalAutoencoder, Any], Tensor]:
    def run(vae: VariationalAutoencoder, x: Any) -> Tensor:
        algorithm = kind(vae, n_train=4, stepsize=0.01, warmup=0, generator=rng(3))
        trainer = Trainer(algorithm, x, minibatch_size=2, generator=rng(4))
        return torch.stack([trainer.step()[algorithm.objective] for _ in range(3)])

    return run


Entry = Callable[[VariationalAutoencoder, Any], Any]
ENTRIES: dict[str, Entry] = {
    "evaluate": lambda vae, x: torch.tensor(evaluate(vae, x, generator=rng(3))),
    "importance sampling": lambda vae, x: importance_sampling(
        vae, x, n_samples=5, generator=rng(3)
    )[0],
    "Appendix D": lambda vae, x: posterior_density_estimator(vae, x, generator=rng(3))[0],
    "annealed": lambda vae, x: annealed_importance_sampling(vae, x, n_steps=3, generator=rng(3))[0],
    "by HMC": lambda vae, x: posterior_importance_sampling(vae, x, n_samples=10, generator=rng(3))[
        0
    ],
    "quadrature": lambda vae, x: quadrature(vae, x, tolerance=0.1)[0],
    "predictive bound": lambda vae, x: predictive_bound(
        vae, GlobalPosterior(vae.decoder), x, generator=rng(3)
    ),
    "AEVB": trained(AEVB),
    "wake-sleep": trained(WakeSleep),
    "MCEM": trained(MCEM),
}
# What an estimator is made of takes tensors of the model's own type, and looks at those.
NOISE = torch.randn(3, 4, 2, generator=rng(2))
PARTS: dict[str, Entry] = {
    "encode": lambda vae, x: vae.encode(x),
    "lower_bound": lambda vae, x: lower_bound(vae, x, NOISE),
    "log_weights": lambda vae, x: log_weights(vae, x, NOISE),
    "score function": lambda vae, x: score_function_surrogate(vae, x, NOISE),
    "its baseline": lambda vae, x: optimal_baseline(vae, x, n_samples=2, generator=rng()),
    "latent_density": latent_density,
    "a step of MCEM": lambda vae, x: MCEM(vae, n_train=4, stepsize=0.1, generator=rng()).step(
        Batch(x, torch.arange(4))
    ),
}
TAKEN: dict[str, Callable[[Tensor], Any]] = {
    "float64": lambda x: x.double(),
    "float16": lambda x: x.half(),
    "bfloat16": lambda x: x.bfloat16(),
    "NumPy float64": lambda x: x.double().numpy(),
    "NumPy float32": lambda x: x.numpy(),
    "NumPy float16": lambda x: x.numpy().astype(np.float16),
    "NumPy longdouble": lambda x: x.numpy().astype(np.longdouble),
    "in the other byte order": lambda x: x.numpy().astype(">f8"),
    "in Fortran's order": lambda x: np.asfortranarray(x.numpy()),
    "backwards twice": lambda x: x.numpy()[::-1].copy()[::-1],
    "read-only": lambda x: np.broadcast_to(x.numpy(), (4, 6)),
}
REFUSED: dict[str, tuple[Callable[[Tensor], Any], str]] = {
    "bytes": (lambda x: (255 * x).byte(), r"x holds uint8: .* such as x\.float\(\) / 255"),
    "bool": (lambda x: x > 0.5, r"x holds bool: .* such as x\.float\(\)$"),
    "integers": (lambda x: x.long(), r"x holds int64: .* x\.float\(\) / 255"),
    "complex": (lambda x: x.cfloat(), "x holds complex64"),
    "NumPy bytes": (
        lambda x: (255 * x).byte().numpy(),
        r"x holds uint8: .* such as x\.astype\('float32'\) / 255",
    ),
    "NumPy bool": (lambda x: x.numpy() > 0.5, r"x holds bool: .*\('float32'\)$"),
    "NumPy objects": (lambda x: x.numpy().astype(object), "x holds object"),
    "NumPy text": (lambda x: x.numpy().astype(str), "x holds <U32"),
    "masked": (lambda x: np.ma.masked_less(x.numpy(), 0.5), r"x is a masked array: .*filled\("),
    "a list": (lambda x: x.tolist(), "x is a list: pass a tensor or a NumPy array"),
    "nothing": (lambda x: None, "x is a NoneType: pass"),
    "elsewhere": (lambda x: x.to("meta"), r"x is on meta, but the model on cpu: pass x\.to\('cpu'"),
    "sparse": (lambda x: x.to_sparse(), r"x is laid out as torch\.sparse_coo: pass x\.to_dense"),
    "one image": (lambda x: x[0], r"x has shape \(6,\)"),
    "images as planes": (lambda x: x.view(4, 2, 3), r"x has shape \(4, 2, 3\)"),
    "too large for float32": (lambda x: x.double() * 1e300, "values that are not finite"),
}


@pytest.mark.parametrize("form", TAKEN)
@pytest.mark.parametrize("entry", ENTRIES)
def test_floats_of_any_size_are_the_models_own(entry: str, form: str) -> None:
    """The same bits as from a tensor of the model's type."""
    expected = ENTRIES[entry](model(), pixels())
    given = ENTRIES[entry](model(), TAKEN[form](pixels()))
    assert torch.equal(given, expected)


@pytest.mark.parametrize("form", REFUSED)
@pytest.mark.parametrize("entry", ENTRIES)
def test_what_cannot_be_pixels_is_refused(entry: str, form: str) -> None:
    make, message = REFUSED[form]
    with pytest.raises(UserError, match=message) as raised:
        ENTRIES[entry](model(), make(pixels()))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("entry", [*ENTRIES, *PARTS])
@pytest.mark.parametrize("standardised", [True, False])
def test_a_bernoulli_decoder_has_no_likelihood_outside_0_and_1(
    entry: str, standardised: bool
) -> None:
    x = pixels()
    x = (x - x.mean()) / x.std() if standardised else x + 1e-6
    with pytest.raises(UserError, match=r"x has pixels from .* intensities in \[0, 1\]: rescale"):
        {**ENTRIES, **PARTS}[entry](model(), x)


@pytest.mark.parametrize("entry", [*ENTRIES, *PARTS])
def test_a_gaussian_decoder_takes_any_pixels(entry: str) -> None:
    """The density is defined everywhere, though a mean in (0, 1) cannot follow."""
    {**ENTRIES, **PARTS}[entry](model("gaussian"), 3.0 * pixels() - 1.0)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_an_estimator_names_another_type(part: str) -> None:
    remedy = r"pass x\.to\(torch\.float32\)|such as x\.float\(\) / 255"
    for other, name in ((pixels().double(), "float64"), ((255 * pixels()).byte(), "uint8")):
        with pytest.raises(UserError, match=rf"^x holds (torch\.)?{name}.*({remedy})"):
            PARTS[part](model(), other)


def test_the_order_in_memory_changes_no_more_than_rounding() -> None:
    by_columns = pixels().T.contiguous().T
    assert not by_columns.is_contiguous()
    for entry in ENTRIES.values():
        torch.testing.assert_close(entry(model(), by_columns), entry(model(), pixels()))


def test_data_of_the_models_own_type_are_not_copied() -> None:
    x = pixels()
    assert datapoints(model(), x) is x
    double = datapoints(model().double(), x)
    assert double.dtype == torch.float64
    assert torch.equal(double, x.double())


def test_rounding_is_that_of_pytorch() -> None:
    x = torch.rand(4, 6, generator=rng(5), dtype=torch.float64)
    assert torch.equal(datapoints(model(), x.numpy()), x.float())


def test_a_bound_of_standardised_data_would_grow_without_limit() -> None:
    """Why they are refused: what is called a bound on a log-probability is far above 0."""
    vae, x = model(), pixels()
    standardised = (x - x.mean()) / x.std()
    with torch.no_grad():
        vae.decoder.logits.weight.zero_()  # type: ignore[union-attr, operator]
        vae.decoder.logits.bias.copy_(1000.0 * standardised[0])  # type: ignore[union-attr, arg-type]
    likelihood = vae.decode(torch.zeros(1, 2))
    assert likelihood.log_prob(standardised[:1]).item() > 500.0
    assert likelihood.log_prob(x[:1]).item() <= 0.0
