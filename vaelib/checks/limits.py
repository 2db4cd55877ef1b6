"""What a public argument may be: said once, in its annotation, and looked at where it enters.

`stepsize: Positive` in a signature is the type for a checker, the limit for a reader, and the rule
that `checked` holds every call to. A `Literal`, a `bool` and a `torch.Generator` are rules as they
stand. A bool is not a number, 2.0 is not a count, and neither NaN nor an infinity is a setting.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import reprlib
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
import torch

from vaelib.errors import UserError

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Rule:
    """Which values an argument may have.

    Attributes:
        allows: whether a value is one of them.
        remedy: what to give, as the end of the sentence "give …".
        choices: all of them, where they can be listed.
        plain: from an allowed value to the same in Python's own type.

    >>> Rule(lambda value: value != 0, "a number other than 0").check("slope", 0)
    Traceback (most recent call last):
    vaelib.errors.UserError: slope is 0: give a number other than 0
    """

    allows: Callable[[object], bool]
    remedy: str
    choices: tuple[object, ...] = ()
    plain: Callable[[Any], object] = lambda value: value

    def check(self, name: str, value: object) -> None:
        """Look at a value.

        Raises:
            UserError: naming the argument, the value and the remedy.
        """
        if self.allows(value):
            return
        if self.choices:
            known = ", ".join(map(str, self.choices))
            raise UserError(f"{name} {_shown(value)} is not known: use one of {known}")
        raise UserError(f"{name} is {_shown(value)}: give {self.remedy}")


def whole_rule(least: int) -> Rule:
    """The whole numbers from `least` on, as Python's int or NumPy's.

    >>> [whole_rule(1).allows(value) for value in (1, 2, 0, 1.0, True)]
    [True, True, False, False, False]
    """

    def allows(value: object) -> bool:
        return _is_a(value, int, np.integer) and value >= least  # type: ignore[operator]

    return Rule(allows, f"a whole number (int) of at least {least}", plain=int)


def number_rule(holds: Callable[[float], bool], remedy: str) -> Rule:
    """The finite numbers for which a condition holds; an int is one.

    >>> below_two = number_rule(lambda value: value < 2, "a number below 2")
    >>> [below_two.allows(value) for value in (1, 0.5, 2.0, -math.inf)]
    [True, True, False, False]
    """

    def allows(value: object) -> bool:
        if not _is_a(value, int, float, np.integer, np.floating):
            return False
        try:
            plain = float(value)  # type: ignore[arg-type]
        except OverflowError:
            return False
        return math.isfinite(plain) and holds(plain)

    # Adding 0 leaves no −0.
    return Rule(allows, remedy, plain=lambda value: float(value) + 0.0)


Whole = Annotated[int, whole_rule(0)]
Count = Annotated[int, whole_rule(1)]
Several = Annotated[int, whole_rule(2)]
Finite = Annotated[float, number_rule(lambda value: True, "a finite number")]
Positive = Annotated[float, number_rule(lambda value: value > 0, "a positive, finite number")]
NotNegative = Annotated[
    float, number_rule(lambda value: value >= 0, "0 or a positive, finite number")
]
OpenUnit = Annotated[float, number_rule(lambda value: 0 < value < 1, "a number between 0 and 1")]


def checked(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """The function, whose arguments are looked at by the rules in their annotations.

    A look takes about a microsecond an argument. Defaults are not looked at.

    Raises:
        UserError: from the function, naming the argument, the value and the remedy.

    >>> @checked
    ... def half(width: Positive) -> float:
    ...     return width / 2
    >>> half(-1.0)
    Traceback (most recent call last):
    vaelib.errors.UserError: width is -1.0: give a positive, finite number
    """
    # Only when it is first called, because an annotation may name what stands below it.
    places = functools.cache(lambda: _places(function))

    @functools.wraps(function)
    def look_first(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        for place, name, rule in places():
            if name in kwargs:
                rule.check(name, kwargs[name])
            elif place < len(args):
                rule.check(name, args[place])
        return function(*args, **kwargs)

    return look_first


def check_fields(instance: Any) -> None:
    """Look at the fields of a dataclass by the rules in their annotations; for `__post_init__`.

    Fields become numbers of Python, so that equal ones are written alike: 1 for a float is 1.0.

    Raises:
        UserError: naming the field, the value and the remedy.

    >>> @dataclass
    ... class Settings:
    ...     n_latent: Count
    ...     __post_init__ = check_fields
    >>> Settings(n_latent=0)
    Traceback (most recent call last):
    vaelib.errors.UserError: n_latent is 0: give a whole number (int) of at least 1
    """
    hints = _hints(type(instance))
    for field in dataclasses.fields(instance):
        rule = rule_of(hints[field.name])
        if rule is not None:
            value = getattr(instance, field.name)
            rule.check(field.name, value)
            # As a frozen dataclass sets its own.
            object.__setattr__(instance, field.name, rule.plain(value))


def check_argument(name: str, value: object, annotation: Any) -> None:
    """Look at one value by the rule of an annotation.

    Raises:
        UserError: naming it, the value and the remedy.

    >>> check_argument("--jobs", 0, Count)
    Traceback (most recent call last):
    vaelib.errors.UserError: --jobs is 0: give a whole number (int) of at least 1
    """
    rule = rule_of(annotation)
    assert rule is not None, f"{annotation} is no rule"
    rule.check(name, value)


def rules(function: Callable[..., object]) -> dict[str, Rule]:
    """The rules in a function's annotations, by argument.

    >>> from vaelib import build
    >>> rules(build)["init_std"].remedy, rules(build)["decoder"].choices
    ('a positive, finite number', ('bernoulli', 'gaussian', 'unbounded gaussian'))
    """
    return {name: rule for _, name, rule in _places(inspect.unwrap(function))}


def rule_of(annotation: Any) -> Rule | None:
    """The rule that an annotation is, or None if it allows everything.

    >>> rule_of(Sequence[Count] | None).remedy
    'a sequence, each item a whole number (int) of at least 1, or None'
    >>> rule_of(torch.Tensor) is None
    True
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return next((mark for mark in inner[1:] if isinstance(mark, Rule)), rule_of(inner[0]))
    if origin is Literal:
        return Rule(lambda value: _is_one_of(value, inner), " or ".join(map(repr, inner)), inner)
    if annotation is bool:
        return Rule(lambda value: isinstance(value, bool), "True or False")
    if annotation is torch.Generator:
        return Rule(
            lambda value: isinstance(value, torch.Generator),
            "a torch.Generator, such as vaelib.randomness.generator(0)",
        )
    if origin in (Union, types.UnionType):
        return _any_of(inner)
    if origin is Sequence and rule_of(inner[0]) is not None:
        return _all_of(inner[0])
    return None


def _any_of(alternatives: tuple[Any, ...]) -> Rule | None:
    """The rule of a union; what has no rule of its own is allowed by its type."""
    found = [rule_of(alternative) for alternative in alternatives]
    if not any(found):
        return None
    plain = tuple(a for a, rule in zip(alternatives, found, strict=True) if rule is None)
    ruled = [rule for rule in found if rule is not None]
    names = ["None" if a is type(None) else f"a {a.__name__}" for a in plain]
    return Rule(
        lambda value: isinstance(value, plain) or any(rule.allows(value) for rule in ruled),
        ", or ".join([*(rule.remedy for rule in ruled), *names]),
        plain=lambda value: next((r.plain(value) for r in ruled if r.allows(value)), value),
    )


def _all_of(annotation: Any) -> Rule:
    """The rule of a sequence, by that of its items."""
    item = rule_of(annotation)
    assert item is not None
    allows = item.allows
    return Rule(
        lambda value: (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and all(allows(one) for one in value)
        ),
        f"a sequence, each item {item.remedy}",
    )


def _places(function: Callable[..., object]) -> tuple[tuple[int, str, Rule], ...]:
    """(position, name, rule) of every argument that has a rule."""
    hints = _hints(function)
    found = (
        (place, name, rule_of(hints.get(name)))
        for place, (name, parameter) in enumerate(inspect.signature(function).parameters.items())
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    )
    return tuple((place, name, rule) for place, name, rule in found if rule is not None)


def _hints(annotated: Any) -> dict[str, Any]:
    return get_type_hints(annotated, include_extras=True)


def _is_a(value: object, *kinds: type) -> bool:
    # Python's bool is an int, NumPy's is no number.
    return isinstance(value, kinds) and not isinstance(value, bool)


def _is_one_of(value: object, choices: tuple[object, ...]) -> bool:
    # By type too, because True and 1.0 equal 1.
    return any(_is_a(value, type(choice)) and value == choice for choice in choices)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | complex | str)


def _shown(value: object) -> str:
    """A value in a sentence; of what may be long, only what it is."""
    if isinstance(value, np.generic):
        value = value.item()
    if _is_plain(value) or (isinstance(value, list | tuple) and all(map(_is_plain, value))):
        return reprlib.repr(value)
    return f"a {type(value).__name__}"
