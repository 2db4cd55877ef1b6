"""The mathematics of *Auto-Encoding Variational Bayes*, and the names with which people begin.

>>> from vaelib import AEVB, Trainer, build, generator
>>> model = build(n_pixels=784, n_hidden=500, n_latent=20, generator=generator(0))

Each name comes from its module when it is first asked for; there is more in the modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaelib.aevb import AEVB
    from vaelib.datasets import load
    from vaelib.elbo import gaussian_kl, lower_bound
    from vaelib.full_vb import FullVB
    from vaelib.likelihood.marginal_likelihood import (
        importance_sampling,
        posterior_density_estimator,
    )
    from vaelib.mcem import MCEM
    from vaelib.model import VariationalAutoencoder, build
    from vaelib.randomness import generator
    from vaelib.sgvb import estimator_a, estimator_b
    from vaelib.training import Trainer
    from vaelib.wake_sleep import WakeSleep

__all__ = [
    "AEVB",
    "MCEM",
    "FullVB",
    "Trainer",
    "VariationalAutoencoder",
    "WakeSleep",
    "build",
    "estimator_a",
    "estimator_b",
    "gaussian_kl",
    "generator",
    "importance_sampling",
    "load",
    "lower_bound",
    "posterior_density_estimator",
]

_MODULES = {
    "AEVB": "aevb",
    "FullVB": "full_vb",
    "MCEM": "mcem",
    "Trainer": "training",
    "VariationalAutoencoder": "model",
    "WakeSleep": "wake_sleep",
    "build": "model",
    "estimator_a": "sgvb",
    "estimator_b": "sgvb",
    "gaussian_kl": "elbo",
    "generator": "randomness",
    "importance_sampling": "likelihood.marginal_likelihood",
    "load": "datasets",
    "lower_bound": "elbo",
    "posterior_density_estimator": "likelihood.marginal_likelihood",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
