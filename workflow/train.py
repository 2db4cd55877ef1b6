"""Carry one run as far as the profile asks; what the run store holds is not computed again.

python -m workflow.train SLUG --stamp FILE --profile quick --device cpu --seed 0
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from vaelib import cli
from workflow import messages, settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slug")
    parser.add_argument("--stamp", type=Path, required=True)
    settings.add_options(parser)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    chosen = settings.Settings(options.profile, options.device, int(options.seed))
    try:
        code = cli.main(["run", options.slug, *chosen.options.split()])
    except Exception as error:
        messages.fail(options.slug, f"Run {options.slug} failed: {type(error).__name__}: {error}")
        raise
    if code:
        messages.fail(options.slug, f"Run {options.slug} failed: its message stands above.")
        return code
    options.stamp.parent.mkdir(parents=True, exist_ok=True)
    options.stamp.touch()
    messages.done("run", options.slug, time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
