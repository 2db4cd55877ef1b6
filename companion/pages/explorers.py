"""What the book's explorers load: networks, codes and examples, each a small script."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from companion import runs
from companion.experiments import paper_grid, reference
from companion.files import writing
from companion.pages.browser import script
from companion.runs.config import RunRequest
from companion.runs.store import RunStore
from vaelib import datasets
from vaelib.checks.limits import Count, Whole, checked
from vaelib.datasets import Dataset
from vaelib.elbo import lower_bound
from vaelib.files import AnyPath, as_path, write_atomically
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator
from vaelib.sgvb import noise

# Encoders see the pixels that training images light most often; what is left out is lit in fewer
# than one image in 250. With all pixels the networks would come to more than 3 MB.
ENCODER_PIXELS = 540
CODES = 3000


class Trained(NamedTuple):
    """A model with the data it was trained on, and how far: in training samples."""

    model: VariationalAutoencoder
    samples: int
    data: Dataset


@checked
def export_networks(
    folder: AnyPath, profile: str, *, device: str = "cpu", seed: Whole = 0
) -> dict[str, int]:
    """Write all scripts; return the size of each in bytes, by name.

    Raises:
        UserError: if a run cannot be had, or holds what cannot be written, or the folder cannot be
            written.
    """
    folder = as_path(folder, "folder")
    store = RunStore.default(device)
    files: dict[str, bytes] = {}
    for request in paper_grid.explorers(profile, seed=seed):
        trained = furthest_network(request, device=device, store=store)
        files |= network_files(f"{request.config.dataset}_{request.config.n_latent}", trained)
        if request.config.dataset == "mnist":
            files["digits"] = digits_file(trained.data)
    with writing("the networks of the explorers", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomically(folder / f"{name}.js", content)
    return {name: len(content) for name, content in files.items()}


def furthest_network(request: RunRequest, *, device: str, store: RunStore) -> Trained:
    """The published reference model where there is one that has seen more, or else the run itself.

    Args:
        request: the run; it is computed if the store does not hold it.
        device, store: where it is computed, and kept.

    Raises:
        UserError: if the run cannot be computed, or weights are damaged.
    """
    data = datasets.load(request.config.dataset, n_train=request.config.n_train)
    own = runs.ensure([request], device=device, store=store, progress=False)
    (chosen,) = reference.furthest_models(own)
    return Trained(chosen.model(), chosen.record.samples, data)


def network_files(name: str, trained: Trained) -> dict[str, bytes]:
    """The scripts of one model: NAME_decoder, and NAME_encoder where readers draw the data.

    A decoder of a plane brings the codes of test points along, its map.
    """
    model, data = trained.model, trained.data
    header: dict[str, Any] = {
        "data": data.name,
        "samples": trained.samples,
        "shape": list(data.image_shape),
        "latent": model.n_latent,
        "decoder": data.decoder,
    }
    tensors = _layers(model.decoder, {"hidden": "hidden", "out": _output(model)})
    if model.n_latent == 2:
        with torch.no_grad():
            tensors["codes"] = model.encode(data.test[:CODES]).mean
        labels = data.test_labels
        header["labels"] = "" if labels is None else "".join(map(str, labels[:CODES].tolist()))
    files = {f"{name}_decoder": script(f"{name}_decoder", header, tensors)}
    if data.decoder == "bernoulli":
        seen = lit_pixels(data.train)
        header = {"shape": list(data.image_shape), "latent": model.n_latent, "kept": bits(seen)}
        header["test"] = average_bound(model, data.test)
        content = script(f"{name}_encoder", header, encoder_tensors(model, seen))
        files[f"{name}_encoder"] = content
    return files


def encoder_tensors(model: VariationalAutoencoder, seen: Tensor) -> dict[str, Tensor]:
    """Weights and biases of the encoder for the pixels `seen` `(n_pixels,)`."""
    weights = _layers(model.encoder, {name: name for name in ("hidden", "mean", "log_variance")})
    weights["hidden.weight"] = weights["hidden.weight"][:, seen]
    return weights


def _layers(network: torch.nn.Module, names: Mapping[str, str]) -> dict[str, Tensor]:
    """Weight and bias of each layer under another name."""
    return {
        f"{name}.{part}": network.get_parameter(f"{layer}.{part}")
        for name, layer in names.items()
        for part in ("weight", "bias")
    }


def _output(model: VariationalAutoencoder) -> str:
    """The layer whose sigmoid is the mean of p(x|z)."""
    return "logits" if hasattr(model.decoder, "logits") else "mean"


@checked
def lit_pixels(x: Tensor, n: Count = ENCODER_PIXELS) -> Tensor:
    """The n pixels that are not black most often in x `(N, n_pixels)`, as a mask `(n_pixels,)`."""
    often = (x > 0).sum(0)
    chosen = often.argsort(descending=True, stable=True)[:n]
    return torch.zeros(x.shape[1], dtype=torch.bool).scatter(0, chosen, True)


def bits(mask: Tensor) -> str:
    """A mask as a string of 0 and 1."""
    return "".join(str(int(bit)) for bit in mask.tolist())


@torch.no_grad()
def average_bound(model: VariationalAutoencoder, x: Tensor) -> dict[str, float]:
    """Reconstruction and KL of Eq. 3, averaged over test images, in nats, for comparison."""
    parts = lower_bound(model, x, noise(model, x, generator=generator(0, "explorers")))
    return {
        "reconstruction": round(parts.reconstruction.double().mean().item(), 2),
        "kl": round(parts.kl.double().mean().item(), 2),
    }


def digits_file(data: Dataset) -> bytes:
    """The first test image of each label, as bytes in base 64, for readers who cannot draw."""
    assert data.test_labels is not None
    firsts = [int((data.test_labels == label).nonzero()[0, 0]) for label in range(10)]
    pixels = (data.test[firsts] * 255).round().to(torch.uint8)
    images = [base64.b64encode(image.numpy().tobytes()).decode() for image in pixels]
    return f'explorers.receive("digits", {json.dumps({"images": images})}, "");\n'.encode()
