"""Binder and the container: what each step needs is there, and is what `make` does here.

No engine runs: what a step would do is looked at, or done where it costs nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import installed
import pytest
import yaml
from places import ROOT

from workflow import checks, environment

LINES = [
    line
    for line in (ROOT / "Containerfile").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
STEPS = [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in LINES)]
PINNED = (ROOT / "requirements.lock").read_text("utf-8").splitlines()


def steps(word: str) -> list[str]:
    return [rest for kind, rest in STEPS if kind == word]


def test_the_base_is_an_exact_version_of_a_python_that_is_tested() -> None:
    (base,) = steps("FROM")
    version = re.fullmatch(r"docker\.io/library/python:(3\.\d+)\.\d+-slim-\w+", base)
    assert version is not None
    assert version[1] == "3.11"
    assert (3, 11) in environment.SUITED


def test_every_step_is_of_a_kind_that_is_looked_at_here() -> None:
    assert {kind for kind, _ in STEPS} == set(
        ["FROM", "RUN", "WORKDIR", "USER", "COPY", "ARG", "ENV", "EXPOSE", "CMD"]
    )
    for command in steps("RUN"):
        subprocess.run(["bash", "-n", "-c", command], check=True)


def test_nothing_runs_as_root_but_what_needs_it() -> None:
    kinds = [kind for kind, _ in STEPS]
    user = kinds.index("USER")
    assert kinds.count("USER") == 1
    assert STEPS[user] == ("USER", "reader")
    assert any("useradd" in rest and rest.endswith(" reader") for _, rest in STEPS[:user])
    assert all(rest.startswith("--chown=reader ") for kind, rest in STEPS if kind == "COPY")
    assert "COPY" not in kinds[:user]
    before = [rest.split()[0] for kind, rest in STEPS[:user] if kind == "RUN"]
    assert before == ["apt-get", "useradd", "chown"]


def test_it_makes_the_environment_as_every_check_does() -> None:
    *_, last = steps("RUN")
    assert "make .venv/ready" in last
    assert any(
        step.command.endswith("make --no-print-directory .venv/ready") for step in checks.CHANGE
    )


def test_an_index_that_is_given_to_the_build_decides_which_pytorch_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (name,) = steps("ARG")
    assert STEPS.index(("ARG", name)) < STEPS.index(("RUN", steps("RUN")[-1]))
    monkeypatch.setenv(name, "https://index.example/processors")
    told = environment.pip_environment(Path(sys.executable))
    assert told[name] == "https://index.example/processors", "the index reaches pip"
    assert any(re.fullmatch(r"torch==[\d.]+", line) for line in PINNED), "no local version"


def conda(file: str) -> tuple[list[str], list[str]]:
    """What an environment file asks of conda, and what of pip."""
    asked = yaml.safe_load((ROOT / file).read_text("utf-8"))
    assert asked["channels"] == ["conda-forge"]
    of_pip = next(one["pip"] for one in asked["dependencies"] if isinstance(one, dict))
    return [one for one in asked["dependencies"] if isinstance(one, str)], of_pip


@pytest.mark.parametrize("file", ["environment.yml", "binder/environment.yml"])
def test_conda_makes_the_environment_of_the_lock_file(file: str, tmp_path: Path) -> None:
    of_conda, of_pip = conda(file)
    assert "python=3.11" in of_conda
    # conda puts the lines into a file of its own, beside the one that asks.
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    beside = tmp_path / file
    beside.parent.mkdir(exist_ok=True)
    beside.write_text("\n".join(of_pip), "utf-8")
    read = subprocess.run(
        [sys.executable, "-c", READ, beside.name],
        cwd=beside.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    *found, project = json.loads(read.stdout)
    assert {line for line in PINNED if not line.startswith("#")} <= set(found)
    assert (beside.parent / project).resolve() == tmp_path.resolve()


def test_binder_has_pytorch_for_processors_in_the_version_that_pip_asks_for() -> None:
    of_conda, _ = conda("binder/environment.yml")
    (version,) = [line.partition("==")[2] for line in PINNED if line.startswith("torch==")]
    assert f"pytorch-cpu={version}" in of_conda
    assert {path.name for path in (ROOT / "binder").iterdir()} == {"environment.yml"}


# What pip itself makes of the file, without looking for anything.
READ = """
import json, sys
from pip._internal.network.session import PipSession
from pip._internal.req import parse_requirements
print(json.dumps([r.requirement for r in parse_requirements(sys.argv[1], session=PipSession())]))
"""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the engine would copy into the container."""
    folder = installed.project(tmp_path_factory.mktemp("context"))
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if any(fnmatch(name, pattern.replace("**/", "*")) for pattern in ignored):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def test_what_is_copied_is_enough_to_make_the_environment(context: Path) -> None:
    (copied,) = steps("COPY")
    assert copied == "--chown=reader . ."
    said = installed.run(["make", "--dry-run", "--no-print-directory", ".venv/ready"], context)
    assert said.rstrip().endswith("workflow/environment.py")
    for name in (
        "requirements.lock",
        "pyproject.toml",
        "setup.py",
        "vaelib",
        "companion",
        "data/paper",
    ):
        assert (context / name).exists(), name


def test_what_the_reader_made_stays_out(context: Path) -> None:
    ignored = set((ROOT / ".dockerignore").read_text("utf-8").split())
    assert {".git", ".venv", "_build", "data/raw"} <= ignored
    kept = {path.name for path in context.iterdir()}
    assert not kept & {".git", ".venv", "_build"}


def test_what_it_starts_is_there(context: Path) -> None:
    (home,) = steps("WORKDIR")
    jupyter = next(rest for rest in steps("ENV") if "JUPYTER" in rest).partition("=")[2]
    assert (context / Path(jupyter).relative_to(home) / "labconfig").is_dir()
    (start,) = steps("CMD")
    python, *words = json.loads(start)
    assert python == ".venv/bin/python"
    assert "8888" in steps("EXPOSE")
    assert installed.run([sys.executable, *words, "--version"], context)[0].isdigit()


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no Debian")
def test_what_it_asks_of_debian_is_there() -> None:
    packages = re.search(r"--no-install-recommends ([^&]+) &&", steps("RUN")[0])
    assert packages is not None
    known = subprocess.run(
        ["apt-cache", "policy", *packages[1].split()], capture_output=True, text=True, check=True
    )
    assert known.stdout.count("Candidate:") == len(packages[1].split())
