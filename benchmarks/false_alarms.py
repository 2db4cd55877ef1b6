"""Do the statistical tests raise false alarms as rarely as they say?

Every test that can fail by chance is marked `statistical(rate)` and draws its randomness from
`tests.helpers.rng`, which VAELIB_TEST_SEED makes another. This script repeats these tests of the
quick suite with other seeds, and sets the alarms beside the promised rates:

    python benchmarks/false_alarms.py --repetitions 200 --workers 2
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
from multiprocessing import get_context
from pathlib import Path

import pytest
from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parent.parent
SELECTION = "statistical and not slow"
QUIETLY = ("-q", "--tb=no", "-p", "no:cacheprovider")


class Promises:
    """A pytest plugin that reads the rate of each selected test."""

    def __init__(self) -> None:
        self.rates: dict[str, float] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self.rates[item.nodeid] = sum(m.args[0] for m in item.iter_markers("statistical"))


class Failures:
    """A pytest plugin that notes what failed."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.tests.append(report.nodeid)


def promised() -> dict[str, float]:
    """The promised rate of each test item that is repeated."""
    promises = Promises()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = pytest.main(["--collect-only", "-q", "-m", SELECTION, str(ROOT)], [promises])
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"pytest cannot collect the statistical tests:\n{output.getvalue()}")
    return promises.rates


def alarms(seed: int) -> tuple[int, list[str]]:
    """The seed, and the tests that fail with it; for a process of its own."""
    os.environ["VAELIB_TEST_SEED"] = str(seed)
    failures = Failures()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = pytest.main([*QUIETLY, "-m", SELECTION, str(ROOT / "tests")], [failures])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"pytest broke down with seed {seed}:\n{output.getvalue()}")
    return seed, failures.tests


def upper_limit(found: int, trials: int) -> float:
    """Of a rate, one-sided, with 95 % confidence (Clopper and Pearson, 1934)."""
    interval = binomtest(found, trials, alternative="less").proportion_ci(0.95, method="exact")
    return float(interval.high)


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the false alarms of the statistical tests.")
    parser.add_argument("--repetitions", type=int, default=200, metavar="N", help="seeds to try")
    parser.add_argument("--first", type=int, default=1, help="seed; by this a count goes on")
    parser.add_argument("--workers", type=int, default=1, help="repetitions at the same time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to a file too")
    options = parser.parse_args()
    if options.repetitions < 1 or options.workers < 1:
        parser.error("--repetitions and --workers must be at least 1")

    rates = promised()
    found: list[tuple[int, str]] = []
    seeds = range(options.first, options.first + options.repetitions)
    # Collecting has imported everything: a fork saves each repetition the seconds of doing it anew.
    with get_context("fork").Pool(options.workers, maxtasksperchild=1) as pool:
        for seed, failed in pool.imap_unordered(alarms, seeds):
            found += [(seed, test) for test in failed]
            print(f"seed {seed}: {', '.join(failed) or 'none'}", flush=True)

    n, runs_with = options.repetitions, len({seed for seed, _ in found})
    result = {
        "first_seed": options.first,
        "repetitions": n,
        "items": len(rates),
        "promised_rate_of_a_run": sum(rates.values()),
        "alarms": sorted(found),
        "runs_with_an_alarm": runs_with,
        "upper_limit_of_a_run": upper_limit(runs_with, n),
        "upper_limit_of_an_item": upper_limit(len(found), n * len(rates)),
    }
    print(
        f"{n} repetitions of {len(rates)} statistical test items: "
        f"{len(found)} alarms, in {runs_with} repetitions\n"
        f"promised: an alarm in {result['promised_rate_of_a_run']:.1e} of all runs\n"
        f"with 95 % confidence: in at most {result['upper_limit_of_a_run']:.1e} of all runs, "
        f"and of an item in at most {result['upper_limit_of_an_item']:.1e}"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
