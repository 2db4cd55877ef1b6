"""What a run is: the settings that decide its numbers, and the names that follow from them."""

# No postponed annotations: a field that is handed down keeps its rule, wherever it is read.
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

from companion.runs.choices import APPENDIX_C, Choices, Word
from vaelib.checks.limits import Count, Positive, Whole
from vaelib.errors import UserError

AlgorithmName = Literal["aevb", "wake_sleep", "mcem"]
Measure = Literal["lower_bound", "marginal_likelihood"]

STEPSIZES = (0.01, 0.02, 0.1)
# Choices that some algorithms have not: MCEM never asks the encoder, and only it has an M-step.
OWN: dict[str, tuple[AlgorithmName, ...]] = {
    "n_samples": ("aevb",),
    "estimator": ("aevb",),
    "encoder_log_variance": ("aevb", "wake_sleep"),
    **dict.fromkeys(
        ("n_leapfrog", "n_weight_updates", "m_step_points", "target_acceptance"), ("mcem",)
    ),
}


@dataclass(frozen=True, kw_only=True)
class RunConfig(Choices):
    """The identity of a run: what it is named for, and its `Choices`, given beside.

    How far it has come is not part of it: a run grows. `str` names it for people.

    Attributes:
        dataset: the data set; "mnist" or "frey_face", the stand-in that took its place, or data of
            your own under a name that holds their checksum.
        algorithm: "aevb", "wake_sleep" or "mcem".
        n_latent, n_hidden: the paper's N_z, and the tanh units in encoder and decoder; other
            networks than Appendix C's have a size of their own.
        n_train: training points, from the start of the training set.
        stepsize: Adagrad's global stepsize, or "auto" for section 5's choice from
            {0.01, 0.02, 0.1} by the training bound of the first iterations.
        pixels: "grey", "binarised" once by seed, or "dynamic"ally.
        seed: of everything random.
        measure: what is evaluated, the bound (Fig. 2) or the marginal likelihood (Fig. 3).

    Raises:
        UserError: for a choice or number that no run can have.
    """

    dataset: Word
    algorithm: AlgorithmName
    n_latent: Count
    n_hidden: Count
    n_train: Count
    stepsize: Positive | Literal["auto"] = "auto"
    pixels: Literal["grey", "binarised", "dynamic"] = "grey"
    seed: Whole = 0
    measure: Measure = "lower_bound"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.changed():
            if self.algorithm not in OWN.get(name, (self.algorithm,)):
                raise UserError(
                    f"{name} is {getattr(self, name)!r}, but {self.algorithm} has no such choice: "
                    f"leave it out, or use algorithm {' or '.join(OWN[name])}"
                )
        if self.m_step_points is not None and self.m_step_points > self.minibatch_size:
            raise UserError(
                f"m_step_points is {self.m_step_points}, but a step has a minibatch of "
                f"{self.minibatch_size}: make it smaller"
            )
        if self.kl_weight != 1 and (self.algorithm, self.estimator) != ("aevb", "B"):
            raise UserError(
                f"kl_weight is {self.kl_weight}, but only aevb with estimator 'B' has the KL as a "
                "term of its own: leave it at 1"
            )
        if self.algorithm == "mcem" and self.measure == "lower_bound":
            raise UserError(
                "measure 'lower_bound' needs a recognition model, which mcem has not: "
                "use measure 'marginal_likelihood'"
            )

    @property
    def choices(self) -> Choices:
        """The choices without what the run is named for."""
        return Choices(**{f.name: getattr(self, f.name) for f in dataclasses.fields(Choices)})

    @property
    def weight_updates_per_step(self) -> int:
        """Updates of the weights in one step of the algorithm."""
        return self.n_weight_updates if self.algorithm == "mcem" else 1

    @property
    def samples_per_step(self) -> int:
        """Training samples evaluated in one step, the unit of the x-axis of Figs 2 and 3.

        The paper does not say how MCEM's are counted. Here every evaluation of a training point
        counts: one for each leapfrog step and one for each weight update. That is the reading
        under which equal counts cost about the same. One weight update a step instead of five
        comes nearer to the paper's curve, which the page on deviations measures.
        """
        if self.algorithm != "mcem":
            return self.minibatch_size
        in_m_step = self.m_step_points or self.minibatch_size
        return self.minibatch_size * self.n_leapfrog + in_m_step * self.n_weight_updates

    @property
    def name(self) -> str:
        """What the run is named for, in short; runs that differ in their choices share it."""
        parts = [
            self.dataset,
            self.algorithm,
            f"z{self.n_latent}",
            f"h{self.n_hidden}" if self.networks == APPENDIX_C else self.networks,
            f"n{self.n_train}",
            f"{self.stepsize}",
            self.pixels,
            f"s{self.seed}",
        ]
        if self.measure == "marginal_likelihood":
            parts.append("ml")
        return "-".join(parts)

    def __str__(self) -> str:
        """For people: the name, and the choices in words where they are not the default."""
        words = str(self.choices)
        return f"{self.name} ({words})" if words else self.name

    @property
    def slug(self) -> str:
        """For folders: the name, and a short hash of the choices that are not the default."""
        changed = self.changed()
        if not changed:
            return self.name
        digest = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()
        return f"{self.name}-x{digest[:8]}"

    def to_dict(self) -> dict[str, Any]:
        """All settings side by side, as JSON takes them; first those that it is named for."""
        settings = dataclasses.asdict(self)
        choices = {field.name: settings.pop(field.name) for field in dataclasses.fields(Choices)}
        return settings | choices

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
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
