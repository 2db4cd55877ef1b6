"""Every public number of the package has a limit, and every call is held to it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
import pkgutil
import types
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

import companion
import vaelib
from companion.measurements.kept import kept
from companion.own.training import Samples
from companion.runs.choices import Choices
from companion.runs.config import RunConfig
from tests.helpers import rng
from vaelib.checks.limits import (
    Count,
    Finite,
    NotNegative,
    OpenUnit,
    Positive,
    Rule,
    Several,
    Whole,
    check_argument,
    check_fields,
    checked,
    rule_of,
)
from vaelib.datasets.loading import ByteScale
from vaelib.errors import UserError
from vaelib.hmc.sampler import Jitter
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA

NO_NUMBERS = (math.nan, -math.inf, True, "abc", None, [1], torch.ones(3))
TOO_LARGE = 10**400  # for a float
NO_END = (math.inf, TOO_LARGE)
WHOLE_ONLY = (0.5, 2.0, np.float64(2.0), math.inf)
# What each rule refuses, beside NO_NUMBERS, and what it takes.
NUMBERS: dict[Any, tuple[tuple[object, ...], tuple[object, ...]]] = {
    Whole: ((-1, *WHOLE_ONLY), (0, 7, np.int64(3))),
    Count: ((-1, 0, np.int64(0), *WHOLE_ONLY), (1, 7, np.int64(3))),
    Samples: ((-1, 0, 19_999, *WHOLE_ONLY), (20_000, np.int64(30_000))),
    Several: ((-1, 0, 1, *WHOLE_ONLY), (2, 7, np.int64(3))),
    ByteScale: ((-1, 0, 1, 254, *WHOLE_ONLY), (255, 256)),
    Finite: ((*NO_END, -TOO_LARGE), (-2.5, 0, 1e300, np.float32(0.5))),
    Positive: ((*NO_END, -1, 0, -0.0, np.float32(0.0)), (1, 1e-300, np.float32(0.5))),
    NotNegative: ((*NO_END, -1, -1e-300), (0, -0.0, 1, 2.5, np.int64(3))),
    OpenUnit: ((*NO_END, -1, 0, 1, 1.5), (0.5, np.float32(0.9))),
    Jitter: ((*NO_END, -0.1, 1, 2), (0, 0.5)),
}
# Arguments that have no rule, by module or by name, each with the reason.
WITHOUT: dict[str, str] = {
    **dict.fromkeys(
        (
            "companion.cli",
            "companion.console",
            "companion.data",
            "companion.experiments.reference",
            "companion.runs.carrying",
            "companion.runs.requested",
            "companion.runs.rounding",
            "companion.runs.underway",
            "vaelib.datasets.availability",
            "vaelib.datasets.mirrors",
            "vaelib.datasets.sources",
        ),
        "what keeps files and runs; the command line, or the settings of a run, have looked",
    ),
    **dict.fromkeys(
        ("companion.claims", "companion.experiments.seeds"), "made of what runs have recorded"
    ),
    **dict.fromkeys(
        (
            "companion.own.assessment.Assessment",
            "companion.own.inspection.Inspection",
            "companion.runs.config.RunRequest",
            "companion.runs.provenance",
            "companion.runs.record.Record",
            "companion.runs.store.Run",
            "vaelib.datasets.loading.Dataset",
            "vaelib.distributions.pathwise.Noise",
        ),
        "what the package writes itself, and reads",
    ),
    "companion.pages.ways_of_use": "writes what was measured",
    "companion.wording": "writes whatever number it is given",
    "vaelib.datasets.loading.binarise": (
        "called for every minibatch; PyTorch asks for a generator itself"
    ),
    **dict.fromkeys(
        (
            "vaelib.hmc.sampler.leapfrog",
            "vaelib.hmc.sampler.propose_and_accept",
            "vaelib.hmc.sampler.HasTransition",
            "vaelib.arithmetic.products.product",
        ),
        "stands in a compiled step; `hmc.kernel` and the algorithms have looked",
    ),
    **dict.fromkeys(
        (
            "vaelib.distributions.pathwise.Reparameterization.draw_noise.parameters",
            "vaelib.distributions.pathwise.Reparameterization.sample.parameters",
            "vaelib.distributions.pathwise.Reparameterization.marginals.parameters",
            "vaelib.reparameterization.reparameterize.parameters",
            "vaelib.likelihood.probabilistic_pca.ProbabilisticPCA.untrained_model.starts",
        ),
        "any number of them; the function looks at each",
    ),
    "vaelib.randomness.generator.purpose": "any words and numbers",
    **dict.fromkeys(
        ("vaelib.checks", "vaelib.networks.check_inputs", "vaelib.training.check_finite"),
        "looks itself",
    ),
}
# Dataclasses that look at their own fields, with one of each.
SETTLED: dict[str, Any] = {
    "companion.runs.choices.Choices": Choices(),
    "companion.runs.config.RunConfig": RunConfig(
        dataset="mnist", algorithm="aevb", n_latent=3, n_hidden=5, n_train=10
    ),
    "vaelib.likelihood.probabilistic_pca.ProbabilisticPCA": ProbabilisticPCA.example(),
}


class Argument(NamedTuple):
    """An argument of a public callable; `call` passes it, and nothing else that could be wrong."""

    of: str
    name: str
    annotation: Any
    call: Callable[..., object]
    looks: bool


def public() -> Iterator[tuple[str, Callable[..., object], Callable[..., object]]]:
    """Name, function, and how it is called, for every public function, method and constructor."""
    for package in (vaelib, companion):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield from defined_in(importlib.import_module(found.name))


def defined_in(module: types.ModuleType) -> Iterator[tuple[str, Any, Any]]:
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        full = f"{module.__name__}.{name}"
        if inspect.isfunction(thing):
            yield full, thing, thing
        elif inspect.isclass(thing) and not issubclass(thing, tuple):
            yield from methods(full, thing)


def methods(full: str, thing: type) -> Iterator[tuple[str, Any, Any]]:
    for name, member in vars(thing).items():
        if isinstance(member, classmethod | staticmethod):
            member = member.__func__
        if not inspect.isfunction(member) or (name.startswith("_") and name != "__init__"):
            continue
        if full in SETTLED and name == "__init__":
            yield full, member, partial(dataclasses.replace, SETTLED[full])
        else:
            # It looks before it touches itself.
            yield f"{full}.{name}", member, partial(member, None)


KEPT = kept(pd.DataFrame).__code__  # type: ignore[attr-defined]


def looks(function: Any) -> bool:
    """Whether `checked` made it, or `kept` of what `checked` made."""
    if getattr(function, "__code__", None) is KEPT:
        function = function.__wrapped__
    return getattr(function, "__code__", None) is checked(lambda: None).__code__


def arguments() -> list[Argument]:
    found = []
    for of, function, call in public():
        hints = hints_of(function)
        for name in inspect.signature(function).parameters:
            if name in hints:
                found.append(
                    Argument(of, name, hints[name], call, looks(function) or of in SETTLED)
                )
    return found


def hints_of(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return get_type_hints(inspect.unwrap(function), include_extras=True)
    except TypeError:
        # pandas' classes cannot be subscripted where it runs, only where it is type-checked.
        assert not looks(function)
        return {}


def is_scalar(annotation: Any) -> bool:
    """Whether it is a number, a choice or a generator, or some of them."""
    if get_origin(annotation) in (Union, types.UnionType, Sequence):
        return any(is_scalar(inner) for inner in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return any(isinstance(mark, Rule) for mark in annotation.__metadata__)
    return get_origin(annotation) is Literal or annotation in (int, float, bool, torch.Generator)


def is_without(argument: Argument) -> bool:
    names = (f"{argument.of}.{argument.name}", argument.of)
    return any(name == known or name.startswith(f"{known}.") for name in names for known in WITHOUT)


SCALARS = [argument for argument in arguments() if is_scalar(argument.annotation)]
RULED = [a for a in SCALARS if a.looks and rule_of(a.annotation) is not None]


def refused(annotation: Any) -> list[object]:
    """Values that an annotation forbids, by its kind."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in NUMBERS:
        return [*NO_NUMBERS, *NUMBERS[annotation][0]]
    if origin is Annotated:
        return [] if inner[0] is not str else [1, None, "", "a/b", "..", "a-b", "a b"]
    if origin is Literal:
        return [math.nan, -1, 0, 0.5, True, "abc", None, [1]]
    if annotation is bool:
        return [math.nan, -1, 0, 1, 1.0, "abc", None, np.bool_(True)]
    if annotation is torch.Generator:
        return [0, True, "abc", None]
    if origin is Sequence:
        items = [value for value in refused(inner[0]) if not isinstance(value, Tensor)]
        return [*([item] for item in items), 5, "abc", None]
    alternatives = [one for one in inner if one is not type(None) and one is not Tensor]
    common = [value for value in refused(alternatives[0]) if allowed_by_none(value, alternatives)]
    return [
        value
        for value in common
        if not (value is None and type(None) in inner)
        and not (isinstance(value, Tensor) and Tensor in inner)
    ]


def allowed_by_none(value: object, alternatives: Sequence[Any]) -> bool:
    """Whether each of the alternatives refuses it; texts are Literals' own."""
    return not any(get_origin(a) is Literal and value in get_args(a) for a in alternatives[1:])


@pytest.mark.parametrize(
    "argument", RULED, ids=[f"{argument.of}({argument.name})" for argument in RULED]
)
def test_every_public_scalar_is_held_to_its_limit(argument: Argument) -> None:
    values = refused(argument.annotation)
    assert values
    for value in values:
        with pytest.raises(UserError, match=rf"^{argument.name} .*: (give|use one of) ") as raised:
            argument.call(**{argument.name: value})
        assert "\n" not in str(raised.value)


def test_there_are_many_of_them() -> None:
    """The search finds what it should."""
    found = {f"{argument.of}.{argument.name}" for argument in RULED}
    assert len(found) > 300
    assert found >= {
        "companion.runs.config.RunConfig.target_acceptance",
        "vaelib.aevb.AEVB.__init__.n_train",
        "vaelib.elbo.evaluate.batch_size",
        "vaelib.fast.algorithms.FastMCEM.__init__.precision",
        "vaelib.likelihood.marginal_likelihood.posterior_density_estimator.chunk_size",
        "vaelib.likelihood.probabilistic_pca.ProbabilisticPCA.noise",
        "vaelib.likelihood.probabilistic_pca.ProbabilisticPCA.maximum_likelihood.n_latent",
        "vaelib.training.Trainer.advance.chunk",
    }


def test_no_public_scalar_is_without_a_rule() -> None:
    without = [argument for argument in SCALARS if argument not in RULED]
    missing = [f"{a.of}: {a.name}" for a in without if not is_without(a)]
    assert missing == []


def test_every_default_keeps_its_own_rule() -> None:
    by_argument = {(argument.of, argument.name): argument for argument in RULED}
    seen = 0
    for of, function, _ in public():
        for name, parameter in inspect.signature(function).parameters.items():
            argument = by_argument.get((of, name))
            if argument is not None and parameter.default is not parameter.empty:
                check_argument(name, parameter.default, argument.annotation)
                seen += 1
    assert seen > 150


@pytest.mark.parametrize("annotation", NUMBERS, ids=lambda a: str(a.__metadata__[0].remedy))
def test_a_rule_takes_what_it_should(annotation: Any) -> None:
    for value in NUMBERS[annotation][1]:
        check_argument("n", value, annotation)
    for value in (*NO_NUMBERS, *NUMBERS[annotation][0]):
        with pytest.raises(UserError, match=r"^n is "):
            check_argument("n", value, annotation)


@pytest.mark.parametrize(
    ("annotation", "value", "sentence"),
    [
        (Count, 2.0, "n is 2.0: give a whole number (int) of at least 1"),
        (Positive, np.float64("nan"), "n is nan: give a positive, finite number"),
        (Count | None, 0, "n is 0: give a whole number (int) of at least 1, or None"),
        (Tensor | Positive, "x", "n is 'x': give a positive, finite number, or a Tensor"),
        (Positive | Literal["auto"], -1, "n is -1: give a positive, finite number, or 'auto'"),
        (Literal["A", "B"], "C", "n 'C' is not known: use one of A, B"),
        (
            Sequence[Whole],
            [0, -1],
            "n is [0, -1]: give a sequence, each item a whole number (int) ",
        ),
        (bool, 1, "n is 1: give True or False"),
        (Finite, torch.ones(1000), "n is a Tensor: give a finite number"),
    ],
)
def test_one_sentence_names_the_argument_the_value_and_the_remedy(
    annotation: Any, value: object, sentence: str
) -> None:
    with pytest.raises(UserError) as raised:
        check_argument("n", value, annotation)
    assert str(raised.value).startswith(sentence)


def test_a_long_value_makes_no_long_sentence() -> None:
    for value in ("x" * 10_000, -(10**4000), list(range(10_000))):
        with pytest.raises(UserError) as raised:
            check_argument("n", value, Count)
        assert len(str(raised.value)) < 150


def test_what_an_argument_may_be_is_asked_by_place_and_by_name() -> None:
    @checked
    def function(a: Count, b: Positive = 1.0, *others: int, c: bool = False, **rest: int) -> str:
        """What it says."""
        return f"{a} {b} {others} {c} {rest}"

    assert function(1, 2, 0, c=True, d=-1) == "1 2 (0,) True {'d': -1}"
    assert (function.__name__, function.__doc__) == ("function", "What it says.")
    assert list(inspect.signature(function).parameters) == ["a", "b", "others", "c", "rest"]
    for call in (lambda: function(0), lambda: function(1, -1.0), lambda: function(1, b=0.0)):
        with pytest.raises(UserError, match=r"^[ab] is "):
            call()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        function()  # type: ignore[call-arg]


def test_fields_become_plain_numbers() -> None:
    """So that equal settings have one name and one JSON."""

    @dataclasses.dataclass(frozen=True)
    class Settings:
        size: Count
        step: Positive | Literal["auto"]
        weight: NotNegative
        other: object = None

        def __post_init__(self) -> None:
            check_fields(self)

    settings = Settings(np.int64(3), 1, -0.0, np.int64(5))  # type: ignore[arg-type]
    assert [type(value) for value in dataclasses.astuple(settings)] == [int, float, float, np.int64]
    assert str(settings.weight) == "0.0"
    assert Settings(3, "auto", 0.0).step == "auto"


def test_a_generator_is_asked_for_by_type() -> None:
    check_argument("generator", rng(), torch.Generator)
    with pytest.raises(UserError, match=r"generator is 0: give a torch\.Generator, such as "):
        check_argument("generator", 0, torch.Generator)
