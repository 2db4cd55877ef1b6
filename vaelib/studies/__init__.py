"""Small measurements that the chapters show: how right, and how noisy, an estimator is."""

from vaelib.studies.bounds import bound_noise, estimator_variance, variance_with_interval
from vaelib.studies.deviations import (
    independent_pixels,
    measured_deviations,
    memory_of_the_start,
    nearest_choice,
)
from vaelib.studies.full_vb import FULL_VB, MAP, ML, Fitted, exact_log_likelihood, fit
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
from vaelib.studies.latent_space import (
    latent_accuracy,
    manifold_roughness,
    neighbour_accuracy,
    principal_components,
)
from vaelib.studies.learning_curves import (
    at,
    beginnings,
    bounds_by_decade,
    curves_of,
    distance_from_paper,
)
from vaelib.studies.likelihood import SETTINGS, Setting, likelihood_estimators
from vaelib.studies.likelihood_by_dimension import (
    LIKELIHOOD_TOLERANCE,
    likelihood_by_dimension,
    likelihood_summary,
)
from vaelib.studies.linear_gaussian import gap_and_kl, halfway, linear_gaussian_fits
from vaelib.studies.objective import (
    Interval,
    auto_encoder,
    decoding_curves,
    draws_at_equal_cost,
    interval,
    kl_weight_bounds,
)
from vaelib.studies.one_dimensional import Decomposition, OneDimensional
from vaelib.studies.posterior_sampling import (
    calibration_ranks,
    energy_error,
    sampling_efficiency,
    tuning_path,
)
from vaelib.studies.reparameterization import reparameterization_checks
from vaelib.studies.sample_quality import frechet_distance, greyness, sample_quality
from vaelib.studies.weight_posterior import (
    best_without_codes,
    decodings,
    mixed_predictive_bound,
    spread,
    unit_prices,
)

__all__ = [
    "BASELINE",
    "CONTROLLED",
    "EXACT_KL",
    "FULL_VB",
    "LIKELIHOOD_TOLERANCE",
    "MAP",
    "ML",
    "RAO_BLACKWELL",
    "RAO_BLACKWELL_CONTROLLED",
    "SCORE",
    "SETTINGS",
    "A",
    "B",
    "Decomposition",
    "Fitted",
    "Interval",
    "OneDimensional",
    "Ratio",
    "Setting",
    "at",
    "auto_encoder",
    "beginnings",
    "best_without_codes",
    "bound_noise",
    "bounds_by_decade",
    "calibration_ranks",
    "curves_of",
    "decoding_curves",
    "decodings",
    "distance_from_paper",
    "draws_at_equal_cost",
    "energy_error",
    "estimator_variance",
    "exact_log_likelihood",
    "fit",
    "frechet_distance",
    "gap_and_kl",
    "gradient_variance",
    "gradient_variance_in_training",
    "greyness",
    "halfway",
    "independent_pixels",
    "interval",
    "kl_weight_bounds",
    "latent_accuracy",
    "likelihood_by_dimension",
    "likelihood_estimators",
    "likelihood_summary",
    "linear_gaussian_fits",
    "manifold_roughness",
    "measured_deviations",
    "memory_of_the_start",
    "mixed_predictive_bound",
    "nearest_choice",
    "neighbour_accuracy",
    "principal_components",
    "reparameterization_checks",
    "sample_quality",
    "sampling_efficiency",
    "spread",
    "tuning_path",
    "unit_prices",
    "variance_ratio",
    "variance_ratios",
    "variance_with_interval",
]
