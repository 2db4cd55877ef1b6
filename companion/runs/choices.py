"""What a run settles beside what it is named for: matters that the paper leaves open, or varies."""

# No postponed annotations: a field that is handed down keeps its rule, wherever it is read.
import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from vaelib.arithmetic.products import Precision
from vaelib.checks.limits import Count, NotNegative, OpenUnit, Positive, Rule, Whole, check_fields
from vaelib.errors import UserError
from vaelib.model import LogVariance, StartOf

# It becomes part of a folder's name.
Word = Annotated[
    str,
    Rule(
        lambda value: isinstance(value, str) and re.fullmatch(r"\w+", value) is not None,
        "a name of letters, digits and _",
    ),
]
APPENDIX_C = "appendix_c"
# What is settled for the networks of Appendix C alone.
OF_APPENDIX_C = ("init_std", "encoder_log_variance", "precision")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How each matter is settled; the defaults are this companion's.

    `str` says in words what is settled otherwise, and nothing of what is not: "M=500, KL off".

    Attributes:
        minibatch_size, n_samples, estimator: M and L of Algorithm 1, and Eq. 6 or 7.
        kl_weight: of the KL term while training AEVB; 1 is the bound, 0 an ordinary auto-encoder.
        init_std: standard deviation of the initial parameters.
        encoder_log_variance, output_bias, decoder_layers: as in `vaelib.model.build`.
        warmup: first steps that only accumulate squared gradients.
        prior_precision: of p(θ) on the weights.
        prior_on_biases: whether p(θ) is on the biases too.
        replacement: whether minibatches are drawn with replacement, or by epochs.
        split: how the faces are split.
        face_scale, mnist_scale: what the bytes of faces and of digits are divided by.
        n_leapfrog, n_weight_updates, m_step_points, target_acceptance: of MCEM, Appendix E.
        precision: of the matrix products while training; the state is float32 either way.
        networks: those of Appendix C, or others by a name under which
            `companion.runs.other_networks` knows them.

    Raises:
        UserError: for a choice or number that no run can have.
    """

    minibatch_size: Count = 100
    n_samples: Count = 1
    estimator: Literal["A", "B"] = "B"
    kl_weight: NotNegative = 1.0
    init_std: Positive = 0.01
    encoder_log_variance: LogVariance = "as the rest"
    output_bias: StartOf = "as the rest"
    decoder_layers: Literal[1, 2] = 1
    warmup: Whole = 100
    prior_precision: NotNegative = 1.0
    prior_on_biases: bool = False
    replacement: bool = True
    split: Literal["shuffled", "in order"] = "shuffled"
    face_scale: Literal[255, 256] = 256
    mnist_scale: Literal[255, 256] = 255
    n_leapfrog: Count = 10
    n_weight_updates: Count = 5
    m_step_points: Count | None = None
    target_acceptance: OpenUnit = 0.9
    precision: Precision = "float32"
    networks: Word = APPENDIX_C

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.precision, self.estimator) == ("bfloat16", "A"):
            raise UserError(
                "precision 'bfloat16' is there for estimator 'B' only: use 'float32' with 'A'"
            )
        changed = self.changed()
        if self.networks != APPENDIX_C and any(name in changed for name in OF_APPENDIX_C):
            name = next(name for name in OF_APPENDIX_C if name in changed)
            raise UserError(
                f"{name} is {changed[name]!r}, but it is for the networks of Appendix C and these "
                f"are {self.networks}: leave it out"
            )

    def changed(self) -> dict[str, Any]:
        """The settings that are not the default."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(Choices)
            if getattr(self, field.name) != field.default
        }

    def __str__(self) -> str:
        return ", ".join(WORDS[name](value) for name, value in self.changed().items())


def _plain(number: float) -> str:
    """All digits that it has, and no more: 3.0 is "3"."""
    return str(number).removesuffix(".0")


# How a setting that is not the default is said.
WORDS: dict[str, Callable[[Any], str]] = {
    "minibatch_size": "M={}".format,
    "n_samples": "L={}".format,
    "estimator": "estimator {}".format,
    "kl_weight": lambda weight: f"KL weight {_plain(weight)}" if weight else "KL off",
    "init_std": lambda std: f"initial std {_plain(std)}",
    "encoder_log_variance": "log variance {}".format,
    "output_bias": "output biases {}".format,
    "decoder_layers": "{} decoder layers".format,
    "warmup": lambda steps: f"warm-up of {steps}" if steps else "no warm-up",
    "prior_precision": lambda value: f"prior precision {_plain(value)}" if value else "no prior",
    "prior_on_biases": lambda _: "prior on biases",
    "replacement": lambda _: "by epochs",
    "split": "faces {}".format,
    "face_scale": "bytes over {}".format,
    "mnist_scale": "digits over {}".format,
    "n_leapfrog": "{} leapfrog steps".format,
    "n_weight_updates": lambda n: f"{n} weight update{'' if n == 1 else 's'}",
    "m_step_points": "M-step by blocks of {}".format,
    "target_acceptance": lambda rate: f"acceptance {_plain(rate)}",
    "precision": "{} products".format,
    "networks": "networks {}".format,
}
