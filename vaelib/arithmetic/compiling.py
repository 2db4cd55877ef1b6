"""Whether and how a step of training is compiled to machine code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

import torch

from vaelib.errors import UserError

_P = ParamSpec("_P")
_T = TypeVar("_T")


def compiled(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """The function as one graph, compiled when it is first called.

    It takes some seconds, and pays for itself in runs of millions of samples.

    Args:
        function: of tensors. What it reads besides must never change, but for numbers in tensors:
            after the first call nobody looks whether it has.

    Raises:
        UserError: if this machine has no C++ compiler that works.

    >>> if is_available():
    ...     assert compiled(lambda x: x.sinh() + 1.0)(torch.zeros(2)).tolist() == [1.0, 1.0]
    """
    if not is_available():
        raise UserError("a step cannot be compiled here: install a C++ compiler, such as g++")
    return _compile(function)


@cache
def is_available() -> bool:
    """Whether a function can be compiled on this machine.

    >>> is_available() in (True, False)
    True
    """
    try:
        _compile(torch.sinh)(torch.zeros(()))
    except RuntimeError:
        return False
    return True


def _compile(function: Callable[_P, _T]) -> Callable[_P, _T]:
    # Each model's step is a function of its own, though all share their code: a process that trains
    # many of them would otherwise reach the limit on compilations of one code.
    return torch.compile(  # type: ignore[call-overload,no-any-return]  # its stubs lack `isolate_…`
        function,
        fullgraph=True,
        dynamic=False,
        isolate_recompiles=True,
        options={
            # It would join the prior's gradient to a matrix product, as an addend that must be
            # copied into its result first: slower than the fused update that it is taken from.
            "pattern_matcher": False,
            # The calls between the kernels are compiled too; for CUDA that takes headers which
            # PyTorch does not bring.
            "cpp_wrapper": not torch.cuda.is_available(),
            # What a function holds is looked at in every call otherwise, for longer than some of
            # its products take; only its arguments change.
            "guard_filter_fn": torch.compiler.keep_tensor_guards_unsafe,
        },
    )
