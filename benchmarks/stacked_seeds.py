"""Training samples per second of several seeds together, against one after the other.

    python -m benchmarks.stacked_seeds [--device cuda] [--json]

The model is that of Fig. 2's MNIST panels with 20 latent dimensions. `over_alone` is how many times
the samples of single runs, one after the other, are computed in the same time; `in_kernels`, on
CUDA only, is the share of the time in which the device computes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from companion.experiments import paper_grid
from companion.runs import assembly, stacking
from vaelib.training import Trainer

CONFIG = paper_grid.mnist(20)
STEPSIZE = 0.01


def trainers(n_seeds: int, device: str) -> list[Trainer]:
    """One for each seed."""
    data = assembly.load_data(CONFIG)
    return [
        assembly.make_trainer(
            dataclasses.replace(CONFIG, seed=seed), data, stepsize=STEPSIZE, device=device
        )
        for seed in range(n_seeds)
    ]


def measure(n_seeds: int, steps: int, device: str) -> dict[str, float]:
    """The figures of one number of seeds."""
    x: Tensor = assembly.load_data(CONFIG).train.to(device)
    samples = steps * CONFIG.minibatch_size
    (alone,), stacked = trainers(1, device), trainers(n_seeds, device)

    def together(until: int) -> None:
        stepsizes = [STEPSIZE] * n_seeds
        for _ in stacking.advance(stacked, x, CONFIG, stepsizes=stepsizes, until=until):
            pass

    def one(until: int) -> None:
        for _ in alone.advance(until, chunk=stacking.CHECK_EVERY):
            pass

    one(samples)
    together(samples)
    by_one = seconds(lambda: one(2 * samples), device)
    by_all = seconds(lambda: together(2 * samples), device)
    found = {
        "seeds": n_seeds,
        "samples_per_second": round(n_seeds * samples / by_all),
        "over_alone": round(n_seeds * by_one / by_all, 2),
    }
    if device == "cuda":
        with profile(activities=[ProfilerActivity.CUDA]) as profiled:
            elapsed = seconds(lambda: together(3 * samples), device)
        busy = sum(event.self_device_time_total for event in profiled.key_averages())
        found["in_kernels"] = round(1e-6 * busy / elapsed, 3)
    return found


def seconds(work: Callable[[], None], device: str) -> float:
    """The time of some work, to its end on the device."""
    start = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--steps", type=int, default=500, help="of each model")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 5], help="at once")
    parser.add_argument("--json", action="store_true", help="print one object")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measure(n, options.steps, options.device) for n in options.seeds]
    if options.json:
        print(json.dumps({"device": options.device, "rows": rows}))
        return
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
