"""How long does `import vaelib` take, and all the names of its face, beside `import torch`?

    python -m benchmarks.import_time [--json] [--turns 7]

Each import has a fresh process, by turns, so that a machine's moods cancel: a difference is the
median over turns of the difference within a turn. The goal: no more than 0.3 s beyond torch.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

CONTENDERS = {
    "torch": "import torch",
    "vaelib": "import vaelib",
    "face": "from vaelib import *",
}
TIMED = "import time; start = time.perf_counter()\n{}\nprint(time.perf_counter() - start)"


def seconds(code: str) -> float:
    """Of some imports in a fresh process."""
    command = [sys.executable, "-c", TIMED.format(code)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def measure(turns: int) -> dict[str, dict[str, float]]:
    """For each import its seconds, and how much longer than torch it takes."""
    for code in CONTENDERS.values():
        seconds(code)  # brings the files into memory
    taken = [{name: seconds(code) for name, code in CONTENDERS.items()} for _ in range(turns)]
    return {
        name: {
            "seconds": round(statistics.median(turn[name] for turn in taken), 3),
            "beyond_torch": round(
                statistics.median(turn[name] - turn["torch"] for turn in taken), 3
            ),
        }
        for name in CONTENDERS
    }


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    rows = measure(options.turns)
    if options.json:
        print(json.dumps(rows))
        return 0
    print(f"{'':24}{'seconds':>12}{'beyond torch':>16}")
    for name, row in rows.items():
        print(f"{CONTENDERS[name]:24}{row['seconds']:12.3f}{row['beyond_torch']:16.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
