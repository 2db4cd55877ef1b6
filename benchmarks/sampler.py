"""How fast z is sampled from p(z|x), and how much of that time is the decoder's matrix products.

    python -m benchmarks.sampler [--json]

Beside it, where it is installed (`pip install .[bench]`), BlackJAX does the same work, and
`over_blackjax` is how many times its leapfrog steps ours makes in the same time. MCEM's E-step
makes one transition of 10 leapfrog steps for each of 100 datapoints.

The setting is Fig. 3's: a decoder from 3 latent dimensions over 100 tanh units to 784 Bernoulli
pixels, 1000 datapoints, 50 samples in each of two rounds, 4 leapfrog steps, float32, one thread.
The weights are N(0, 0.3²), which gives hidden units and logits of about a trained model's size, and
the datapoints are draws from that model.

Seconds are those of the process on a processor, which other work on the machine disturbs less than
the clock's. "In products" is what the four products of a leapfrog step take alone in a loop, as
often as there are leapfrog steps, over those seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from benchmarks import with_blackjax
from benchmarks.sampling_problem import Problem, Setting
from companion.runs.provenance import environment
from vaelib import hmc
from vaelib.arithmetic.products import fast_products
from vaelib.hmc.compiled_density import compiled_latent_density
from vaelib.hmc.latent_density import latent_density
from vaelib.likelihood.marginal_likelihood import posterior_density_estimator
from vaelib.model import VariationalAutoencoder, build
from vaelib.networks import draw
from vaelib.randomness import generator

WEIGHT_STD = 0.3


Density = Callable[[VariationalAutoencoder, Tensor], hmc.LogDensity]
Work = Callable[[Setting, Problem], object]


class Result(NamedTuple):
    """What one implementation takes for all datapoints.

    Attributes:
        name: of the implementation.
        seconds: the median of some repetitions.
        leapfrog_steps_per_second: chains times steps.
        fraction_in_products: the time of the products by themselves over `seconds`.
        over_blackjax: leapfrog steps in a second, ours over BlackJAX's; None where it is not there.
    """

    name: str
    seconds: float
    leapfrog_steps_per_second: float
    fraction_in_products: float
    over_blackjax: float | None


def estimator(setting: Setting, problem: Problem, *, compile_step: bool = True) -> object:
    """Appendix D as Fig. 3 uses it: starts, both rounds of HMC, and the density."""
    return posterior_density_estimator(
        problem.model,
        problem.x,
        n_samples=setting.n_samples,
        n_leapfrog=setting.n_leapfrog,
        n_chains=setting.n_chains,
        n_burn_in=setting.n_burn_in,
        chunk_size=setting.chunk_size,
        compile_step=compile_step,
        generator=generator(setting.seed, "sampler"),
    )


def sampling(
    setting: Setting, problem: Problem, density: Density = compiled_latent_density
) -> object:
    """HMC alone, with the stepsize tuned in the burn-in; the chains start in the posterior."""
    noise = generator(setting.seed, "sampler")
    return [
        hmc.sample(
            density(problem.model, x),
            z.repeat(2 * setting.n_chains, 1, 1),
            n_samples=setting.draws_of_a_chain,
            n_leapfrog=setting.n_leapfrog,
            stepsize=torch.full((len(x),), 0.1),
            n_burn_in=setting.n_burn_in,
            generator=noise,
        )
        for x, z in zip(
            problem.x.split(setting.chunk_size), problem.z.split(setting.chunk_size), strict=True
        )
    ]


def sampling_by_autograd(setting: Setting, problem: Problem) -> object:
    """The same with the gradient that any other decoder would have."""
    return sampling(setting, problem, lambda model, x: lambda z: model.log_joint(x, z))


def e_steps(
    setting: Setting, problem: Problem, density: Density = compiled_latent_density
) -> object:
    """MCEM's E-steps on one minibatch: the density made anew, one transition."""
    noise = generator(setting.seed, "sampler")
    x, z = problem.x[: setting.minibatch_size], problem.z[: setting.minibatch_size]
    for _ in range(setting.n_e_steps):
        log_joint = density(problem.model, x)
        transition = hmc.kernel(log_joint, n_leapfrog=setting.n_leapfrog_mcem, generator=noise)
        state, _ = transition(hmc.init(z, log_joint), torch.full((), with_blackjax.STEPSIZE))
        z = state.position
    return z


class Implementation(NamedTuple):
    """Of ours, with the same work by BlackJAX; compiled where its name does not say otherwise."""

    ours: Work
    theirs: Work
    leapfrog_steps: Callable[[Setting], int]


def _sampled(setting: Setting) -> int:
    return setting.leapfrog_steps


def _moved(setting: Setting) -> int:
    return setting.leapfrog_steps_mcem


IMPLEMENTATIONS = {
    "posterior_density_estimator": Implementation(estimator, with_blackjax.sampling, _sampled),
    "posterior_density_estimator, not compiled": Implementation(
        partial(estimator, compile_step=False), with_blackjax.sampling, _sampled
    ),
    "hmc.sample": Implementation(sampling, with_blackjax.sampling, _sampled),
    "hmc.sample, not compiled": Implementation(
        partial(sampling, density=latent_density), with_blackjax.sampling, _sampled
    ),
    "hmc.sample, autograd": Implementation(sampling_by_autograd, with_blackjax.sampling, _sampled),
    "MCEM's E-step": Implementation(e_steps, with_blackjax.e_steps, _moved),
    "MCEM's E-step, not compiled": Implementation(
        partial(e_steps, density=latent_density), with_blackjax.e_steps, _moved
    ),
}


def make_problem(setting: Setting) -> Problem:
    """A model with random weights, and datapoints drawn from it."""
    model = build(
        n_pixels=setting.n_pixels,
        n_hidden=setting.n_hidden,
        n_latent=setting.n_latent,
        init_std=WEIGHT_STD,
        generator=generator(setting.seed, "weights"),
    )
    noise = generator(setting.seed, "data")
    z = draw(model.prior().expand((setting.n_datapoints,)), generator=noise)
    with torch.no_grad():
        return Problem(model, draw(model.decode(z), generator=noise), z)


def measure(name: str, setting: Setting, problem: Problem, *, repetitions: int) -> Result:
    """Time one implementation, and the decoder's matrix products in it."""

    implementation = IMPLEMENTATIONS[name]
    steps = implementation.leapfrog_steps(setting)

    def run() -> object:
        # As `companion.runs.evaluation` runs it.
        with fast_products():
            return implementation.ours(setting, problem)

    def products() -> None:
        with fast_products():
            _products_alone(setting, problem, steps)

    def theirs() -> object:
        return implementation.theirs(setting, problem)

    contenders = [run, products, *([theirs] if with_blackjax.is_installed() else [])]
    for contender in contenders:
        contender()  # warms caches up, and compiles
    timed = [[_seconds(contender) for contender in contenders] for _ in range(repetitions)]
    seconds, alone, *_ = (statistics.median(times) for times in zip(*timed, strict=True))
    ratios = [turn[2] / turn[0] for turn in timed if len(turn) > 2]
    return Result(
        name,
        seconds,
        steps / seconds,
        alone / seconds,
        statistics.median(ratios) if ratios else None,
    )


@torch.no_grad()
def _products_alone(setting: Setting, problem: Problem, steps: int) -> None:
    """The four products of a leapfrog step of a whole chunk, as often as there are steps."""
    hidden, logits = (m for m in problem.model.decoder.modules() if isinstance(m, nn.Linear))
    rows = 2 * setting.n_chains * min(setting.chunk_size, setting.n_datapoints)
    z = torch.full((rows, setting.n_latent), 0.1)
    for _ in range(max(1, steps // rows)):
        h = linear(z, hidden.weight, hidden.bias)
        (linear(h, logits.weight, logits.bias) @ logits.weight) @ hidden.weight


def _seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def table(results: list[Result]) -> str:
    """The results as text, a row for each implementation."""
    rows = [
        (
            "implementation",
            "seconds",
            "leapfrog steps/s",
            "in products",
            "over BlackJAX",
        )
    ]
    rows += [
        (
            r.name,
            f"{r.seconds:.2f}",
            f"{r.leapfrog_steps_per_second:,.0f}",
            f"{r.fraction_in_products:.1%}",
            "-" if r.over_blackjax is None else f"{r.over_blackjax:.2f}",
        )
        for r in results
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--datapoints", type=int, default=Setting.n_datapoints)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--only", choices=IMPLEMENTATIONS, help="one implementation")
    options = parser.parse_args(arguments)
    # One core for everyone: JAX takes its threads from the cores that it sees.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    torch.set_num_threads(1)
    setting = Setting(n_datapoints=options.datapoints)
    problem = make_problem(setting)
    names = [options.only] if options.only else list(IMPLEMENTATIONS)
    results = [measure(name, setting, problem, repetitions=options.repetitions) for name in names]
    if options.json:
        report = {
            "setting": asdict(setting),
            "environment": environment(device="cpu"),
            "results": [result._asdict() for result in results],
        }
        print(json.dumps(report, indent=1))
    else:
        print(table(results))


if __name__ == "__main__":
    main()
