"""The steps between data and book, each by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from nbformat.v4 import new_markdown_cell, new_notebook
from places import ROOT
from small_book import CHAPTER

from vaelib.errors import UserError
from workflow import chapters, execute_chapter, keys, messages, plan, render, settings, stage
from workflow.chapters import Page


def call(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a step as the Snakefile does, in the current folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


# What lies beside the book


def test_a_matplotlibrc_in_the_folder_is_refused(project: Path) -> None:
    (project / "matplotlibrc").write_text("lines.linewidth: 99\n")
    with pytest.raises(UserError, match="holds a matplotlibrc, which would change every figure"):
        plan.make(settings.read("quick", "cpu", 0))


# Pages


@pytest.mark.usefixtures("project")
def test_pages_come_in_the_order_of_the_contents() -> None:
    assert [(page.name, page.computes) for page in chapters.pages()] == [
        ("index", False),
        ("one", True),
    ]


def test_a_page_that_is_missing_is_named(project: Path) -> None:
    (project / "book" / "one.md").unlink()
    with pytest.raises(UserError, match=r"page book/one\.md is in _toc\.yml but is not there"):
        chapters.pages()


@pytest.mark.parametrize(
    "entry", ["book/a/b", "elsewhere/b", "../b", "book/b c", "book/it's", "book/a;b", "book/-x", 5]
)
def test_a_page_whose_name_no_step_can_pass_on_is_refused(entry: object, project: Path) -> None:
    contents = {"root": "book/index", "chapters": [{"file": entry}]}
    (project / "_toc.yml").write_text(yaml.safe_dump(contents))
    with pytest.raises(UserError, match=r"^page .* of _toc\.yml has a name that cannot be: let it"):
        chapters.pages()


@pytest.mark.parametrize("name", ["v1.2", "a+b", "2-x", "책"])
def test_other_names_are_taken(name: str, project: Path) -> None:
    (project / f"book/{name}.md").write_text("# A page\n")
    (project / "_toc.yml").write_text(f"root: book/index\nchapters: [{{file: book/{name}}}]\n")
    assert [page.name for page in chapters.pages()] == ["index", name]


def test_toc_entries_are_found_at_every_depth() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    entries = list(chapters.toc_entries(toc))
    assert entries[0] == "book/index"
    assert "book/s5_3_visualisation" in entries
    assert len(entries) == len(set(entries)) >= 35


@pytest.mark.usefixtures("project")
def test_a_chapter_knows_the_modules_that_it_imports() -> None:
    assert chapters.pages()[1].modules == ["companion.source_hash"]


def test_an_unknown_key_in_the_header_is_refused(project: Path) -> None:
    (project / "book" / "one.md").write_text(CHAPTER.replace("runs: []", "run: []"))
    with pytest.raises(UserError, match="chapter one has 'run' in its companion header"):
        _ = Page(Path("book/one.md")).runs


def test_a_cell_that_is_not_python_is_named(project: Path) -> None:
    (project / "book" / "one.md").write_text(CHAPTER.replace("seed + 1)", "seed + )"))
    with pytest.raises(UserError, match="chapter one, code cell 2 is not Python"):
        _ = Page(Path("book/one.md")).modules


# Settings


@pytest.mark.parametrize(
    ("profile", "device", "seed", "message"),
    [
        ("huge", "cpu", "0", "profile 'huge' is not known: use one of quick"),
        ("quick", "tpu", "0", "device 'tpu' is not known"),
        ("quick", "cuda:99", "0", "device 'cuda:99' is not there"),
        ("quick", "cpu", "x", "seed 'x' is not a whole number"),
        ("quick", "cpu", "-1", "seed '-1' is not a whole number"),
        ("quick", "cpu", "", "seed '' is not a whole number"),
        ("quick", "cpu", "1.0", "seed '1.0' is not a whole number"),
        ("quick", "cpu", "4294967296", "seed '4294967296' is not .* from 0 to 4294967295"),
        ("quick", "cpu", "9" * 5000, "is not a whole number from 0 to 4294967295"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    profile: str, device: str, seed: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        settings.read(profile, device, seed)


@pytest.mark.parametrize("seed", ["0", "007", "1234567890", "4294967295"])
def test_every_seed_of_numpy_is_taken(seed: str) -> None:
    assert settings.read("quick", "cpu", seed).seed == int(seed)
    np.random.default_rng(int(seed))


def test_a_refused_build_ends_with_2_and_writes_nothing(project: Path) -> None:
    before = sorted(project.rglob("*"))
    result = call("workflow.build", "--profile", "huge")
    assert result.returncode == 2
    assert result.stderr.startswith("profile 'huge' is not known")
    assert sorted(project.rglob("*")) == before


# One chapter


def test_the_banner_stands_right_below_the_title() -> None:
    notebook = new_notebook(cells=[new_markdown_cell("(label)=\n# Title\n\nProse.")])
    execute_chapter.insert_banner(notebook, "one", {"frey_face": "a drawn face"})
    head, _, rest = notebook.cells[0].source.partition("```{admonition}")
    assert head == "(label)=\n# Title\n\n"
    assert "frey_face could not be had" in rest
    assert "a drawn face" in rest
    assert rest.endswith("```\n\nProse.")


def test_a_chapter_is_executed_with_what_was_chosen_and_repeats_byte_for_byte(
    project: Path,
) -> None:
    options = ("one", "--profile", "standard", "--seed", "7")
    first = call("workflow.execute_chapter", *options)
    assert first.returncode == 0, first.stdout + first.stderr
    path = project / "_build/stage/book/one.ipynb"
    content = path.read_bytes()
    notebook = nbformat.reads(content.decode(), as_version=4)
    assert notebook.cells[-1].outputs[0].text == "standard cpu 8\n"
    assert "seed = 7" in notebook.cells[1].source
    time = json.loads((project / "_build/chapters/one.json").read_text())
    assert time["chapter"] == "one"
    assert time["settings"] == {"profile": "standard", "device": "cpu", "seed": 7}
    assert datetime.now(UTC) - datetime.fromisoformat(time["finished"]) < timedelta(hours=1)
    assert (time["data"], time["stand_ins"], time["runs"]) == ([], [], [])
    assert call("workflow.execute_chapter", *options).returncode == 0
    assert path.read_bytes() == content


def test_a_cell_that_raises_is_named_with_chapter_number_and_line(project: Path) -> None:
    broken = CHAPTER.replace("seed + 1)", "seed + 1)\n1 / 0")
    (project / "book" / "one.md").write_text(broken)
    result = call("workflow.execute_chapter", "one")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == (
        "Chapter one failed in code cell 2 (`# What was chosen`): "
        "ZeroDivisionError: division by zero"
    )
    assert not (project / "_build/stage/book/one.ipynb").exists()


# Keys


@pytest.mark.usefixtures("project")
def test_a_chapter_key_sees_everything_that_the_chapter_depends_on(project: Path) -> None:
    def key(seed: int = 0, runs: tuple[str, ...] = ("a",), data: tuple[str, ...] = ("b",)) -> str:
        chosen = settings.Settings("quick", "cpu", seed)
        page = Page(Path("book/one.md"))
        return keys.chapter(page, chosen, runs=list(runs), datasets=list(data))

    seen = {key(), key(seed=1), key(runs=("c",)), key(data=("d",))}
    (project / "requirements.lock").write_text("torch==2.13.1\n")
    seen.add(key())
    (project / "data/reference").mkdir(parents=True)
    (project / "data/reference/record.json").write_text("{}")
    seen.add(key())
    (project / "companion/pages").mkdir(parents=True)
    (project / "companion/pages/measured.json").write_text("{}")
    seen.add(key())
    (project / "companion/pages/other.py").write_text("not imported = by the chapter")
    assert key() in seen
    (project / "book/one.md").write_text(CHAPTER + "\nMore.\n")
    seen.add(key())
    assert len(seen) == 8
    assert key() in seen


# Staging


def test_the_staged_book_is_complete_and_does_not_execute(project: Path) -> None:
    (project / "book/assets").mkdir()
    (project / "book/assets/a.css").write_text("p {}")
    (project / "_build/stage/book").mkdir(parents=True)
    (project / "_build/stage/book/gone.ipynb").write_text("{}")
    (project / "_build/stage/book/one.ipynb").write_text("{}")
    stage.main()
    staged = project / "_build" / "stage"
    names = {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()}
    expected = {"_config.yml", "_toc.yml", "book/index.md", "book/assets/a.css", "book/one.ipynb"}
    assert names == expected
    config = yaml.safe_load((staged / "_config.yml").read_text())
    assert config["execute"] == {"execute_notebooks": "off"}


# What explorers load


EXPLORER = "\n::::{{container}} explorer explorer-{}\n::::\n"


@pytest.mark.parametrize(
    ("name", "loads"), [("manifold", True), ("draw", True), ("learning-curves", False)]
)
def test_networks_are_written_where_a_page_holds_an_explorer_that_loads_them(
    project: Path, name: str, loads: bool
) -> None:
    (project / "book/one.md").write_text(CHAPTER + EXPLORER.format(name))
    (project / "_config.yml").write_text(
        "title: Small\nsphinx: {config: {html_static_path: [book/assets]}}\n"
    )
    page = chapters.pages()[1]
    assert page.loads_networks is loads
    paths = yaml.safe_load(stage.staged_config())["sphinx"]["config"]["html_static_path"]
    assert paths == ["book/assets", *(["networks"] if loads else [])]


@pytest.mark.usefixtures("project")
def test_a_book_without_explorers_asks_for_no_networks() -> None:
    assert plan.make(settings.read("quick", "cpu", 0)).network_runs == {}


def test_the_book_s_explorers_ask_for_three_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    book = plan.make(settings.read("quick", "cpu", 0))
    assert len(book.network_runs) == 3
    assert book.network_runs.items() <= book.run_keys.items()


@pytest.mark.usefixtures("project")
def test_the_key_of_the_networks_sees_runs_settings_and_references(project: Path) -> None:
    def key(seed: int = 0, runs: tuple[str, ...] = ("a",)) -> str:
        return keys.networks(settings.Settings("quick", "cpu", seed), runs=list(runs))

    seen = {key(), key(seed=1), key(runs=("b",))}
    (project / "data/reference").mkdir(parents=True)
    (project / "data/reference/manifest.json").write_text("{}")
    seen.add(key())
    assert len(seen) == 4
    assert key() in seen


# Failures


@pytest.mark.usefixtures("project")
def test_a_failure_is_told_even_where_it_cannot_be_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    messages.BUILD.write_text("no folder")
    messages.fail("one", "Chapter one failed.")
    assert capsys.readouterr().out == "Chapter one failed.\n"


@pytest.mark.usefixtures("project")
def test_failures_are_kept_until_forgotten() -> None:
    messages.fail("one", "It broke.")
    assert messages.failures() == ["It broke."]
    messages.forget()
    assert messages.failures() == []


@pytest.mark.usefixtures("project")
def test_the_last_good_pages_come_back_after_a_kill_between_two_renames() -> None:
    render.OLD.mkdir(parents=True)
    (render.OLD / "index.html").write_text("the last good")
    render.restore()
    assert (render.HTML / "index.html").read_text() == "the last good"
    render.OLD.mkdir()
    render.restore()
    assert (render.HTML / "index.html").read_text() == "the last good"
