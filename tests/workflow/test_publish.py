"""What the launch buttons open: notebooks, citation, and no button without a repository."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat
import papermill
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook
from places import ROOT

from book._ext.launch import drop_dead_buttons
from workflow import chapters, publish, stage

PARAMETERS = {"tags": ["parameters"]}


@pytest.mark.parametrize(("url", "kept"), [("", False), ("https://github.com/you/fork", True)])
def test_buttons_stand_only_where_a_repository_is_set(url: str, kept: bool) -> None:
    options: dict[str, Any] = {"repository_url": url, "launch_buttons": {"colab_url": "there"}}
    drop_dead_buttons(None, SimpleNamespace(html_theme_options=options))  # type: ignore[arg-type]
    assert bool(options["launch_buttons"]) == kept


def test_one_setting_points_at_the_fork() -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert set(config["repository"]) == {"url", "branch"}
    assert config["launch_buttons"]["colab_url"]
    assert config["launch_buttons"]["binderhub_url"]
    deploy = (ROOT / ".github/workflows/deploy.yml").read_text("utf-8")
    assert f"git push --force origin {config['repository']['branch']}" in deploy


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one executed chapter, as the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book").mkdir()
    (tmp_path / "book/one.md").write_text("---\njupytext: {}\n---\n# One\n")
    (tmp_path / "_toc.yml").write_text("root: book/one\n")
    staged = tmp_path / stage.STAGE / chapters.BOOK
    staged.mkdir(parents=True)
    cell = new_code_cell("1 + 1", execution_count=1)
    nbformat.write(new_notebook(cells=[cell]), staged / "one.ipynb")
    return tmp_path


def settings(url: str) -> str:
    return f'repository: {{url: "{url}", branch: notebooks}}\n'


def test_a_published_notebook_installs_its_package_and_looks_at_what_it_is_told(
    executed: Path,
) -> None:
    (executed / "_config.yml").write_text(settings("https://github.com/you/fork"))
    assert publish.main(["out"]) == 0
    notebook = nbformat.read(executed / "out/one.ipynb", as_version=4)
    nbformat.validate(notebook)
    first, second, third = notebook.cells
    assert '"vaelib[companion] @ git+https://github.com/you/fork@notebooks"' in first.source
    assert second.source.endswith("open_notebook(In, [])")
    assert third.source == "1 + 1"


def test_what_it_is_told_is_looked_at_below_its_parameters() -> None:
    cells = [
        new_code_cell("0"),
        new_code_cell("seed = 0\na, (b, c.d) = 1, f(e)\n%pip\ng: int = 2", metadata=PARAMETERS),
        new_code_cell("1"),
    ]
    made = publish.opened(new_notebook(cells=cells), "", "").cells
    assert [cell.source for cell in (made[1], made[2], made[4])] == [c.source for c in cells]
    assert made[3].source.endswith("open_notebook(In, ['seed', 'a', 'b', 'g'])")
    given = papermill.execute_notebook(
        new_notebook(cells=made),
        None,
        {"a": 2},
        kernel_name="python3",
        language="python",
        prepare_only=True,
    )
    (written,) = [c for c in given.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert given.cells.index(written) == 3


@pytest.mark.parametrize("fails", [True, False])
def test_on_colab_an_installation_that_fails_stops_the_notebook(
    fails: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = publish.ON_COLAB.format(url="https://github.com/you/fork", branch="notebooks")
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(returncode=int(fails), stderr="ERROR: No matching distribution")

    monkeypatch.setattr("subprocess.run", run)
    exec(source, {})
    assert not asked, "elsewhere it does nothing"
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    if fails:
        with pytest.raises(SystemExit, match="was not installed, so no cell below can run"):
            exec(source, {})
        assert capsys.readouterr().err == "ERROR: No matching distribution\n"
    else:
        exec(source, {})
    package = "vaelib[companion] @ git+https://github.com/you/fork@notebooks"
    assert asked == [[sys.executable, "-m", "pip", "install", "--quiet", package]]


def test_what_is_not_sound_is_not_published(
    executed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (executed / "_config.yml").write_text(settings("https://github.com/you/fork"))
    (executed / stage.STAGE / chapters.BOOK / "one.ipynb").write_text("{")
    assert publish.main(["out"]) == 2
    assert "one.ipynb is not a notebook" in capsys.readouterr().err
    assert not (executed / "out").exists()


def test_without_a_repository_nothing_is_published(
    executed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (executed / "_config.yml").write_text(settings(""))
    assert publish.main(["out"]) == 0
    assert not (executed / "out").exists()
    assert "set repository.url in _config.yml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "_config.yml is not there: call this in the project's folder"),
        ("a: [", "the lines of _config.yml are not YAML (expected the node content, but found"),
        ("repository: here", "repository of _config.yml is 'here': give it an url and a branch"),
        ("repository: {url: x}", "repository of _config.yml has no branch: name the one of the"),
    ],
)
def test_a_setting_that_cannot_be_is_told(
    config: str | None, said: str, executed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if config is not None:
        (executed / "_config.yml").write_text(config)
    assert publish.main(["out"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_told(
    executed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (executed / "_config.yml").write_text(settings("https://github.com/you/fork"))
    (executed / "out").write_text("")
    assert publish.main(["out"]) == 1
    assert capsys.readouterr().err == (
        "The notebooks could not be written: [Errno 17] File exists: 'out'\n"
    )


def test_the_citation_names_this_version_and_the_paper() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    companion = (ROOT / "book/companion.bib").read_text("utf-8")
    assert citation["version"] == project["version"]
    assert f"version {project['version']}" in companion
    assert citation["title"] == config["title"]
    assert re.sub("[{}]", "", companion).count(config["title"]) == 1
    assert citation["authors"] == [{"name": config["author"]}]
    (paper,) = citation["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Kingma", "Welling"]
