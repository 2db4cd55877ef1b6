"""How fast is one training step, beside what it must cost, a tutorial's loop, and JAX?

    python -m benchmarks.training_step [--json] [--threads 1 2]

For MNIST's model (784-500-20-500-784) and Frey Face's (560-200-10-200-560), minibatches of 100.
In float32, and ours also with products in bfloat16, which pays where the processor has instructions
for it (AVX512-BF16, AMX). All contenders run in one process with the same threads, by turns, each
in another order; a ratio is the median over turns of the ratio within a turn, so that a machine's
moods cancel. JAX takes part where it is installed: `pip install .[bench]`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.training_problem import CASES, Case, M, N
from benchmarks.with_others import jax_scan, tutorial

if TYPE_CHECKING:
    from vaelib.arithmetic.products import Precision


def ours(case: Case) -> Callable[[int], None]:
    """vaelib's step as long runs take it, the minibatch's draw included: compiled where it can."""
    from vaelib.arithmetic import compiling

    return vaelib_step(case, compile_step=compiling.is_available())


def bfloat16(case: Case) -> Callable[[int], None]:
    """The same with products in bfloat16; parameters and Adagrad's sums stay in float32."""
    from vaelib.arithmetic import compiling

    return vaelib_step(case, compile_step=compiling.is_available(), precision="bfloat16")


def not_compiled(case: Case) -> Callable[[int], None]:
    """The same as short runs take it."""
    return vaelib_step(case, compile_step=False)


def vaelib_step(
    case: Case, *, compile_step: bool, precision: Precision = "float32"
) -> Callable[[int], None]:
    """FastAEVB with its minibatches."""
    import torch

    from vaelib.arithmetic.products import fast_products
    from vaelib.fast.algorithms import FastAEVB
    from vaelib.model import build
    from vaelib.training import Trainer

    generator = torch.Generator().manual_seed(0)
    model = build(
        n_pixels=case.n_pixels,
        n_hidden=case.n_hidden,
        n_latent=case.n_latent,
        decoder="gaussian" if case.gaussian else "bernoulli",
        generator=generator,
    )
    x = torch.rand(N, case.n_pixels, generator=generator)
    algorithm = FastAEVB(
        model,
        n_train=N,
        stepsize=0.01,
        compile_step=compile_step,
        precision=precision,
        generator=generator,
    )
    trainer = Trainer(algorithm, x, minibatch_size=M, generator=generator, within=fast_products)

    def run(steps: int) -> None:
        for _ in trainer.advance(trainer.samples + M * steps):
            pass

    return run


def floor(case: Case) -> Callable[[int], None]:
    """The step's matrix products alone, and the bytes that Adagrad must move, at full bandwidth."""
    import torch

    from vaelib.arithmetic.products import fast_products

    heads = 2 if case.gaussian else 1
    # (rows, inner, columns) of every product: forward, gradient in the weights, in the inputs.
    shapes: list[tuple[int, int, int]] = []
    for n_in, n_out, inputs in (
        (case.n_pixels, case.n_hidden, False),
        *[(case.n_hidden, case.n_latent, True)] * 2,
        (case.n_latent, case.n_hidden, True),
        *[(case.n_hidden, case.n_pixels, True)] * heads,
    ):
        shapes += [(M, n_in, n_out), (n_out, M, n_in)] + [(M, n_out, n_in)] * inputs
    n_parameters = sum(rows * columns for rows, inner, columns in shapes if inner == M)
    products = [(torch.rand(a, b), torch.rand(b, c), torch.empty(a, c)) for a, b, c in shapes]
    # Read weight, gradient and sum; write weight and sum: five passes, as five thirds of an add.
    one, two, three = (torch.rand(n_parameters * 5 // 3) for _ in range(3))

    @torch.no_grad()
    def run(steps: int) -> None:
        with fast_products():
            for _ in range(steps):
                for a, b, out in products:
                    torch.mm(a, b, out=out)
                torch.add(one, two, out=three)

    return run


def measure(threads: int, turns: int, steps: int) -> dict[str, Any]:
    """One row for each case, with this process held to `threads` cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import torch

    torch.set_num_threads(threads)
    rows = {}
    for case in CASES:
        made = {
            f.__name__: f(case) for f in (ours, bfloat16, not_compiled, floor, tutorial, jax_scan)
        }
        contenders = {name: run for name, run in made.items() if run is not None}
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for run in contenders.values():
            run(steps)  # warms caches up, and compiles
        order = list(contenders.items())
        for turn in range(turns):
            # Whoever follows finds caches and thread pools as another left them.
            random.Random(turn).shuffle(order)
            for name, run in order:
                start = time.perf_counter()
                run(steps)
                seconds[name].append((time.perf_counter() - start) / steps)

        def ratio(
            name: str, own: str = "ours", seconds: dict[str, list[float]] = seconds
        ) -> float | None:
            if name not in seconds:
                return None
            pairs = zip(seconds[name], seconds[own], strict=True)
            return round(statistics.median(theirs / mine for theirs, mine in pairs), 3)

        rows[case.name] = {
            "ours_us": round(1e6 * min(seconds["ours"]), 1),
            "not_compiled_us": round(1e6 * min(seconds["not_compiled"]), 1),
            "floor_us": round(1e6 * min(seconds["floor"]), 1),
            "fraction_of_floor": ratio("floor"),
            "over_tutorial": ratio("tutorial"),
            "over_jax": ratio("jax_scan"),
            "bfloat16_us": round(1e6 * min(seconds["bfloat16"]), 1),
            "bfloat16_over_tutorial": ratio("tutorial", "bfloat16"),
            "bfloat16_over_jax": ratio("jax_scan", "bfloat16"),
        }
    return rows


def main() -> int:
    """Measure for each number of threads in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--steps", type=int, default=100, help="in one turn")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.turns, options.steps)))
        return 0
    result = {}
    for threads in options.threads:
        command = [sys.executable, "-m", "benchmarks.training_step", "--measure", str(threads)]
        command += ["--turns", str(options.turns), "--steps", str(options.steps)]
        # Read by OpenMP and by JAX when they start.
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        result[f"threads_{threads}"] = json.loads(done.stdout)
    if options.json:
        print(json.dumps(result))
        return 0
    columns = list(next(iter(next(iter(result.values())).values())))
    print(f"{'':24}" + "".join(f"{column:>24}" for column in columns))
    for threads_name, rows in result.items():
        for case_name, row in rows.items():
            label = f"{case_name}, {threads_name.replace('_', ' ')}"
            print(f"{label:24}" + "".join(f"{row[column]!s:>24}" for column in columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
