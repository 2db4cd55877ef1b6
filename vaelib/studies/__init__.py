"""Small measurements that the chapters show: how right, and how noisy, an estimator is."""

from vaelib.studies.bounds import bound_noise, estimator_variance
from vaelib.studies.gradients import (
    BASELINE,
    CONTROLLED,
    EXACT_KL,
    RAO_BLACKWELL,
    RAO_BLACKWELL_CONTROLLED,
    SCORE,
    A,
    B,
    Ratio,
    gradient_variance,
    gradient_variance_in_training,
    variance_ratio,
    variance_ratios,
)
from vaelib.studies.likelihood import likelihood_estimators
from vaelib.studies.one_dimensional import Decomposition, OneDimensional
from vaelib.studies.reparameterization import reparameterization_checks

__all__ = [
    "BASELINE",
    "CONTROLLED",
    "EXACT_KL",
    "RAO_BLACKWELL",
    "RAO_BLACKWELL_CONTROLLED",
    "SCORE",
    "A",
    "B",
    "Decomposition",
    "OneDimensional",
    "Ratio",
    "bound_noise",
    "estimator_variance",
    "gradient_variance",
    "gradient_variance_in_training",
    "likelihood_estimators",
    "reparameterization_checks",
    "variance_ratio",
    "variance_ratios",
]
