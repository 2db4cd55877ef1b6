"""Write what the book's explorers load when a reader touches them.

python -m workflow.write_networks --profile quick --device cpu --seed 0
"""

from __future__ import annotations

import argparse
import sys
import time

from companion.pages import explorers
from vaelib.errors import UserError
from workflow import messages, settings, stage

FOLDER = stage.STAGE / stage.NETWORKS / "explorers"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    settings.add_options(parser)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        chosen = settings.read(options.profile, options.device, options.seed)
        sizes = explorers.export_networks(
            FOLDER, chosen.profile, device=chosen.device, seed=chosen.seed
        )
    except UserError as error:
        messages.fail("networks", f"The explorers' networks were not written: {error}")
        return 2
    said = f"{len(sizes)} files, {sum(sizes.values()) / 1e6:.2f} MB"
    messages.done("networks", said, time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
