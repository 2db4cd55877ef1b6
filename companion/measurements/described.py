"""Arguments in words that are the same wherever the arguments are: what a measurement is named by.

Numbers and names stand as they are; of tensors, models and generators the SHA-256 of what they
hold. Two models with the same networks and weights are one, whichever file they came from.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import torch
from torch import Tensor, nn

from companion.source_hash import PACKAGES

# What PyTorch keeps in each, but for the mode, which may decide.
_EVERY_MODULES = vars(nn.Module()).keys() - {"training"}


class Indescribable(Exception):
    """An argument of which nothing here can say whether another one is equal."""


def described(value: object) -> Any:
    """What a value is, as JSON can hold it.

    Raises:
        Indescribable: for what is neither number, name, table of such, tensor, model, generator nor
            a function or class of the packages.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, Tensor):
        return {"tensor": digest([value])}
    if isinstance(value, torch.Generator):
        return {"generator": digest([value.get_state()]), "device": value.device.type}
    if isinstance(value, nn.Module):
        return {"module": _module(value), "weights": digest(value.state_dict().values())}
    if isinstance(value, type) or callable(value):
        return {"code": _name(value)}
    return _gathered(value)


def _gathered(value: object) -> Any:
    """The same of what holds other values."""
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {"kind": _name(type(value)), "fields": described(fields)}
    if isinstance(value, Mapping):
        return {"mapping": [[described(key), described(each)] for key, each in value.items()]}
    if isinstance(value, Set):
        return {"set": sorted((described(each) for each in value), key=repr)}
    if isinstance(value, Sequence):
        return [described(each) for each in value]
    raise Indescribable(type(value).__name__)


def digest(tensors: Iterable[Tensor]) -> str:
    """The SHA-256 of tensors with their kinds, shapes and devices, as 16 hexadecimal digits."""
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(f"{tensor.dtype} {tuple(tensor.shape)} {tensor.device.type};".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        found.update(flat.view(torch.uint8).numpy().tobytes())
    return found.hexdigest()[:16]


def modules_of(value: object) -> set[str]:
    """The modules in which the code stands that a described value names."""
    if isinstance(value, Mapping):
        own = {value[key].partition(":")[0] for key in ("code", "kind") if key in value}
        return own.union(*map(modules_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(modules_of, value))
    return set()


def _module(model: nn.Module) -> list[Any]:
    """A network's parts: the class of each, and what it holds beside weights and parts."""
    return [
        [
            name,
            {"code": _name(type(part))},
            {
                key: described(value)
                for key, value in vars(part).items()
                if key not in _EVERY_MODULES and not isinstance(value, Tensor | nn.Module)
            },
        ]
        for name, part in model.named_modules()
    ]


def _name(code: Any) -> str:
    """Where a function or class stands: ``module:name``.

    Raises:
        Indescribable: if it does not stand in a module for good: what a notebook or a function
            defines may be another thing under the same name.
    """
    module, name = getattr(code, "__module__", None), getattr(code, "__qualname__", "<")
    lasting = str(module).partition(".")[0] in {*PACKAGES, "torch", "builtins"}
    if not lasting or "<" in name:
        raise Indescribable(f"{module}:{name}")
    return f"{module}:{name}"
