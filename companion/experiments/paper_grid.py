"""The paper's grid as data: every run of every figure, and how far a profile carries it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

import yaml

from companion.runs.config import AlgorithmName, RunConfig, RunRequest
from vaelib.checks.limits import Count, Whole, check_argument, checked
from vaelib.errors import UserError

PROFILES = ("quick", "standard", "paper")
# N_z of the panels of Fig. 2, the hidden units, and N_train.
MNIST_LATENT = (3, 5, 10, 20, 200)
FREY_LATENT = (2, 5, 10, 20)
MANIFOLD_LATENT = (2, 5, 10, 20)
FIGURE3_N_TRAIN = (1000, 50_000)
# (M, L) of section 2.3. The first three, claim C3, are run with several seeds; the two after them
# spend 100 decodings on a step, as the first does, in another way.
MINIBATCHES = ((100, 1), (100, 4), (100, 10), (25, 4), (10, 10), (10, 4), (10, 1))
KL_WEIGHTS = (0.0, 0.3, 1.0, 3.0)
STUDY_SEEDS = 3
HIDDEN_UNITS = (100, 200, 1000)


@dataclass(frozen=True)
class Profile:
    """How many training samples each figure's runs get; with L draws for each, 1/L of them."""

    name: str
    samples: dict[str, int]


def profile(name: str) -> Profile:
    """The profile of that name, read from its YAML.

    Raises:
        UserError: if there is none, or it does not say how far each figure's runs go.
    """
    if name not in PROFILES:
        raise UserError(f"profile {name!r} is not known: use one of {', '.join(PROFILES)}")
    text = resources.files(__package__).joinpath("profiles", f"{name}.yaml").read_text("utf-8")
    return parse_profile(name, text)


def parse_profile(name: str, text: str) -> Profile:
    """A profile from its YAML: a mapping `samples` from every figure to a whole number.

    Numbers are read as people mean them, not as YAML 1.1 does: 1e5, 1.0e+5, 100_000 and 0x186A0
    are one number, and 010 is ten.

    Raises:
        UserError: naming the profile, what is wrong in it, and the remedy.
    """
    file = f"profiles/{name}.yaml"
    try:
        # Every scalar as text: YAML 1.1 has 1e5 for text, 010 for eight and 1:30 for ninety.
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} is not YAML ({reason}): correct it") from None
    samples = content.get("samples") if isinstance(content, dict) else None
    if not isinstance(samples, dict) or set(samples) != set(GROUPS):
        given = ", ".join(map(str, samples)) if isinstance(samples, dict) else ""
        raise UserError(
            f"samples in {file} are given for {given or 'no figure'}: give a number of training "
            f"samples for each of {', '.join(GROUPS)}, and for nothing else"
        )
    for group in GROUPS:
        samples[group] = _as_int(samples[group])
        check_argument(f"{group} in {file}", samples[group], Count)
    return Profile(name, samples)


def _as_int(value: object) -> object:
    """The int that text such as 1e5 is; anything else as it is."""
    if not isinstance(value, str):
        return value
    if re.fullmatch("0x[0-9a-fA-F]+", value):
        return int(value, 16)
    try:
        exact = Decimal(value)
        return int(exact) if exact % 1 == 0 else value
    except ArithmeticError:
        return value


@checked
def mnist(n_latent: Count, algorithm: AlgorithmName = "aevb", *, seed: Whole = 0) -> RunConfig:
    """The MNIST run of section 5: Bernoulli decoder, 500 hidden units, 50000 training images."""
    return RunConfig(
        dataset="mnist",
        algorithm=algorithm,
        n_latent=n_latent,
        n_hidden=500,
        n_train=50_000,
        seed=seed,
    )


@checked
def frey_face(n_latent: Count, algorithm: AlgorithmName = "aevb", *, seed: Whole = 0) -> RunConfig:
    """The Frey Face run of section 5: Gaussian decoder with sigmoid means, 200 hidden units."""
    return RunConfig(
        dataset="frey_face",
        algorithm=algorithm,
        n_latent=n_latent,
        n_hidden=200,
        n_train=1_500,
        seed=seed,
    )


@checked
def figure2(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 2: AEVB against wake-sleep, nine panels, two runs each."""
    algorithms: tuple[AlgorithmName, ...] = ("aevb", "wake_sleep")
    return [
        *(mnist(n, algorithm, seed=seed) for n in MNIST_LATENT for algorithm in algorithms),
        *(frey_face(n, algorithm, seed=seed) for n in FREY_LATENT for algorithm in algorithms),
    ]


@checked
def figure3(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 3: AEVB, wake-sleep and MCEM; MNIST, N_z = 3, 100 hidden units, two training sizes."""
    algorithms: tuple[AlgorithmName, ...] = ("aevb", "wake_sleep", "mcem")
    return [
        RunConfig(
            dataset="mnist",
            algorithm=algorithm,
            n_latent=3,
            n_hidden=100,
            n_train=n_train,
            seed=seed,
            measure="marginal_likelihood",
        )
        for n_train in FIGURE3_N_TRAIN
        for algorithm in algorithms
    ]


@checked
def figure4(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 4: the two-dimensional manifolds of Frey Face and MNIST."""
    return [frey_face(2, seed=seed), mnist(2, seed=seed)]


@checked
def figure5(seed: Whole = 0) -> list[RunConfig]:
    """Fig. 5: MNIST samples from 2-, 5-, 10- and 20-dimensional latent spaces."""
    return [mnist(n, seed=seed) for n in MANIFOLD_LATENT]


def _small(n_latent: int, seed: int, **settings: Any) -> RunConfig:
    """An MNIST run with a fifth of the hidden units, and one stepsize, to vary one thing."""
    return dataclasses.replace(
        mnist(n_latent, seed=seed), n_hidden=100, stepsize=0.02, warmup=20, **settings
    )


@checked
def minibatches(seed: Whole = 0) -> list[RunConfig]:
    """Section 2.3: what to spend decodings on, datapoints (M) or draws for each (L)."""
    seeds = range(seed, seed + STUDY_SEEDS)
    repeated, once = MINIBATCHES[:3], MINIBATCHES[3:]
    return [
        *(_small(10, s, minibatch_size=m, n_samples=n) for s in seeds for m, n in repeated),
        *(_small(10, seed, minibatch_size=m, n_samples=n) for m, n in once),
    ]


@checked
def kl_weights(seed: Whole = 0) -> list[RunConfig]:
    """Section 2.3: training with the KL off, weakened, as it is, and strengthened.

    The last two have a plane of codes, to be drawn: with the KL off, and as it is.
    """
    seeds = range(seed, seed + STUDY_SEEDS)
    return [
        *(_small(10, s, kl_weight=weight) for s in seeds for weight in KL_WEIGHTS),
        *(_small(2, seed, kl_weight=weight) for weight in (0.0, 1.0)),
    ]


@checked
def hidden_units(seed: Whole = 0) -> list[RunConfig]:
    """Section 5: both algorithms of Fig. 2 with fewer and with more hidden units; MNIST, 20."""
    algorithms: tuple[AlgorithmName, ...] = ("aevb", "wake_sleep")
    return [
        dataclasses.replace(mnist(20, algorithm, seed=seed), n_hidden=n_hidden)
        for n_hidden in HIDDEN_UNITS
        for algorithm in algorithms
    ]


GROUPS: dict[str, Callable[[int], list[RunConfig]]] = {
    "figure2": figure2,
    "figure3": figure3,
    "figure4": figure4,
    "figure5": figure5,
    "minibatches": minibatches,
    "kl_weights": kl_weights,
}


@checked
def requests(group: str, profile_name: str, *, seed: Whole = 0) -> list[RunRequest]:
    """The runs behind one figure or study, as far as the profile carries them.

    The profile counts decodings: a run with L draws for each datapoint gets 1/L of the samples, so
    that all of a group cost about the same.

    Raises:
        UserError: for an unknown group or profile.
    """
    if group not in GROUPS:
        raise UserError(f"figure {group!r} is not known: use one of {', '.join(GROUPS)}")
    samples = profile(profile_name).samples[group]
    return [
        RunRequest(config, max(1, samples // config.n_samples)) for config in GROUPS[group](seed)
    ]


@checked
def explorers(profile_name: str, *, seed: Whole = 0) -> list[RunRequest]:
    """The runs whose networks the book's explorers load: a plane of codes for each data set, and
    twenty dimensions for MNIST."""
    planes = requests("figure4", profile_name, seed=seed)
    wide = mnist(20, seed=seed)
    return [
        *planes,
        *(r for r in requests("figure5", profile_name, seed=seed) if r.config == wide),
    ]


@checked
def groups(profile_name: str, *, seed: Whole = 0) -> dict[str, list[RunRequest]]:
    """All figures' runs; a run that serves two figures stands in both."""
    return {group: requests(group, profile_name, seed=seed) for group in GROUPS}
