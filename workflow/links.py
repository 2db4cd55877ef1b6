"""Ask every address outside that the built book names whether it is there: `make links`.

Sphinx's own check, with the settings `linkcheck_…` of _config.yml; it needs the network.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from workflow import messages, render
from workflow.stage import STAGE

FOLDER = messages.BUILD / "links"
LOG = messages.BUILD / "log" / "links.log"


def broken(report: Path) -> list[str]:
    """The addresses that Sphinx reports as broken, with page, line and reason, one each."""
    links = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    return [
        f"{link['uri']} ({link['filename']}, line {link['lineno']}): {link['info']}"
        for link in links
        if link["status"] in ("broken", "timeout")
    ]


def main() -> int:
    if not STAGE.is_dir():
        print(f"{STAGE} is not there: run `make book` first", file=sys.stderr)
        return 2
    shutil.rmtree(FOLDER, ignore_errors=True)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    command = render.command(FOLDER, "--builder", "linkcheck")
    with LOG.open("w", encoding="utf-8") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
    report = FOLDER / "_build" / "html" / "output.json"
    if not report.is_file():
        print(f"The links could not be asked; see {LOG}.", file=sys.stderr)
        return 1
    found = broken(report)
    print(*found, f"{len(found)} links are broken.", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
