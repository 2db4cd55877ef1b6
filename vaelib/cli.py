"""The command line: vaelib data | run | status | verify."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import torch

from vaelib import claims, datasets, experiments, reference, runs
from vaelib.errors import UserError
from vaelib.evidence import NOT_REPRODUCED
from vaelib.experiments import RunRequest
from vaelib.store import RunStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a check that does not hold, 2 a bad input."""
    options = parser().parse_args(arguments)
    # One thread each: runs go in parallel, and a run's last bits depend on its threads.
    torch.set_num_threads(int(os.environ.get("VAELIB_THREADS", "1")))
    try:
        return int(options.command(options))
    except UserError as error:
        print(f"vaelib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("vaelib: stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="vaelib", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="obtain and verify MNIST and Frey Face")
    data.add_argument("--check", action="store_true", help="only report; download nothing")
    data.set_defaults(command=data_command)

    run = commands.add_parser("run", help="compute what is missing of the runs of a figure")
    run.add_argument("target", help=f"all, one of {', '.join(experiments.GROUPS)}, or a run's name")
    add_profile(run)
    run.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    run.add_argument(
        "--compile",
        action="store_true",
        help="machine code for the training step: pays in runs of millions of samples",
    )
    run.set_defaults(command=run_command)

    status = commands.add_parser("status", help="list the runs of the store")
    status.set_defaults(command=status_command)

    whole = commands.add_parser("reference", help="compute the reference runs, and export them")
    whole.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time")
    whole.add_argument("--export-only", action="store_true", help="compute nothing")
    whole.set_defaults(command=reference_command)

    verify = commands.add_parser("verify", help="check the paper's claims on the stored runs")
    add_profile(verify)
    verify.set_defaults(command=verify_command)
    return top


def add_profile(command: argparse.ArgumentParser) -> None:
    """The options that choose runs."""
    command.add_argument("--profile", default="quick", help=", ".join(experiments.PROFILES))
    command.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")


def data_command(options: argparse.Namespace) -> int:
    """Obtain the data, or report on it."""
    statuses = datasets.check() if options.check else datasets.obtain()
    for status in statuses:
        print(f"{status.requested:10} {status.detail}")
    return 0


def run_command(options: argparse.Namespace) -> int:
    """Compute what is missing of the target's runs, and print how far each has come."""
    chosen = select(options.target, options.profile, seed=options.seed)
    results = runs.ensure(
        chosen,
        device=options.device,
        progress=not options.quiet,
        compile_step=options.compile,
    )
    for run in results:
        record = run.record
        print(f"{record.config.slug}: {record.samples} samples, {record.seconds:.0f} s")
    return 0


def select(target: str, profile: str, *, seed: int) -> list[RunRequest]:
    """The requests that a target names, each run once and as far as any figure asks.

    Raises:
        UserError: for a target that is neither `all`, a figure, nor a run of this profile.
    """
    groups = experiments.groups(profile, seed=seed)
    furthest: dict[str, RunRequest] = {}
    for group, requests in groups.items():
        for request in requests:
            slug = request.config.slug
            if target in ("all", group, slug):
                furthest[slug] = max(furthest.get(slug, request), request, key=lambda r: r.samples)
    if not furthest:
        raise UserError(
            f"run {target!r} is not known: use all, {', '.join(groups)}, "
            f"or a run's name such as {groups['figure2'][0].config.slug}"
        )
    return list(furthest.values())


def status_command(options: argparse.Namespace) -> int:
    """List the stored runs: samples, rate, time left to what was asked, last point of the test."""
    stores = [*(RunStore.default(device) for device in ("cpu", "cuda")), reference.default_store()]
    records = [record for store in stores for record in store.records()]
    if not records:
        print(f"no runs in {stores[0].root.parent}: `vaelib run all` computes them")
    for record in records:
        rate = record.samples / record.seconds if record.seconds else 0.0
        left = max(0, record.segments[-1]["asked"] - record.samples) if record.segments else 0
        time_left = f"{left / rate / 60:.0f} min left" if left and rate else "done"
        test = [point for point in record.curve if point.split == "test"]
        last = f"test {test[-1].measure} {test[-1].value:.2f}" if test else "not evaluated yet"
        print(
            f"{record.config.slug}: {record.samples} samples, {rate:.0f} a second, {time_left}, "
            f"{last}"
        )
    return 0


def reference_command(options: argparse.Namespace) -> int:
    """Carry out the plan of the reference runs; write what is there to data/reference/."""
    store = reference.default_store()
    if not options.export_only:
        for run in reference.compute(store, jobs=options.jobs):
            print(f"{run.config.slug}: {run.record.samples} samples", flush=True)
            reference.export(store)
    print(f"{len(reference.export(store))} files in data/reference")
    return 0


def verify_command(options: argparse.Namespace) -> int:
    """Print the verdict on each claim; fail if one does not hold on runs long enough to tell."""
    table = claims.scoreboard(options.profile, seed=options.seed)
    print(table[["id", "verdict", "evidence"]].to_string(index=False))
    return int((table["verdict"] == NOT_REPRODUCED).any())


if __name__ == "__main__":
    sys.exit(main())
