"""The mathematics of *Auto-Encoding Variational Bayes*, and the names with which people begin.

>>> from vaelib import AEVB, Trainer, build, generator
>>> model = build(n_pixels=784, n_hidden=500, n_latent=20, generator=generator(0))

Each name comes from its module when it is first asked for; there is more in the modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaelib.aevb import AEVB as AEVB
    from vaelib.datasets import load as load
    from vaelib.elbo import gaussian_kl as gaussian_kl
    from vaelib.elbo import lower_bound as lower_bound
    from vaelib.full_vb import FullVB as FullVB
    from vaelib.likelihood.marginal_likelihood import importance_sampling as importance_sampling
    from vaelib.likelihood.marginal_likelihood import (
        posterior_density_estimator as posterior_density_estimator,
    )
    from vaelib.mcem import MCEM as MCEM
    from vaelib.model import VariationalAutoencoder as VariationalAutoencoder
    from vaelib.model import build as build
    from vaelib.randomness import generator as generator
    from vaelib.reference_models import pretrained as pretrained
    from vaelib.reference_models import pretrained_models as pretrained_models
    from vaelib.sgvb import estimator_a as estimator_a
    from vaelib.sgvb import estimator_b as estimator_b
    from vaelib.training import Trainer as Trainer
    from vaelib.wake_sleep import WakeSleep as WakeSleep

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
    "pretrained": "reference_models",
    "pretrained_models": "reference_models",
}
__all__ = [*_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
