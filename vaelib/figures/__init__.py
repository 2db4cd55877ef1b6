"""One theme, and one function for each figure of the paper and the book.

Every function returns a matplotlib Figure that pyplot does not know of, and raises a UserError for
an input that it cannot draw. Importing this package sets nothing; call `use_theme()` once.
"""

from vaelib.figures.bound import decomposition, posterior_1d, two_directions
from vaelib.figures.coding import coding
from vaelib.figures.deviations import distance_from_paper
from vaelib.figures.drawn import drawn_from
from vaelib.figures.estimators import (
    estimator_variance,
    gradient_variance,
    gradient_variance_in_training,
)
from vaelib.figures.exact_answers import convergence, gap_and_kl
from vaelib.figures.global_parameters import (
    full_vb,
    overfitting,
    unit_prices,
    weight_draws,
    weight_spread,
)
from vaelib.figures.gradient_estimates import gradient_estimates
from vaelib.figures.graphical_model import figure1
from vaelib.figures.latent_space import kl_surface, latent_codes
from vaelib.figures.learning_curves import figure2, figure3
from vaelib.figures.likelihood import (
    likelihood_by_dimension,
    likelihood_estimators,
    likelihood_settings,
)
from vaelib.figures.manifolds import figure4, figure5, reconstructions, samples_of_data
from vaelib.figures.objective import draws_against_images, without_the_kl
from vaelib.figures.sampler import leapfrog_and_tuner, rank_histogram, sampling_efficiency
from vaelib.figures.sampling import gamma_path, hmc_trajectory, sample_path
from vaelib.figures.theme import LABELS, LINESTYLES, MARKERS, PALETTE, use_theme

__all__ = [
    "LABELS",
    "LINESTYLES",
    "MARKERS",
    "PALETTE",
    "coding",
    "convergence",
    "decomposition",
    "distance_from_paper",
    "drawn_from",
    "draws_against_images",
    "estimator_variance",
    "figure1",
    "figure2",
    "figure3",
    "figure4",
    "figure5",
    "full_vb",
    "gamma_path",
    "gap_and_kl",
    "gradient_estimates",
    "gradient_variance",
    "gradient_variance_in_training",
    "hmc_trajectory",
    "kl_surface",
    "latent_codes",
    "leapfrog_and_tuner",
    "likelihood_by_dimension",
    "likelihood_estimators",
    "likelihood_settings",
    "overfitting",
    "posterior_1d",
    "rank_histogram",
    "reconstructions",
    "sample_path",
    "samples_of_data",
    "sampling_efficiency",
    "two_directions",
    "unit_prices",
    "use_theme",
    "weight_draws",
    "weight_spread",
    "without_the_kl",
]
