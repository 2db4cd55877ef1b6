"""Carry one run as far as the profile asks; what the run store holds is not computed again.

python -m workflow.train SLUG --stamp FILE --profile quick --device cpu --seed 0
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from companion import runs
from companion.experiments.selection import select
from companion.runs.store import RECORD
from vaelib.errors import UserError
from vaelib.files import write_atomically
from workflow import messages, settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slug")
    parser.add_argument("--stamp", type=Path, required=True)
    settings.add_options(parser)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        chosen = settings.read(options.profile, options.device, options.seed)
        requests = select(options.slug, chosen.profile, seed=chosen.seed)
        (run,) = runs.ensure(requests, device=chosen.device, progress=sys.stderr.isatty())
    except UserError as error:
        messages.fail(options.slug, f"Run {options.slug} failed: {error}")
        return 2
    except KeyboardInterrupt:
        print(f"Run {options.slug} was stopped, and goes on from its last checkpoint.", flush=True)
        return 130
    except Exception as error:
        messages.fail(options.slug, f"Run {options.slug} failed: {type(error).__name__}: {error}")
        raise
    options.stamp.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(options.stamp, f"{(run.folder / RECORD).absolute()}\n".encode())
    messages.done("run", str(run.config), time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
