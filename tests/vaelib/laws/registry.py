"""What stands under the laws, held against what `vaelib` has: nothing new escapes them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import pytest
import torch
from torch import Tensor

import vaelib
from companion.studies.annealed_importance import annealed_importance_sampling, bidirectional
from companion.studies.fitted_proposal import posterior_importance_sampling
from companion.studies.quadrature import quadrature
from tests.helpers import rng
from vaelib.aevb import AEVB
from vaelib.algorithm import Algorithm
from vaelib.arithmetic.compiling import is_available
from vaelib.elbo import log_weights, lower_bound
from vaelib.fast.algorithms import FastAEVB, FastMCEM, FastWakeSleep
from vaelib.full_vb import FullVB
from vaelib.likelihood.marginal_likelihood import importance_sampling, posterior_density_estimator
from vaelib.mcem import MCEM
from vaelib.score_function import score_function_surrogate
from vaelib.sgvb import estimator_a, estimator_b
from vaelib.wake_sleep import WakeSleep

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
        ],
    ),
]


def stream(seed: int, device: str) -> torch.Generator:
    """`rng` on a device."""
    return torch.Generator(device).manual_seed(rng(seed).initial_seed())


class Entry(NamedTuple):
    """A class or a function of `vaelib` with settings of its own."""

    of: Callable[..., Any]
    settings: dict[str, Any]
    plain: str = ""  # of an algorithm: the entry whose steps it takes faster


COMPILED = {"compile_step": True}
ALGORITHMS = {
    "AEVB": Entry(AEVB, {}),
    "AEVB, estimator A": Entry(AEVB, {"estimator": "A", "n_samples": 2}),
    "AEVB, fast": Entry(FastAEVB, {}, "AEVB"),
    "AEVB, compiled": Entry(FastAEVB, COMPILED, "AEVB"),
    "wake-sleep": Entry(WakeSleep, {}),
    "wake-sleep, fast": Entry(FastWakeSleep, {}, "wake-sleep"),
    "wake-sleep, compiled": Entry(FastWakeSleep, COMPILED, "wake-sleep"),
    "MCEM": Entry(MCEM, {}),
    "MCEM, fast": Entry(FastMCEM, {}, "MCEM"),
    "MCEM, compiled": Entry(FastMCEM, COMPILED, "MCEM"),
    "full VB": Entry(FullVB, {}),
    "full VB, estimator A": Entry(FullVB, {"estimator": "A", "n_theta": 5}),
}
# Estimates of log p(x), also those of studies: from data, and such as draw their own data.
ESTIMATES = {
    "Appendix D": Entry(posterior_density_estimator, {"start": "recognition"}),
    "Appendix D from the prior": Entry(posterior_density_estimator, {"start": "prior"}),
    "Appendix D with kernels": Entry(
        posterior_density_estimator, {"density": "kde", "start": "recognition"}
    ),
    "importance sampling": Entry(importance_sampling, {"n_samples": 500}),
    "importance sampling at the posterior": Entry(
        posterior_importance_sampling, {"n_samples": 500}
    ),
    "annealed importance sampling": Entry(annealed_importance_sampling, {"n_steps": 20}),
    "annealed importance sampling from the prior": Entry(
        annealed_importance_sampling, {"base": "prior", "n_steps": 50}
    ),
    "quadrature": Entry(quadrature, {"tolerance": 1e-6}),
}
BRACKETS = {
    "bidirectional": Entry(bidirectional, {"n_steps": 20}),
    "bidirectional from the recognition model": Entry(
        bidirectional, {"n_steps": 20, "base": "recognition"}
    ),
}
# Estimates of the bound, `(M,)`, at noise that is given.
BOUNDS: dict[str, Callable[..., Tensor]] = {
    "estimator_a": estimator_a,
    "estimator_b": estimator_b,
    "lower_bound": lambda *arguments: lower_bound(*arguments).bound,
    "log_weights": lambda *arguments: log_weights(*arguments).mean(0),
    "score_function_surrogate": score_function_surrogate,
}


def parameters(entries: dict[str, Entry]) -> list[Any]:
    """The names for `pytest.mark.parametrize`; what is compiled asks for a compiler."""
    compiler = pytest.mark.skipif(not is_available(), reason="there is no C++ compiler")
    return [
        pytest.param(name, marks=[compiler] if entry.settings == COMPILED else [])
        for name, entry in entries.items()
    ]


def _public(package: str) -> Iterator[Any]:
    """Every public thing that a module of the package defines."""
    root = importlib.import_module(package)
    names = [module.name for module in pkgutil.walk_packages(root.__path__, f"{package}.")]
    for module in map(importlib.import_module, names):
        for name, value in vars(module).items():
            if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__:
                yield value


def _demands(function: Callable[..., Any]) -> list[str]:
    """The arguments by position that a function cannot do without."""
    return [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
    ]


def algorithms() -> set[Any]:
    """All classes with the face of `vaelib.algorithm.Algorithm`."""
    face = ["step", "state_dict", "load_state_dict", "objective"]
    return {
        value
        for value in _public(vaelib.__name__)
        if inspect.isclass(value)
        and value is not Algorithm
        and all(hasattr(value, f) for f in face)
    }


def functions(package: str, demands: list[str]) -> set[Any]:
    """All public functions of a package that ask for these arguments by position, and no others."""
    return {f for f in _public(package) if inspect.isfunction(f) and _demands(f) == demands}


def unlisted(entries: dict[str, Entry]) -> set[tuple[str, str, object]]:
    """Choices of the listed classes and functions that no entry makes.

    A precision other than float32 changes the numbers: it has a test of its own.
    """
    missing = set()
    for of in {entry.of for entry in entries.values()}:
        function = of.__init__ if inspect.isclass(of) else of
        defaults = inspect.signature(function).parameters
        for name, hint in get_type_hints(inspect.unwrap(function)).items():
            if get_origin(hint) is Literal and name != "precision":
                own = [entry.settings for entry in entries.values() if entry.of is of]
                made = {settings.get(name, defaults[name].default) for settings in own}
                missing |= {(of.__name__, name, choice) for choice in set(get_args(hint)) - made}
    return missing
