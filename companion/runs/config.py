"""What a run is: the settings that decide its numbers, and the name that follows from them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from vaelib.arithmetic.products import Precision
from vaelib.checks.limits import Count, NotNegative, OpenUnit, Positive, Rule, Whole, check_fields
from vaelib.errors import UserError
from vaelib.model import LogVariance

AlgorithmName = Literal["aevb", "wake_sleep", "mcem"]
Measure = Literal["lower_bound", "marginal_likelihood"]

STEPSIZES = (0.01, 0.02, 0.1)
# It becomes part of a folder's name.
DatasetName = Annotated[
    str,
    Rule(
        lambda value: isinstance(value, str) and re.fullmatch(r"\w+", value) is not None,
        "a name of letters, digits and _",
    ),
]


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The identity of a run. How far it has come is not part of it: a run grows.

    Attributes:
        dataset: the data set; "mnist" or "frey_face", or the stand-in that took its place.
        algorithm: "aevb", "wake_sleep" or "mcem".
        n_latent, n_hidden: the paper's N_z, and the tanh units in encoder and decoder.
        n_train: training points, from the start of the training set.
        stepsize: Adagrad's global stepsize, or "auto" for section 5's choice from
            {0.01, 0.02, 0.1} by the training bound of the first iterations.
        pixels: "grey", "binarised" once by seed, or "dynamic"ally.
        seed: of everything random.
        measure: what is evaluated, the bound (Fig. 2) or the marginal likelihood (Fig. 3).
        minibatch_size, n_samples, estimator: M and L of Algorithm 1, and Eq. 6 or 7.
        kl_weight: of the KL term while training AEVB; 1 is the bound, 0 an ordinary auto-encoder.
        init_std: standard deviation of the initial parameters.
        encoder_log_variance: "slow" for the authors' library's, which begins at zero and moves at a
            tenth of the speed.
        warmup: first steps that only accumulate squared gradients.
        prior_precision: of p(θ) on the weights.
        prior_on_biases: whether p(θ) is on the biases too.
        replacement: whether minibatches are drawn with replacement, or by epochs.
        split, face_scale: how the faces are split, and what their bytes are divided by.
        n_leapfrog, n_weight_updates, target_acceptance: of MCEM, Appendix E.
        precision: of the matrix products while training; the state is float32 either way.

    Raises:
        UserError: for a choice or number that no run can have.
    """

    dataset: DatasetName
    algorithm: AlgorithmName
    n_latent: Count
    n_hidden: Count
    n_train: Count
    stepsize: Positive | Literal["auto"] = "auto"
    pixels: Literal["grey", "binarised", "dynamic"] = "grey"
    seed: Whole = 0
    measure: Measure = "lower_bound"
    minibatch_size: Count = 100
    n_samples: Count = 1
    estimator: Literal["A", "B"] = "B"
    kl_weight: NotNegative = 1.0
    init_std: Positive = 0.01
    encoder_log_variance: LogVariance = "as the rest"
    warmup: Whole = 100
    prior_precision: NotNegative = 1.0
    prior_on_biases: bool = False
    replacement: bool = True
    split: Literal["shuffled", "in order"] = "shuffled"
    face_scale: Literal[255, 256] = 256
    n_leapfrog: Count = 10
    n_weight_updates: Count = 5
    target_acceptance: OpenUnit = 0.9
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.kl_weight != 1 and (self.algorithm, self.estimator) != ("aevb", "B"):
            raise UserError(
                f"kl_weight is {self.kl_weight}, but only aevb with estimator 'B' has the KL as a "
                "term of its own: leave it at 1"
            )
        if (self.precision, self.estimator) == ("bfloat16", "A"):
            raise UserError(
                "precision 'bfloat16' is there for estimator 'B' only: use 'float32' with 'A'"
            )
        if self.algorithm == "mcem" and self.measure == "lower_bound":
            raise UserError(
                "measure 'lower_bound' needs a recognition model, which mcem has not: "
                "use measure 'marginal_likelihood'"
            )

    @property
    def weight_updates_per_step(self) -> int:
        """Updates of the weights in one step of the algorithm."""
        return self.n_weight_updates if self.algorithm == "mcem" else 1

    @property
    def samples_per_step(self) -> int:
        """Training samples evaluated in one step, the unit of the x-axis of Figs 2 and 3.

        The paper does not say how MCEM's are counted. Here every evaluation of a training point
        counts: one for each leapfrog step and one for each weight update. That is the reading
        under which equal counts cost about the same, and the one nearest to the paper's curve.
        """
        evaluations = 1
        if self.algorithm == "mcem":
            evaluations = self.n_leapfrog + self.n_weight_updates
        return self.minibatch_size * evaluations

    @property
    def slug(self) -> str:
        """A name for people and folders; settings that are not the paper's end in a short hash."""
        named = ("dataset", "algorithm", "n_latent", "n_hidden", "n_train", "stepsize", "pixels")
        parts = [
            self.dataset,
            self.algorithm,
            f"z{self.n_latent}",
            f"h{self.n_hidden}",
            f"n{self.n_train}",
            f"{self.stepsize}",
            self.pixels,
            f"s{self.seed}",
        ]
        if self.measure == "marginal_likelihood":
            parts.append("ml")
        unusual = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in (*named, "seed", "measure")
            and getattr(self, field.name) != field.default
        }
        if unusual:
            digest = hashlib.sha256(json.dumps(unusual, sort_keys=True).encode()).hexdigest()
            parts.append(f"x{digest[:8]}")
        return "-".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """All settings, as JSON takes them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> RunConfig:
        """The inverse of `to_dict`.

        Raises:
            UserError: if a setting is missing or not known.
        """
        try:
            return cls(**settings)
        except TypeError as error:
            raise UserError(
                f"these are not the settings of a run ({error}): "
                "the record was written by another version, move it away"
            ) from None


class RunRequest(NamedTuple):
    """A run, and the number of training samples that it should reach."""

    config: RunConfig
    samples: int
