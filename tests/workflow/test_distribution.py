"""What `pip install` brings: the files, and chapters that run far from the checkout."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import installed
import nbformat
import pytest
from nbformat import NotebookNode
from places import ROOT

from workflow import chapters, outputs, publish, surroundings
from workflow.execute_chapter import STAGE, prepare
from workflow.execution import execute
from workflow.settings import Settings

pytestmark = pytest.mark.slow

PAGES = {page.name: page for page in chapters.pages(ROOT) if page.computes}
ADDRESS = ("https://example.org/book", "notebooks")
# What they say of the packages is true where those lie beside the data.
OF_THE_CHECKOUT = (
    "tests/vaelib/datasets/test_sources.py::test_the_project_is_found_from_anywhere",
    "tests/vaelib/test_reference_models.py::test_every_published_file_of_weights_is_listed",
)
# By hand, where make writes PROFILE=standard SEED=3.
CHOSEN = Settings("standard", "cpu", 3)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed.wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of an environment with the wheel."""
    return installed.environment(tmp_path_factory.mktemp("installed"), wheel)


def test_the_wheel_holds_the_code_the_licences_and_the_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    below = {name.partition("/")[0] for name in names}
    assert {name for name in below if not name.endswith(".dist-info")} == {"companion", "vaelib"}
    assert {"vaelib/py.typed", "companion/py.typed", "companion/runs/lineage.json"} <= names
    assert {"LICENSE", "LICENSE-CC-BY-4.0"} == {
        Path(name).name for name in names if ".dist-info/licenses/" in name
    }
    for package in ("vaelib", "companion"):
        code = {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}
        assert code == {n for n in names if n.startswith(f"{package}/") and n.endswith(".py")}


def test_what_is_imported_is_the_wheel(python: Path, tmp_path: Path) -> None:
    code = (
        "import json, companion, vaelib\n"
        "from companion.experiments import paper_curves, reference\n"
        "from vaelib.files import data_folder\n"
        "print(json.dumps([vaelib.__file__, companion.__file__, str(data_folder('paper')),\n"
        "    len(paper_curves.digitised('figure2')), len(reference.published().records())]))"
    )
    *places, points, records = json.loads(installed.run([python, "-c", code], tmp_path))
    assert all(Path(place).is_relative_to(python.parents[1]) for place in places)
    assert points > 100
    assert records == len(list((ROOT / "data" / "reference").glob("*/record.json")))


def test_the_command_is_there_and_begins_where_it_is_called(python: Path, tmp_path: Path) -> None:
    said = installed.run([python.with_name("vaelib"), "status"], tmp_path)
    assert said.startswith(f"no runs in {tmp_path / '_build' / 'runs'}")
    assert not list(tmp_path.iterdir())


def by_hand(
    python: Path, notebook: NotebookNode, folder: Path, *told: str, **variables: str
) -> NotebookNode:
    """What papermill makes of a published notebook, called by its own command."""
    nbformat.write(publish.opened(notebook, *ADDRESS), folder / "in.ipynb")
    command = [python, "-m", "papermill", "in.ipynb", "out.ipynb", "--no-progress-bar", *told]
    installed.run(command, folder, seconds=3600, **variables)
    return nbformat.read(folder / "out.ipynb", as_version=4)


def shown(notebook: NotebookNode) -> dict[str, list[str]]:
    """The outputs by cell, without the count of cells, their order, and the package's version."""
    return {
        cell.id: sorted(json.dumps(output, sort_keys=True) for output in map(bare, cell.outputs))
        for cell in outputs.clean(notebook).cells
        if cell.get("outputs")
    }


def bare(output: NotebookNode) -> dict[str, Any]:
    kept = json.loads(json.dumps(output))
    kept.pop("execution_count", None)
    for told in kept.get("metadata", {}).values():
        if isinstance(told, dict) and "provenance" in told:
            del told["provenance"]["versions"]
    return kept


# One that only computes, and one with data.
@pytest.mark.parametrize("name", ["b_gaussian_kl", "s2_1_problem_scenario"])
def test_papermill_by_hand_gives_the_numbers_of_the_book(
    name: str, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    # As every step of a build.
    monkeypatch.setenv("OMP_NUM_THREADS", surroundings.FIXED["OMP_NUM_THREADS"])
    told = ["-p", "profile", "standard", "-p", "seed", "3"]
    found = shown(
        by_hand(python, prepare(PAGES[name], Settings("quick", "cpu", 0)), tmp_path, *told)
    )
    assert found == shown(execute(prepare(PAGES[name], CHOSEN), name))
    assert found


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("status", ["sed", "3"], "parameter 'sed' is not one of this chapter's: use profile"),
        ("s2_method", ["profile", "huge"], "profile 'huge' is not known: use one of quick"),
    ],
)
def test_papermill_by_hand_is_told_what_it_cannot_set(
    name: str, told: list[str], said: str, python: Path, tmp_path: Path
) -> None:
    notebook = prepare(PAGES[name], Settings("quick", "cpu", 0))
    with pytest.raises(AssertionError, match=said):
        by_hand(python, notebook, tmp_path, "-p", *told)
    stopped = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert not any(cell.get("execution_count") for cell in stopped.cells[-3:])


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that pip alone has made, as it is done on Colab."""
    folder = tmp_path_factory.mktemp("fresh")
    return installed.fresh(folder, f"{wheel}[companion]", "papermill")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs that the built book has computed; what a notebook does to them stays here."""
    folder = tmp_path_factory.mktemp("runs") / "runs"
    shutil.copytree(ROOT / "_build" / "runs", folder)
    return folder


@pytest.mark.thorough
@pytest.mark.parametrize("name", PAGES)
def test_every_published_chapter_runs_where_only_the_wheel_was_installed(
    name: str, fresh: Path, runs: Path, tmp_path: Path
) -> None:
    staged = ROOT / STAGE / f"{name}.ipynb"
    assert staged.is_file(), "run `make book` first"
    notebook = nbformat.read(staged, as_version=4)
    made = by_hand(fresh, notebook, tmp_path, VAELIB_RUNS=str(runs))
    assert shown(made).keys() == shown(notebook).keys()


@pytest.mark.thorough
def test_the_distributions_are_sound_and_pass_their_tests_elsewhere(
    python: Path, tmp_path: Path
) -> None:
    """From the source distribution its own code is tested, and the wheel that was built of it."""
    tools = installed.fresh(tmp_path / "tools", "build", "twine")
    project = installed.project(tmp_path / "project")
    there = {path.relative_to(project) for path in project.rglob("*") if path.is_file()}
    installed.run([tools, "-m", "build", "--outdir", tmp_path / "dist", project], tmp_path)
    made = sorted((tmp_path / "dist").iterdir())
    assert [path.suffix for path in made] == [".whl", ".gz"]
    said = installed.run([tools, "-m", "twine", "check", "--strict", *made], tmp_path)
    assert said.count("PASSED") == 2
    with tarfile.open(made[1]) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert not there - {path.relative_to(source) for path in source.rglob("*")}
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/vaelib"]
    assert " passed" in installed.run(tests, source, seconds=3600)
    elsewhere = installed.environment(tmp_path / "wheel", made[0])
    for package in ("vaelib", "companion"):
        shutil.rmtree(source / package)
    of_the_checkout = [word for test in OF_THE_CHECKOUT for word in ("--deselect", test)]
    installed.run([elsewhere, *tests[1:], *of_the_checkout], source, seconds=3600)
