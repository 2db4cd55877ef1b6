"""Every public function and class of vaelib has an example, and each prints what it says."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import vaelib

MODULES = [
    vaelib.__name__,
    *(found.name for found in pkgutil.walk_packages(vaelib.__path__, "vaelib.")),
]


def public(module: str) -> Iterator[tuple[str, Any]]:
    """The functions and classes that a module defines, by full name."""
    for name, value in vars(importlib.import_module(module)).items():
        is_own = (getattr(value, "__module__", ""), getattr(value, "__name__", "")) == (
            module,
            name,
        )
        if is_own and not name.startswith("_"):
            yield f"{module}.{name}", value


def needs_none(value: Any) -> bool:
    """Whether it is an exception, a protocol, or a record without methods of its own."""
    if not inspect.isclass(value):
        return False
    is_record = dataclasses.is_dataclass(value) or hasattr(value, "_fields")
    own = [name for name, member in vars(value).items() if inspect.isfunction(member)]
    return (
        issubclass(value, BaseException)
        or bool(getattr(value, "_is_protocol", False))
        or (is_record and all(name.startswith("_") for name in own))
    )


def examples(name: str, value: Any) -> list[doctest.DocTest]:
    """The examples in its docstring and, of a class, in its methods' docstrings."""
    names = vars(importlib.import_module(value.__module__))
    found = doctest.DocTestFinder(exclude_empty=True).find(value, name, module=False, globs=names)
    return [test for test in found if test.examples]


EVERY = dict(pair for module in MODULES for pair in public(module))
EXAMPLES = {name: found for name, value in EVERY.items() if (found := examples(name, value))}
EXAMPLES["vaelib"] = [doctest.DocTestParser().get_doctest(vaelib.__doc__, {}, "vaelib", None, 0)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_says(name: str) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in EXAMPLES[name]:
        runner.run(test, out=said.append)
    assert not said, "".join(said)


def test_each_public_function_and_class_has_an_example() -> None:
    lacking = [
        name for name, value in EVERY.items() if name not in EXAMPLES and not needs_none(value)
    ]
    assert not lacking
