"""The sampler's work done by BlackJAX, vectorised over chains and compiled."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from torch import nn

from benchmarks.sampling_problem import Problem, Setting

STEPSIZE = 0.1


def is_installed() -> bool:
    """Whether BlackJAX and JAX are there."""
    try:
        return all(map(importlib.import_module, ("jax", "blackjax")))
    except ImportError:
        return False


def sampling(setting: Setting, problem: Problem) -> object:
    """HMC with as many chains, transitions and leapfrog steps as ours.

    Nothing is tuned, which saves BlackJAX what ours spends on it.
    """
    jax: Any = importlib.import_module("jax")
    transitions = _transitions(problem)
    repeats, length = 2 * setting.n_chains, setting.n_burn_in + setting.draws_of_a_chain
    keys = jax.random.split(jax.random.key(setting.seed), setting.n_datapoints)
    results = []
    for start in range(0, setting.n_datapoints, setting.chunk_size):
        rows = slice(start, start + setting.chunk_size)
        x = jax.numpy.tile(jax.numpy.asarray(problem.x[rows].numpy()), (repeats, 1))
        z = jax.numpy.tile(jax.numpy.asarray(problem.z[rows].numpy()), (repeats, 1))
        results.append(transitions(z, x, keys[start], length, setting.n_leapfrog))
    return jax.block_until_ready(results)


def e_steps(setting: Setting, problem: Problem) -> object:
    """The E-steps of MCEM, `sampler.e_steps`, by BlackJAX."""
    jax: Any = importlib.import_module("jax")
    transitions = _transitions(problem)
    x = jax.numpy.asarray(problem.x[: setting.minibatch_size].numpy())
    z = jax.numpy.asarray(problem.z[: setting.minibatch_size].numpy())
    for key in jax.random.split(jax.random.key(setting.seed), setting.n_e_steps):
        z = transitions(z, x, key, 1, setting.n_leapfrog_mcem)[-1]
    return jax.block_until_ready(z)


@cache
def _transitions(problem: Problem) -> Any:
    """(z, x, key, length, leapfrog steps) to the positions after each transition, compiled."""
    jax: Any = importlib.import_module("jax")
    blackjax: Any = importlib.import_module("blackjax")
    jnp = jax.numpy
    hidden, logits = (
        (jnp.asarray(m.weight.detach().numpy()), jnp.asarray(m.bias.detach().numpy()))
        for m in problem.model.decoder.modules()
        if isinstance(m, nn.Linear)
    )

    def log_joint(z: Any, x: Any) -> Any:
        h = jnp.tanh(hidden[0] @ z + hidden[1])
        y = logits[0] @ h + logits[1]
        return (x * y - jax.nn.softplus(y)).sum() - 0.5 * (z**2).sum()

    def chain(z: Any, x: Any, key: Any, length: int, n_leapfrog: int) -> Any:
        kernel = blackjax.hmc(
            lambda position: log_joint(position, x),
            step_size=STEPSIZE,
            inverse_mass_matrix=jnp.ones(len(z)),
            num_integration_steps=n_leapfrog,
        )

        def transition(state: Any, key: Any) -> Any:
            state, _ = kernel.step(key, state)
            return state, state.position

        return jax.lax.scan(transition, kernel.init(z), jax.random.split(key, length))[1]

    def chains(z: Any, x: Any, key: Any, length: int, n_leapfrog: int) -> Any:
        whole = jax.vmap(chain, in_axes=(0, 0, 0, None, None), out_axes=1)
        return whole(z, x, jax.random.split(key, len(z)), length, n_leapfrog)

    return jax.jit(chains, static_argnums=(3, 4))
