"""The shapes in vaelib's annotations, looked at in every call that a test makes.

`switch_on` must come before vaelib is imported. From then on each function of vaelib in whose
annotations a name of `vaelib.checks.shapes` stands looks at its arguments and its result once it
has returned: a call that raises raises what it did before, so that the sentences to the user come
first. Compiled code is left alone. With VAELIB_SHAPES=0 nothing is looked at.
"""

from __future__ import annotations

import ast
import functools
import importlib.abc
import inspect
import os
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jaxtyping
import torch
from beartype.door import is_bearable
from jaxtyping import AbstractArray, jaxtyped

# What stands for the inert names of `vaelib.checks.shapes` when an annotation is read here.
KINDS: dict[str, Any] = {name: getattr(jaxtyping, name) for name in ("Bool", "Float", "Int")}
_DECORATOR = "__looked_at__"


class ShapeError(AssertionError):
    """An array is not of the shape, or the kind, that an annotation says."""


def switch_on(package: str = "vaelib") -> None:
    """Look at the shapes of all modules of the package that are imported from now on."""
    if os.environ.get("VAELIB_SHAPES") == "0":
        return
    early = [name for name in sys.modules if name.split(".")[0] == package]
    assert not early, f"{early} were imported before their shapes could be looked at"
    sys.meta_path.insert(0, _Finder(package))


def looked_at(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose arguments and result are looked at when it has returned.

    Raises:
        ShapeError: from the function, naming it, the argument and both shapes.
    """
    # At the first call, because an annotation may name what stands below it.
    known = functools.cache(lambda: (inspect.signature(function), _hints(function)))
    has_result = not inspect.isgeneratorfunction(function)

    @functools.wraps(function)
    def look_after(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if torch.compiler.is_compiling():
            return result
        signature, hints = known()
        values = signature.bind(*args, **kwargs).arguments
        if has_result:
            values["return"] = result
        with jaxtyped("context"):
            for name, value in values.items():
                if name in hints:
                    _look(f"{name} of {function.__qualname__}", value, hints[name])
        return result

    return look_after


def _look(name: str, value: Any, hint: Any) -> None:
    fields = _fields(hint)
    if fields and isinstance(value, hint):
        for field, inner in fields.items():
            _look(f"{field} in {name}", getattr(value, field), inner)
    elif _says_a_shape(hint) and not is_bearable(value, hint):
        raise ShapeError(f"{name} is {_shown(value)}, but its annotation says {_wanted(hint)}")


def _hints(annotated: Any) -> dict[str, Any]:
    return get_type_hints(annotated, localns=KINDS, include_extras=True)


@functools.cache
def _fields(hint: Any) -> dict[str, Any]:
    """What a NamedTuple or a dataclass says of its fields."""
    is_record = hasattr(hint, "_fields") or hasattr(hint, "__dataclass_fields__")
    return _hints(hint) if isinstance(hint, type) and is_record else {}


def _says_a_shape(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    return any(_says_a_shape(inner) for inner in get_args(hint))


def _shown(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return type(value).__name__


def _wanted(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname.split(".")[0] != self._package:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Puts `looked_at` next to every function in whose annotations a shape stands."""

    def get_code(self, fullname: str) -> types.CodeType:
        # Past the stored bytecode, which is that of the module as it is.
        tree = _Decorating().visit(ast.parse(Path(self.path).read_bytes()))
        code: types.CodeType = compile(ast.fix_missing_locations(tree), self.path, "exec")
        return code

    def exec_module(self, module: types.ModuleType) -> None:
        setattr(module, _DECORATOR, looked_at)
        super().exec_module(module)


class _Decorating(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        annotations = [node.returns, *(argument.annotation for argument in every)]
        if any(annotation and _names_a_kind(annotation) for annotation in annotations):
            name = ast.Name(_DECORATOR, ast.Load())
            # Last, and so the first to be applied: what stands above it sees a plain function.
            node.decorator_list.append(ast.copy_location(name, node))
        return node


def _names_a_kind(annotation: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id in KINDS for n in ast.walk(annotation))
