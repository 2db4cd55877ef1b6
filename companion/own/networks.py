"""Your own encoder and decoder: looked at, and named for what they are made of."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent, Normal

from companion.runs.config import RunConfig
from companion.runs.other_networks import build_others, register
from vaelib.datasets import Dataset
from vaelib.errors import UserError

Networks = Callable[[tuple[int, ...], int], tuple[nn.Module, nn.Module]]
"""From the shape of a datapoint and n_latent to a new encoder and a new decoder."""

# What makes the bound of a datapoint depend on others, or on chance.
FORBIDDEN = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


def register_own(networks: Networks, shape: tuple[int, ...]) -> str:
    """Make networks known to runs, and return the name that runs have for them.

    The name holds a checksum of their code and sizes: other networks are another run.

    Args:
        networks: called with the shape of a datapoint and n_latent, gives encoder and decoder.
        shape: of a datapoint.

    Raises:
        UserError: if this gives no pair of modules.
    """
    if not callable(networks):
        raise UserError(
            f"networks is a {type(networks).__name__}: give a function of the shape of a datapoint "
            "and n_latent that returns encoder and decoder"
        )
    with torch.random.fork_rng(devices=[]):
        pair = networks(shape, 2)
    is_pair = isinstance(pair, tuple) and len(pair) == 2
    if not is_pair or not all(isinstance(one, nn.Module) for one in pair):
        raise UserError(
            f"networks returned a {type(pair).__name__}: return a tuple of two torch.nn.Module, "
            "encoder and decoder"
        )
    called = getattr(networks, "__name__", type(networks).__name__)
    plain = "".join(sign if sign.isalnum() else "_" for sign in called).strip("_") or "networks"
    name = f"{plain}_{_digest(pair)[:8]}"
    register(name, lambda n_latent: networks(shape, n_latent))
    return name


def check_own(config: RunConfig, data: Dataset) -> None:
    """Look whether the networks of a run do what the mathematics asks of them, on two datapoints.

    Raises:
        UserError: naming what they do instead.
    """
    model = build_others(config)
    for name, module in model.named_modules():
        if isinstance(module, FORBIDDEN):
            raise UserError(
                f"{name} of networks {config.networks} is {type(module).__name__}, with which the "
                "bound of a datapoint depends on chance or on other datapoints: leave it out, or "
                "take GroupNorm or LayerNorm"
            )
    if not list(model.parameters()):
        raise UserError(f"networks {config.networks} have no parameters: there is nothing to learn")
    x = data.train[:2]
    with torch.no_grad():
        q = _distribution(model.encoder, x, "encoder", (2,), config.n_latent)
        if not isinstance(q, Independent) or not isinstance(q.base_dist, Normal):
            raise UserError(
                f"the encoder returns a {_kind(q)}: return Independent(Normal(mean, deviation), 1)"
            )
        z = torch.zeros(3, 2, config.n_latent)
        p = _distribution(model.decoder, z, "decoder", (3, 2), x.shape[1])
    _check_support(p, data)
    q_again = model.encoder(x)
    if not torch.equal(q_again.mean, q.mean):
        raise UserError("the encoder gives another q(z|x) when it is asked again: leave chance out")


def networks_in(place: str) -> Networks:
    """The function that `FILE.py:FUNCTION` names; the file is executed.

    Raises:
        UserError: if there is none, or the file cannot be executed.
    """
    file, _, name = place.rpartition(":")
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        raise UserError(f"--networks is {place!r}: give FILE.py:FUNCTION, of a file that is there")
    spec = importlib.util.spec_from_file_location(f"networks_in_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(
            f"{path} cannot be executed ({type(error).__name__}: {error}): mend it"
        ) from error
    found: Networks | None = getattr(module, name, None)
    if found is None:
        raise UserError(f"{path} has no {name!r}: name a function of it, as in {file}:networks")
    return found


def _distribution(
    network: nn.Module, inputs: Tensor, part: str, batch: tuple[int, ...], size: int
) -> Distribution:
    try:
        found = network(inputs)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise UserError(
            f"the {part} does not take inputs of the shape {tuple(inputs.shape)} "
            f"({str(error).splitlines()[0]}): let it take any number of leading dimensions, by "
            "inputs.flatten(0, -2) before and .unflatten(0, inputs.shape[:-1]) after"
        ) from None
    if not isinstance(found, Distribution):
        raise UserError(f"the {part} returns a {type(found).__name__}: return a distribution")
    if (found.batch_shape, found.event_shape) != (torch.Size(batch), torch.Size((size,))):
        raise UserError(
            f"the {part} returns a {_kind(found)} over {tuple(found.batch_shape)} and "
            f"{tuple(found.event_shape)} for inputs {tuple(inputs.shape)}: return one over {batch} "
            f"and ({size},), as Independent(…, 1) makes it of values (..., {size})"
        )
    return found


def _check_support(p: Distribution, data: Dataset) -> None:
    base = p.base_dist if isinstance(p, Independent) else p
    low, high = (bound.item() for bound in torch.aminmax(data.train))
    if isinstance(base, Bernoulli):
        # Grey pixels are no outcomes, and have a cross-entropy all the same.
        is_inside = low >= 0 and high <= 1
    else:
        support = base.support
        assert support is not None
        is_inside = bool(support.check(torch.tensor([low, high])).all())
    if not is_inside:
        raise UserError(
            f"the decoder returns a {type(base).__name__}, which has no values from {low:g} to "
            f"{high:g}, as the data have: give a scale, or another distribution"
        )


def _kind(distribution: Distribution) -> str:
    inner = getattr(distribution, "base_dist", None)
    name = type(distribution).__name__
    return name if inner is None else f"{name}({type(inner).__name__})"


def _digest(pair: tuple[nn.Module, nn.Module]) -> str:
    """Of the sizes, and of the code of every class that is not PyTorch's or Python's."""
    parts = [repr(part) for part in pair]
    for part in pair:
        parts += [f"{name} {tuple(p.shape)}" for name, p in part.named_parameters()]
        classes = {
            kind
            for module in part.modules()
            for kind in type(module).__mro__
            if kind.__module__.split(".")[0] not in ("torch", "builtins")
        }
        for kind in sorted(classes, key=lambda kind: kind.__qualname__):
            parts += [f"{kind.__qualname__} {code}" for code in _codes(kind)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _codes(kind: type) -> Iterator[str]:
    """The code of a class's own functions, without comments, spaces and where it stands."""
    for name, member in sorted(vars(kind).items()):
        if isinstance(member, FunctionType):
            try:
                yield ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(member))))
            except (OSError, TypeError, SyntaxError):
                yield f"{name} {member.__code__.co_code.hex()} {member.__code__.co_names}"
