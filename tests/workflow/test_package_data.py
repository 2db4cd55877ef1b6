"""What is built from the project brings the trained models along, and finds them anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from places import ROOT

COPIED = ("vaelib", "companion", "data/reference", "data/measurements", "data/paper")
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])('dist')"
LOADED = """
import json, vaelib
from companion.experiments import paper_curves, reference
model, facts, record = vaelib.pretrained("mnist", n_latent=2)
found = [vaelib.__file__, str(facts.path), str(reference.published().root)]
print(json.dumps([found, len(vaelib.pretrained_models()), len(paper_curves.digitised("figure2"))]))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's sources, without what a build leaves behind, and with data that must stay."""
    folder = tmp_path_factory.mktemp("project")
    for name in COPIED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    shutil.copy(ROOT / "data" / "README.md", folder / "data")
    (folder / "data" / "raw").mkdir()
    (folder / "data" / "raw" / "digits.gz").write_bytes(b"not ours to give away")
    return folder


def build(what: str, project: Path) -> Path:
    (project / "dist").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, what],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (made,) = (project / "dist").glob("*.whl" if what == "build_wheel" else "*.tar.gz")
    return made


def published() -> set[str]:
    hashes = json.loads((ROOT / "data" / "reference" / "manifest.json").read_text())
    measurements = (ROOT / "data" / "measurements").iterdir()
    return {
        "data/reference/manifest.json",
        *(f"data/reference/{name}" for name in hashes),
        *(f"data/measurements/{path.name}" for path in measurements),
        *(f"data/paper/{figure}.csv" for figure in ("figure2", "figure3")),
    }


@pytest.mark.slow
def test_a_wheel_holds_the_models_and_loads_them_from_anywhere(copy: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build("build_wheel", copy)) as wheel:
        names = set(wheel.namelist())
        wheel.extractall(tmp_path / "site")
    assert {name for name in names if "/data/" in name} == {f"vaelib/{n}" for n in published()}
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, n_models, n_points = json.loads(done.stdout)
    assert all(place.startswith(str(tmp_path / "site")) for place in found)
    assert n_models == sum(name.endswith("/weights.safetensors") for name in published())
    assert n_points > 100


@pytest.mark.slow
def test_a_source_distribution_holds_what_a_wheel_is_built_from(copy: Path) -> None:
    made = build("build_sdist", copy)
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert published() <= names
    assert {"setup.py", "pyproject.toml", "LICENSE", "LICENSE-CC-BY-4.0"} <= names
    assert not [name for name in names if name.startswith("data/raw")]
