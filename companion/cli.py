"""The command line: vaelib data | run | train | status | reference | verify."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum

import torch

from companion import console, runs
from companion import data as paper_data
from companion.claims import scoreboard
from companion.claims.evidence import Evidence
from companion.claims.verdict import MOSTLY_NOT, NOT_JUDGED, NOT_REPRODUCED
from companion.console import complain, say
from companion.experiments import paper_grid, reference
from companion.experiments.selection import parse_seeds, select, select_seeds
from companion.own.command import add_train
from companion.runs import provenance
from companion.runs.record import Record, read_record
from companion.runs.store import RunStore
from companion.status_report import report_lines
from vaelib.errors import UserError


class Exit(IntEnum):
    """How a command can end; each has a number of its own."""

    DONE = 0
    FAILS = 1
    BAD_INPUT = 2
    NOT_JUDGED = 3
    FAULT = 70
    NOT_WRITTEN = 74
    STOPPED = 130
    UNHEARD = 141


EXIT_CODES = """\
exit codes:
  0    done; of verify: every claim was judged; it holds, mostly holds, or noise ties it
  1    of verify: a claim does not hold, or mostly not
  2    an input, a file or a disk that cannot be used; one sentence says which
  3    of verify: no claim fails, but some could not be judged
  70   a fault of vaelib itself
  74   the output could not be written
  130  stopped by Ctrl-C or SIGTERM; what was stored is kept
  141  nobody reads the output any more
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is one of `Exit`."""
    console.prepare()
    try:
        return carry_out(arguments)
    except UserError as error:
        complain(f"vaelib: {error}")
        return Exit.BAD_INPUT
    except KeyboardInterrupt:
        complain("vaelib: stopped; the same command goes on from the last checkpoint")
        return Exit.STOPPED
    except BrokenPipeError:
        return Exit.UNHEARD
    except console.OutputError as error:
        complain(f"vaelib: the output cannot be written ({error}): send it elsewhere")
        return Exit.NOT_WRITTEN
    except Exception:
        complain(f"{traceback.format_exc()}vaelib: this is a fault of vaelib: please report it")
        return Exit.FAULT
    finally:
        console.abandon()


def carry_out(arguments: Sequence[str] | None) -> int:
    """Read the arguments and run the command that they name."""
    try:
        options = parser().parse_args(arguments)
    except SystemExit as end:
        say(end="")
        return int(end.code or Exit.DONE)
    torch.set_num_threads(provenance.threads())
    return int(options.command(options))


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="vaelib",
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="obtain and verify MNIST and Frey Face")
    data.add_argument("--check", action="store_true", help="only report; download nothing")
    data.set_defaults(command=data_command)

    run = commands.add_parser("run", help="compute what is missing of the runs of a figure")
    run.add_argument("target", help=f"all, one of {', '.join(paper_grid.GROUPS)}, or a run's name")
    add_choice_of_runs(run, several_seeds=True)
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    run.add_argument(
        "--compile",
        action="store_true",
        help="machine code for the training step: pays in runs of millions of samples",
    )
    run.set_defaults(command=run_command)

    add_train(commands)

    status = commands.add_parser("status", help="list the runs of the store")
    status.add_argument(
        "--report",
        action="store_true",
        help="what a bug report needs: versions, device, data, run ids; no paths and no names",
    )
    status.set_defaults(command=status_command)

    whole = commands.add_parser("reference", help="compute the reference runs, and export them")
    whole.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time")
    whole.add_argument("--export-only", action="store_true", help="compute nothing")
    whole.set_defaults(command=reference_command)

    verify = commands.add_parser(
        "verify",
        help="check the paper's claims on the stored runs",
        description=(
            "Check the paper's claims on the stored runs and on the reference runs. Nothing is "
            "trained and nothing downloaded: a claim whose runs are missing is not judged. Some "
            "claims are measured on the stored models, which takes a few minutes."
        ),
    )
    add_choice_of_runs(verify)
    verify.add_argument("--compute", action="store_true", help="compute first what is missing")
    verify.set_defaults(command=verify_command)
    return top


def add_choice_of_runs(command: argparse.ArgumentParser, *, several_seeds: bool = False) -> None:
    """The options that choose runs."""
    command.add_argument("--profile", default="quick", help=", ".join(paper_grid.PROFILES))
    seeds = command.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    if several_seeds:
        seeds.add_argument(
            "--seeds",
            help="several, such as 0-4 or 0,2,5; on a CUDA device runs that differ in their seeds "
            "alone take their steps together where they can, which changes their last bits",
        )
    command.add_argument("--device", default="cpu", help="cpu (default) or cuda")


def data_command(options: argparse.Namespace) -> int:
    """Obtain the data, or report on it."""
    statuses = paper_data.verified() if options.check else paper_data.obtain()
    for status in statuses:
        say(f"{status.requested:10} {status.detail}")
    return Exit.DONE


def run_command(options: argparse.Namespace) -> int:
    """Compute what is missing of the target's runs, and print how far each has come."""
    if options.seeds is None:
        chosen = select(options.target, options.profile, seed=options.seed)
    else:
        seeds = parse_seeds(options.seeds)
        chosen = select_seeds(options.target, options.profile, seeds=seeds)
    results = runs.ensure(
        chosen,
        device=options.device,
        progress=not options.quiet,
        compile_step=options.compile,
        stack_seeds=options.seeds is not None,
    )
    for run in results:
        record = run.record
        say(f"{record.config}: {record.samples} samples, {record.seconds:.0f} s")
    return Exit.DONE


def status_command(options: argparse.Namespace) -> int:
    """List the stored runs; a record that cannot be read is named, and the others listed."""
    if options.report:
        for line in report_lines():
            say(line)
        return Exit.DONE
    stores = [*(RunStore.default(device) for device in ("cpu", "cuda")), reference.default_store()]
    files = [path for store in stores for path in store.record_files()]
    if not files:
        say(f"no runs in {stores[0].root.parent}: `vaelib run all` computes them")
    code = Exit.DONE
    for path in files:
        try:
            say(summary(read_record(path)))
        except UserError as error:
            complain(f"vaelib: {error}")
            code = Exit.BAD_INPUT
    return code


def summary(record: Record) -> str:
    """A run in a line: samples, rate, time left to what was asked, last point of the test."""
    rate = record.samples / record.seconds if record.seconds else 0.0
    asked = record.segments[-1].get("asked", 0) if record.segments else 0
    left = max(0, asked - record.samples)
    time_left = f"{left / rate / 60:.0f} min left" if left and rate else "done"
    test = [point for point in record.curve if point.split == "test"]
    last = f"test {test[-1].measure} {test[-1].value:.2f}" if test else "not evaluated yet"
    return f"{record.config}: {record.samples} samples, {rate:.0f} a second, {time_left}, {last}"


def reference_command(options: argparse.Namespace) -> int:
    """Carry out the plan of the reference runs; write what is there to data/reference/."""
    store = reference.default_store()
    if not options.export_only:
        for run in reference.compute(store, jobs=options.jobs):
            say(f"{run.config}: {run.record.samples} samples")
            reference.publish(store)
    say(f"{len(reference.publish(store))} files in data/reference")
    return Exit.DONE


def verify_command(options: argparse.Namespace) -> int:
    """Print the verdict on each claim as it is reached; what fails counts before what is open."""
    paper_grid.profile(options.profile)
    provenance.check_device(options.device)
    evidence = Evidence(options.profile, options.seed, options.device, options.compute)
    found = []
    for claim, verdict, _ in scoreboard.verdicts(evidence):
        say(f"{claim.id:5}{verdict.verdict:16}{verdict.evidence}")
        found.append(verdict.verdict)
    if NOT_REPRODUCED in found or MOSTLY_NOT in found:
        return Exit.FAILS
    return Exit.NOT_JUDGED if NOT_JUDGED in found else Exit.DONE


if __name__ == "__main__":
    sys.exit(main())
