"""What does each way of using the book cost, in seconds and megabytes?

    python -m benchmarks.ways_of_use [--part installation --part lab --part book] [--write]

installation   a fresh environment: the package, then what its notebooks need, then the lock file;
               what a first model takes in it
lab            until JupyterLab answers
book           the pages and times of the book that is built here

`--write` puts what was measured into `companion/pages/ways_of_use.json`, from which the page of the
ways reads it; parts that were not asked for stay as they were.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from companion.files import project_root
from vaelib.files import write_atomically

ROOT = project_root()
FILE = ROOT / "companion" / "pages" / "ways_of_use.json"
LAB = "http://127.0.0.1:{}/api"
PRETRAINED = "import vaelib; vaelib.pretrained('mnist', n_latent=20)"
TRAINED = """
from vaelib import AEVB, Trainer, build, generator, load
mnist = load("mnist")
vae = build(n_pixels=784, n_hidden=500, n_latent=20, generator=generator(0, "start"))
aevb = AEVB(vae, n_train=len(mnist.train), stepsize=0.01, generator=generator(0, "noise"))
for _ in Trainer(aevb, mnist.train, generator=generator(0, "minibatches")).advance(20_000):
    pass
"""
Measured = dict[str, dict[str, float]]


def seconds(*command: str | Path) -> float:
    """How long a command takes, away from the checkout."""
    with tempfile.TemporaryDirectory() as elsewhere:
        began = time.perf_counter()
        subprocess.run(command, cwd=elsewhere, check=True)
        return time.perf_counter() - began


def megabytes(*places: Path) -> float:
    """The size of files, and of all files below folders."""
    files = [file for place in places for file in (place, *place.rglob("*"))]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def installation() -> Measured:
    """Three installations on top of each other, of the lock's versions; each with those before."""
    taken, large = {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        project, folder = Path(scratch) / "project", Path(scratch) / "environment"
        # A copy: pip leaves what it builds beside the sources.
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
            packed.extractall(project, filter="data")
        venv.EnvBuilder(symlinks=True, with_pip=True).create(folder)
        python = folder / "bin" / "python"
        lock = project / "requirements.lock"
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-c",
            lock,
        ]
        asked: dict[str, list[str | Path]] = {
            "mathematics": [project],
            "companion": [f"{project}[companion]"],
            "everything": ["-r", lock],
        }
        so_far = 0.0
        for name, packages in asked.items():
            so_far += seconds(*pip, *packages)
            taken[f"install {name}"], large[name] = so_far, megabytes(folder)
            if name == "mathematics":
                taken["first pretrained"] = seconds(python, "-c", PRETRAINED)
                taken["first trained"] = seconds(python, "-c", TRAINED)
    return {"seconds": taken, "megabytes": large}


def lab() -> Measured:
    """Until JupyterLab answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, f"--port={port}", "--ServerApp.port_retries=0"], stderr=subprocess.DEVNULL
    ) as server:
        try:
            while not answers(LAB.format(port)):
                time.sleep(0.1)
            return {"seconds": {"lab": time.perf_counter() - began}}
        finally:
            server.terminate()


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=10).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def book() -> Measured:
    """The chapters' own times, and the size of the pages."""
    build = ROOT / "_build"
    chapters = [json.loads(path.read_text("utf-8")) for path in (build / "chapters").glob("*.json")]
    if not chapters:
        sys.exit("No book is built here: run `make book` first.")
    return {
        "seconds": {"chapters": sum(chapter["seconds"] for chapter in chapters)},
        "megabytes": {"html": megabytes(build / "html"), "runs": megabytes(build / "runs")},
    }


PARTS: dict[str, Callable[[], Measured]] = {
    "installation": installation,
    "lab": lab,
    "book": book,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="all if none is named")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    found = json.loads(FILE.read_text("utf-8"))
    for name in options.part or PARTS:
        for kind, values in PARTS[name]().items():
            found[kind] |= {key: round(value, 1) for key, value in values.items()}
    found["machine"] = (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"torch {version('torch')}"
    )
    text = json.dumps(found, indent=2, sort_keys=True) + "\n"
    print(text, end="")
    if options.write:
        write_atomically(FILE, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
