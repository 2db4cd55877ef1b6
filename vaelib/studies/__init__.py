"""Small measurements that the chapters show: how right, and how noisy, an estimator is."""

from vaelib.studies.bounds import bound_noise, estimator_variance
from vaelib.studies.full_vb import FULL_VB, MAP, ML, Fitted, exact_log_likelihood, fit
from vaelib.studies.gradients import BASELINE, SCORE, A, B, gradient_variance
from vaelib.studies.likelihood import likelihood_estimators
from vaelib.studies.one_dimensional import Decomposition, OneDimensional
from vaelib.studies.posterior_sampling import (
    calibration_ranks,
    energy_error,
    sampling_efficiency,
    tuning_path,
)
from vaelib.studies.weight_posterior import (
    best_without_codes,
    decodings,
    mixed_predictive_bound,
    spread,
    unit_prices,
)

__all__ = [
    "BASELINE",
    "FULL_VB",
    "MAP",
    "ML",
    "SCORE",
    "A",
    "B",
    "Decomposition",
    "Fitted",
    "OneDimensional",
    "best_without_codes",
    "bound_noise",
    "calibration_ranks",
    "decodings",
    "energy_error",
    "estimator_variance",
    "exact_log_likelihood",
    "fit",
    "gradient_variance",
    "likelihood_estimators",
    "mixed_predictive_bound",
    "sampling_efficiency",
    "spread",
    "tuning_path",
    "unit_prices",
]
