"""The same training step as others write it: a PyTorch tutorial's loop, and JAX."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.training_problem import Case, M, N


def tutorial(case: Case) -> Callable[[int], None]:
    """The loop of a common PyTorch tutorial: modules, a DataLoader, Adam, `loss.item()`."""
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
    from torch.utils.data import DataLoader, TensorDataset

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1 = nn.Linear(case.n_pixels, case.n_hidden)
            self.fc21 = nn.Linear(case.n_hidden, case.n_latent)
            self.fc22 = nn.Linear(case.n_hidden, case.n_latent)
            self.fc3 = nn.Linear(case.n_latent, case.n_hidden)
            self.fc4 = nn.Linear(case.n_hidden, case.n_pixels)
            self.fc5 = nn.Linear(case.n_hidden, case.n_pixels) if case.gaussian else None

        def forward(self, x: Tensor) -> Tensor:
            h = torch.tanh(self.fc1(x))
            mu, logvar = self.fc21(h), self.fc22(h)
            std = torch.exp(0.5 * logvar)
            h = torch.tanh(self.fc3(mu + torch.randn_like(std) * std))
            kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
            mean = torch.sigmoid(self.fc4(h))
            if self.fc5 is None:
                return functional.binary_cross_entropy(mean, x, reduction="sum") + kl
            variance = torch.exp(self.fc5(h))
            fit: Tensor = functional.gaussian_nll_loss(mean, x, variance, reduction="sum")
            return fit + kl

    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    data = TensorDataset(torch.rand(N, case.n_pixels))
    loader = DataLoader(data, batch_size=M, shuffle=True)

    def batches() -> Iterator[Tensor]:
        while True:
            for (x,) in loader:
                yield x

    stream, total = batches(), 0.0

    def run(steps: int) -> None:
        nonlocal total
        for _ in range(steps):
            optimizer.zero_grad()
            loss = model(next(stream))
            loss.backward()
            total += loss.item()
            optimizer.step()

    return run


def jax_scan(case: Case) -> Callable[[int], None] | None:
    """The same update as ours, compiled by JAX as one scan over the steps; None without JAX."""
    try:
        jax: Any = importlib.import_module("jax")
    except ImportError:
        return None
    jnp = jax.numpy

    def layer(key: Any, n_in: int, n_out: int) -> Any:
        one, two = jax.random.split(key)
        return {
            "w": 0.01 * jax.random.normal(one, (n_in, n_out)),
            "b": 0.01 * jax.random.normal(two, (n_out,)),
        }

    keys = jax.random.split(jax.random.key(0), 7)
    sizes = {
        "h": (case.n_pixels, case.n_hidden),
        "mean": (case.n_hidden, case.n_latent),
        "log_variance": (case.n_hidden, case.n_latent),
        "d": (case.n_latent, case.n_hidden),
        "out": (case.n_hidden, case.n_pixels),
    }
    if case.gaussian:
        sizes["out_log_variance"] = (case.n_hidden, case.n_pixels)
    names = dict(zip(sizes, keys, strict=False))
    parameters = {name: layer(names[name], *size) for name, size in sizes.items()}
    x_all = jax.random.uniform(keys[-1], (N, case.n_pixels))

    def loss(p: Any, x: Any, epsilon: Any) -> Any:
        def apply(name: str, h: Any) -> Any:
            return h @ p[name]["w"] + p[name]["b"]

        h = jnp.tanh(apply("h", x))
        mean, log_variance = apply("mean", h), apply("log_variance", h)
        z = mean + jnp.exp(0.5 * log_variance) * epsilon
        d = jnp.tanh(apply("d", z))
        out = apply("out", d)
        if case.gaussian:
            log_v = apply("out_log_variance", d)
            residual = x - jax.nn.sigmoid(out)
            fit = -0.5 * (jnp.log(2 * jnp.pi) + log_v + residual**2 * jnp.exp(-log_v)).sum()
        else:
            fit = (x * out - jax.nn.softplus(out)).sum()
        kl = 0.5 * (mean**2 + jnp.exp(log_variance) - log_variance - 1).sum()
        prior = sum((layer["w"] ** 2).sum() for layer in p.values()) / (2 * N)
        return (kl - fit) / M + prior

    def step(state: Any, key: Any) -> Any:
        p, sums = state
        one, two = jax.random.split(key)
        x = x_all[jax.random.randint(one, (M,), 0, N)]
        gradient = jax.grad(loss)(p, x, jax.random.normal(two, (M, case.n_latent)))
        sums = jax.tree.map(lambda s, g: s + g * g, sums, gradient)
        p = jax.tree.map(lambda w, g, s: w - 0.01 * g / (jnp.sqrt(s) + 1e-10), p, gradient, sums)
        return (p, sums), None

    scan = jax.jit(lambda state, keys: jax.lax.scan(step, state, keys)[0])

    state = (parameters, jax.tree.map(jnp.zeros_like, parameters))
    count = 0

    def run(steps: int) -> None:
        nonlocal state, count
        count += 1
        state = jax.block_until_ready(scan(state, jax.random.split(jax.random.key(count), steps)))

    return run
