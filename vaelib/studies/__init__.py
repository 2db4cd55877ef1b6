"""Small measurements that the chapters show: how right, and how noisy, an estimator is."""

from vaelib.studies.bounds import bound_noise, estimator_variance
from vaelib.studies.gradients import BASELINE, SCORE, A, B, gradient_variance
from vaelib.studies.likelihood import likelihood_estimators
from vaelib.studies.linear_gaussian import gap_and_kl, halfway, linear_gaussian_fits
from vaelib.studies.one_dimensional import Decomposition, OneDimensional

__all__ = [
    "BASELINE",
    "SCORE",
    "A",
    "B",
    "Decomposition",
    "OneDimensional",
    "bound_noise",
    "estimator_variance",
    "gap_and_kl",
    "gradient_variance",
    "halfway",
    "likelihood_estimators",
    "linear_gaussian_fits",
]
