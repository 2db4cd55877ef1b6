"""A second device that every machine has: what is on it may not be mixed with what is not.

It is called "lazy", a name that PyTorch takes everywhere without asking for hardware. Its tensors
hold numbers that are computed on the CPU, out of sight; an operation that mixes them with tensors
of the CPU, or draws them by a generator of the CPU, is refused as CUDA would refuse it. So code
that forgets its `device` somewhere is found where there is no CUDA device.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

NAME = "lazy"
aten = torch.ops.aten
# Where CUDA takes tensors of the CPU too.
MIXING = {aten.copy_.default, aten._to_copy.default, aten.index.Tensor, aten.index_put_.default}


class Elsewhere(Tensor):
    """A tensor on the device; `held` has its numbers."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Elsewhere:
        made: Elsewhere = Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=NAME,
            requires_grad=held.requires_grad,
        )
        made.held = held
        return made

    def __repr__(self) -> str:
        return f"Elsewhere({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(op, args, kwargs or {})


GENERATOR = torch.Generator
# Those of the device by their address in C++: PyTorch hands on no more of a generator than that.
GENERATORS: dict[int, torch.Generator] = {}


class ElsewhereGenerator(torch.Generator):
    """A generator of either device, in the place of `torch.Generator`."""

    def __new__(cls, device: Any = "cpu") -> Any:
        made = super().__new__(cls)
        if torch.device(device).type == NAME:
            GENERATORS[made._cdata] = made
        return made

    def __init__(self, device: Any = "cpu") -> None:
        pass

    @property
    def device(self) -> torch.device:
        return torch.device(NAME if self._cdata in GENERATORS else "cpu")


def compute(op: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation, refused if it mixes the devices."""
    given, _ = tree_flatten((args, kwargs))
    tensors = [item for item in given if isinstance(item, Tensor)]
    here = [item for item in tensors if not isinstance(item, Elsewhere)]
    device = kwargs.get("device")
    moves = device is not None and torch.device(device).type == NAME
    stays = len(here) == len(tensors) and not moves
    for generator in given:
        if isinstance(generator, GENERATOR) and (generator._cdata in GENERATORS) is stays:
            raise RuntimeError(f"{op}: the generator is on another device than the numbers")
    if stays:
        return op(*args, **kwargs)
    if len(here) < len(tensors) and op not in MIXING and any(item.dim() for item in here):
        shapes = [tuple(item.shape) for item in here]
        raise RuntimeError(f"{op}: tensors of the CPU among others; their shapes are {shapes}")
    inside = {name: tree_map(held, item) for name, item in kwargs.items() if name != "device"}
    if device is not None:
        inside["device"] = "cpu"
    found = op(*tree_map(held, args), **inside)
    if device is not None and not moves:
        return found
    by_inner = {id(item.held): item for item in tensors if isinstance(item, Elsewhere)}
    # The same tensor where the operation was in place.
    return tree_map(
        lambda item: by_inner[id(item)] if id(item) in by_inner else wrapped(item), found
    )


def held(item: Any) -> Any:
    return item.held if isinstance(item, Elsewhere) else item


def wrapped(item: Any) -> Any:
    return Elsewhere(item) if isinstance(item, Tensor) else item


class Factories(TorchDispatchMode):
    """Lets what makes tensors make them on the device, and sees all else."""

    def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(op, args, kwargs or {})


class Constructors(TorchFunctionMode):
    """`torch.tensor` and `as_tensor` move to the device before anything can see them."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        device = kwargs.get("device")
        if function in (torch.tensor, torch.as_tensor) and device is not None:
            return function(*args, **{**kwargs, "device": "cpu"}).to(device)
        return function(*args, **kwargs)


@contextmanager
def second_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Within it the device is there; its name."""
    monkeypatch.setattr(torch, "Generator", ElsewhereGenerator)
    with Constructors(), Factories():
        yield NAME
    GENERATORS.clear()
