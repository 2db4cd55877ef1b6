"""Networks of one's own: pairs that can be trained, and pairs that cannot."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Beta, Categorical, Independent, Laplace, Normal

from companion.own.networks import Networks
from companion.own.training import train
from companion.runs import carrying

Pair = tuple[nn.Module, nn.Module]


class ConvolutionalEncoder(nn.Module):
    def __init__(self, shape: tuple[int, int], n_latent: int) -> None:
        super().__init__()
        self.shape = shape
        self.convolution = nn.Conv2d(1, 4, 3, padding=1)
        self.heads = nn.Linear(4 * math.prod(shape), 2 * n_latent)

    def forward(self, x: Tensor) -> Independent[Normal]:
        images = x.reshape(-1, 1, *self.shape)
        hidden = torch.tanh(self.convolution(images)).flatten(1)
        mean, log_variance = self.heads(hidden).unflatten(0, x.shape[:-1]).chunk(2, dim=-1)
        return Independent(Normal(mean, (0.5 * log_variance).exp(), validate_args=False), 1)


class ConvolutionalDecoder(nn.Module):
    def __init__(self, shape: tuple[int, int], n_latent: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_latent, 4 * math.prod(shape)),
            nn.Tanh(),
            nn.Unflatten(-1, (4, *shape)),
            nn.Conv2d(4, 1, 3, padding=1),
        )

    def forward(self, z: Tensor) -> Independent[Bernoulli]:
        logits = self.layers(z.flatten(0, -2)).unflatten(0, z.shape[:-1]).flatten(-3)
        return Independent(Bernoulli(logits=logits, validate_args=False), 1, validate_args=False)


def convolutional(shape: tuple[int, int], n_latent: int) -> Pair:
    return ConvolutionalEncoder(shape, n_latent), ConvolutionalDecoder(shape, n_latent)


class Linear(nn.Module):
    """A linear map, and a distribution of what it gives."""

    def __init__(self, n_in: int, n_out: int, kind: str) -> None:
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)
        self.kind = kind

    def forward(self, inputs: Tensor) -> object:
        values = self.layer(inputs)
        if self.kind == "laplace":
            return Independent(Laplace(values, torch.ones_like(values), validate_args=False), 1)
        if self.kind == "beta":
            return Independent(Beta(values.exp(), values.exp(), validate_args=False), 1)
        if self.kind == "chance":
            values = values + torch.randn_like(values)
        normal = Normal(values, torch.ones_like(values), validate_args=False)
        found: dict[str, object] = {
            "tensor": values,
            "single": normal,
            "categorical": Independent(Categorical(logits=values[..., None, :]), 1),
        }
        return found.get(self.kind, Independent(normal, 1))


class Batched(Linear):
    """Takes one batch dimension, as most networks for images do."""

    def forward(self, inputs: Tensor) -> object:
        if inputs.ndim != 2:
            raise ValueError(f"expected 2 dimensions, not {inputs.ndim}")
        return super().forward(inputs)


class WithChance(Linear):
    def __init__(self, n_in: int, n_out: int, layer: nn.Module) -> None:
        super().__init__(n_in, n_out, "normal")
        self.more = layer


def pair(encoder: str = "normal", decoder: str = "normal") -> Networks:
    def linear(shape: tuple[int, ...], n_latent: int) -> Pair:
        n = math.prod(shape)
        return Linear(n, n_latent, encoder), Linear(n_latent, n, decoder)

    return linear


def laplace(shape: tuple[int, ...], n_latent: int) -> Pair:
    n = math.prod(shape)
    return Linear(n, n_latent, "normal"), Linear(n_latent, n, "laplace")


def batched(shape: tuple[int, ...], n_latent: int) -> Pair:
    n = math.prod(shape)
    return Linear(n, n_latent, "normal"), Batched(n_latent, n, "normal")


def wider(shape: tuple[int, ...], n_latent: int) -> Pair:
    n = math.prod(shape)
    return Linear(n, n_latent + 1, "normal"), Linear(n_latent, n, "normal")


def dropping(shape: tuple[int, ...], n_latent: int) -> Pair:
    n = math.prod(shape)
    return WithChance(n, n_latent, nn.Dropout(0.5)), Linear(n_latent, n, "normal")


def normalising(shape: tuple[int, ...], n_latent: int) -> Pair:
    n = math.prod(shape)
    return Linear(n, n_latent, "normal"), WithChance(n_latent, n, nn.BatchNorm1d(n))


def train_with_many_checkpoints(file: Path, *, threads: int, **settings: Any) -> None:
    """`train`, with a checkpoint whenever one can be written: for a process that is killed."""
    torch.set_num_threads(threads)
    carrying.SECONDS_BETWEEN_CHECKPOINTS = 0.0
    carrying.LARGEST_SHARE_OF_TIME = 1e9
    train(file, **settings)
