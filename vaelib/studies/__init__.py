"""Small measurements that the chapters show: how right, and how noisy, an estimator is."""

from vaelib.studies.bounds import bound_noise, estimator_variance
from vaelib.studies.gradients import BASELINE, SCORE, A, B, gradient_variance
from vaelib.studies.likelihood import (
    SETTINGS,
    Setting,
    likelihood_estimators,
)
from vaelib.studies.likelihood_by_dimension import (
    TOLERANCE,
    likelihood_by_dimension,
    likelihood_summary,
)
from vaelib.studies.one_dimensional import Decomposition, OneDimensional

__all__ = [
    "BASELINE",
    "SCORE",
    "SETTINGS",
    "TOLERANCE",
    "A",
    "B",
    "Decomposition",
    "OneDimensional",
    "Setting",
    "bound_noise",
    "estimator_variance",
    "gradient_variance",
    "likelihood_by_dimension",
    "likelihood_estimators",
    "likelihood_summary",
]
