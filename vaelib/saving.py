"""A model as one file: its weights in safetensors, and in the file's header the networks of them.

The header has one entry, `vaelib`, a JSON object: `format`, `dtype` of the model, the arguments
with which `encoder` and `decoder` are made again, and `about`, whatever the writer wants to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from vaelib.checks.limits import checked
from vaelib.errors import UserError
from vaelib.files import AnyPath, as_path, write_atomically
from vaelib.networks import BernoulliMLP, GaussianMLP

ENTRY, FORMAT = "vaelib", 1
# The networks that a file can describe, each with its attributes that a constructor takes beside
# the sizes.
DESCRIBED: dict[type[nn.Module], tuple[str, ...]] = {
    BernoulliMLP: (),
    GaussianMLP: ("mean_activation", "log_variance_factor", "n_layers"),
}
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
}


class Unpacked(NamedTuple):
    """What a file holds: the two networks with their weights, and what was said about them."""

    encoder: torch.nn.Module
    decoder: torch.nn.Module
    n_latent: int
    about: dict[str, Any]


def describe(network: nn.Module) -> dict[str, Any]:
    """The class of a network of Appendix C and the arguments with which it is made again.

    Raises:
        UserError: for any other network, and for one whose layers were exchanged.

    >>> describe(BernoulliMLP(2, 3, 4))
    {'class': 'BernoulliMLP', 'n_in': 2, 'n_hidden': 3, 'n_out': 4}
    """
    kind, shapes = type(network), _shapes(network)
    output = "logits.weight" if kind is BernoulliMLP else "mean.weight"
    if kind in DESCRIBED and {"hidden.weight", output} <= shapes.keys():
        n_hidden, n_in = shapes["hidden.weight"]
        sizes = {"n_in": n_in, "n_hidden": n_hidden, "n_out": shapes[output][0]}
        settings = {name: getattr(network, name) for name in DESCRIBED[kind]}
        description = {"class": kind.__name__, **sizes, **settings}
        if shapes == _shapes(rebuild(description)):
            return description
    raise UserError(
        f"no file can describe this {kind.__name__}, which is not a network of Appendix C as "
        "vaelib builds them: save its state_dict() instead, and load it into networks of your own"
    )


def rebuild(description: Mapping[str, Any]) -> nn.Module:
    """The network of a description, on the device "meta": it has shapes, but no numbers yet.

    Raises:
        KeyError, TypeError, ValueError, RuntimeError: if it describes none.

    >>> rebuild(describe(GaussianMLP(4, 3, 2, mean_activation="sigmoid"))).mean_activation
    'sigmoid'
    """
    arguments = dict(description)
    kinds = {kind.__name__: kind for kind in DESCRIBED}
    kind = kinds[arguments.pop("class")]
    with torch.device("meta"):
        return kind(**arguments)


@checked
def pack(
    encoder: nn.Module,
    decoder: nn.Module,
    *,
    half: bool = False,
    about: Mapping[str, Any] | None = None,
) -> bytes:
    """The content of a file that holds two networks.

    Args:
        encoder, decoder: of Appendix C.
        half: store float16, in less room and with 11 bits for each number; read back, the networks
            have their own dtype again.
        about: what to say of them, as JSON takes it.

    Raises:
        UserError: for networks that cannot be described, or that hold more than one dtype.

    >>> content = pack(GaussianMLP(4, 3, 2), BernoulliMLP(2, 3, 4), about={"samples": 100})
    >>> unpack(content, "the example").about
    {'samples': 100}
    """
    state = _together(encoder, decoder).state_dict()
    dtypes = {str(tensor.dtype).removeprefix("torch.") for tensor in state.values()}
    if len(dtypes) != 1 or not dtypes <= DTYPES.keys():
        raise UserError(
            f"the networks hold {' and '.join(sorted(dtypes))}: bring them to one floating-point "
            "dtype first, such as by model.float()"
        )
    # Copies, because safetensors takes no tensor twice and none that is not contiguous.
    tensors = {
        name: tensor.to(torch.float16 if half else tensor.dtype).cpu().contiguous().clone()
        for name, tensor in state.items()
    }
    known = {
        "format": FORMAT,
        "dtype": dtypes.pop(),
        "encoder": describe(encoder),
        "decoder": describe(decoder),
        "about": dict(about or {}),
    }
    # One entry, because safetensors writes several in an order of chance.
    return safetensors.torch.save(tensors, {ENTRY: json.dumps(known)})


def unpack(content: bytes, source: str) -> Unpacked:
    """The inverse of `pack`.

    Args:
        content: of a file.
        source: its name, for messages.

    Raises:
        UserError: if the content is not what `pack` gives.

    >>> unpack(b"PK", "model.pt")
    Traceback (most recent call last):
    vaelib.errors.UserError: model.pt is no safetensors file, or not a whole one (...): give ...
    """
    try:
        tensors = safetensors.torch.load(content)
    except SafetensorError as error:
        raise UserError(
            f"{source} is no safetensors file, or not a whole one ({error}): give a file that "
            "VariationalAutoencoder.save wrote"
        ) from None
    size = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + size]).get("__metadata__", {})
    if ENTRY not in metadata:
        raise UserError(
            f"{source} holds tensors, but does not say of which networks: build the model, and "
            "give them to its load_state_dict"
        )
    try:
        known = json.loads(metadata[ENTRY])
        if known["format"] != FORMAT:
            raise ValueError(f"format {known['format']!r}, not {FORMAT}")
        dtype, about = DTYPES[known["dtype"]], dict(known["about"])
        encoder, decoder = rebuild(known["encoder"]), rebuild(known["decoder"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"{source} describes no networks that this version of vaelib knows ({reason}): read it "
            "with the version that wrote it"
        ) from None
    networks = _together(encoder, decoder)
    shapes = _shapes(networks)
    for name in sorted(tensors.keys() | shapes.keys()):
        described = shapes.get(name, "nothing")
        held = tuple(tensors[name].shape) if name in tensors else "nothing"
        if described != held or not tensors[name].is_floating_point():
            raise UserError(
                f"{source} describes {name} as {described}, but holds {held}: give a file that "
                "VariationalAutoencoder.save wrote"
            )
    networks.load_state_dict(
        {name: tensor.to(dtype) for name, tensor in tensors.items()}, assign=True
    )
    return Unpacked(encoder, decoder, known["decoder"]["n_in"], about)


def write(path: AnyPath, content: bytes) -> None:
    """Write a packed model, whole or not at all.

    Raises:
        UserError: if it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/missing/model.safetensors", b"")
    Traceback (most recent call last):
    vaelib.errors.UserError: the model cannot be written to ... (No such file or directory): ...
    """
    path = as_path(path, "path")
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UserError(
            f"the model cannot be written to {path} ({error.strerror or error}): give a file in a "
            "folder that is there and can be written"
        ) from None


def read(path: AnyPath) -> Unpacked:
    """Read a packed model.

    Raises:
        UserError: if the file cannot be read, or is of another kind.

    >>> read("nowhere.safetensors")
    Traceback (most recent call last):
    vaelib.errors.UserError: nowhere.safetensors cannot be read (No such file or directory): ...
    """
    path = as_path(path, "path")
    return unpack(content_of(path), str(path))


def content_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UserError: if it cannot be read.

    >>> len(content_of(Path(__file__))) > 0
    True
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror or error}): give a file that is there and can "
            "be read"
        ) from None


def _together(encoder: nn.Module, decoder: nn.Module) -> nn.Module:
    """Both, with the names that their tensors have in a model."""
    return nn.ModuleDict({"encoder": encoder, "decoder": decoder})


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
