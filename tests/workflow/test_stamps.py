"""A stamp is void once what it stands for, or what that was made from, is not as it was."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_book import CHAPTER

from companion.runs.store import RunStore
from workflow import plan, settings, stamps
from workflow.plan import Plan

ALL = {"stage", "chapters/one", "chapters/last", "book", "pdf"}
LAST = CHAPTER.replace("runs: []", "runs: []\n  after: chapters")


def planned() -> Plan:
    return plan.make(settings.read("quick", "cpu", 0))


def there() -> set[str]:
    files = (path for path in stamps.STAMPS.rglob("*") if path.is_file())
    return {path.relative_to(stamps.STAMPS).as_posix() for path in files}


@pytest.fixture
def built(project: Path) -> Path:
    """A book that is built, as far as stamps can tell; its last chapter waits for the other."""
    (project / "book/last.md").write_text(LAST)
    with (project / "_toc.yml").open("a") as contents:
        contents.write("- file: book/last\n")
    for name, product in planned().products.items():
        for path in product.files:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path == plan.HTML:
                (path / "book").mkdir(parents=True)
                (path / "book/one.html").write_text("<p>")
            else:
                path.write_text(f"made by {name}")
        stamps.write(name, product.key, product.files)
    return project


@pytest.mark.usefixtures("built")
def test_nothing_is_void_after_a_build() -> None:
    stamps.sweep(planned())
    assert there() == ALL


def test_what_snakemake_leaves_in_a_folder_is_no_part_of_it(built: Path) -> None:
    (built / "_build/html/.snakemake_timestamp").touch()
    stamps.sweep(planned())
    assert there() == ALL


AFTER_ONE = {"chapters/one", "chapters/last", "book", "pdf"}


@pytest.mark.parametrize(
    ("name", "void"),
    [
        ("_build/html/book/one.html", {"book", "pdf"}),
        ("_build/pdf/auto-encoding-variational-bayes.pdf", {"pdf"}),
        ("_build/stage/book/one.ipynb", AFTER_ONE),
        ("_build/chapters/one.json", AFTER_ONE),
        ("_build/stage/book/last.ipynb", {"chapters/last", "book", "pdf"}),
        ("_build/stage/_config.yml", {"stage", "book", "pdf"}),
        ("_build/stage/book/index.md", {"stage", "book", "pdf"}),
        ("book/index.md", {"stage", "book", "pdf"}),
        ("_config.yml", {"stage", "book", "pdf"}),
        ("book/one.md", AFTER_ONE),
        ("requirements.lock", AFTER_ONE),
    ],
)
@pytest.mark.parametrize("date", [0.0, 4e9])
def test_what_was_altered_is_made_anew_with_all_that_follows_whatever_its_date(
    name: str, void: set[str], date: float, built: Path
) -> None:
    with (built / name).open("a") as file:
        file.write("\nmore\n")
    os.utime(built / name, (date, date))
    stamps.sweep(planned())
    assert there() == ALL - void


@pytest.mark.parametrize(
    ("name", "void"),
    [
        ("_build/html/book/one.html", {"book", "pdf"}),
        ("_build/pdf/auto-encoding-variational-bayes.pdf", {"pdf"}),
        ("_build/stage/book/one.ipynb", AFTER_ONE),
        ("_build/stamps/book", {"book", "pdf"}),
        ("_build/stamps/chapters/one", AFTER_ONE),
    ],
)
def test_what_was_deleted_is_made_anew(name: str, void: set[str], built: Path) -> None:
    (built / name).unlink()
    stamps.sweep(planned())
    assert there() == ALL - void


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"another key\n"])
def test_a_stamp_that_says_nothing_is_void(name: str, content: bytes, built: Path) -> None:
    stamps.path(name).write_bytes(content)
    stamps.sweep(planned())
    assert name not in there()


def test_new_dates_alone_are_no_reason(built: Path) -> None:
    for path in built.rglob("*"):
        os.utime(path, (4e9, 4e9))
    stamps.sweep(planned())
    assert there() == ALL
    assert all(stamps.path(name).stat().st_mtime <= time.time() for name in ALL)


def test_a_chapter_that_was_renamed_leaves_no_record_and_is_missed(built: Path) -> None:
    (built / "book/one.md").rename(built / "book/two.md")
    contents = (built / "_toc.yml").read_text().replace("book/one", "book/two")
    (built / "_toc.yml").write_text(contents)
    stamps.sweep(planned())
    assert there() == set()
    assert [path.name for path in stamps.RECORDS.iterdir()] == ["last.json"]


def test_a_chapter_that_was_removed_changes_the_one_that_gathers_all(built: Path) -> None:
    contents = (built / "_toc.yml").read_text().replace("- file: book/one\n", "")
    (built / "_toc.yml").write_text(contents)
    stamps.sweep(planned())
    assert there() == set()


def test_a_stamp_that_no_step_has_is_removed(built: Path) -> None:
    (stamps.STAMPS / "former").touch()
    (stamps.STAMPS / "runs").mkdir()
    (stamps.STAMPS / "runs/of-another-profile.0123456789abcdef").touch()
    stamps.sweep(planned())
    assert there() == ALL | {"runs/of-another-profile.0123456789abcdef"}


@pytest.mark.usefixtures("project")
def test_a_run_s_stamp_counts_while_the_run_lies_in_the_store_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_runs: Callable[[], str]
) -> None:
    monkeypatch.setenv("VAELIB_RUNS", str(tmp_path / "store"))
    name = read_runs()
    record = RunStore.default("cpu").root / "a-run" / "record.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    stamps.path(name).parent.mkdir(parents=True)

    def counts() -> bool:
        stamps.path(name).write_text(f"{record}\n")
        stamps.sweep(planned())
        return name in there()

    assert counts()
    monkeypatch.setenv("VAELIB_RUNS", str(tmp_path / "another"))
    assert not counts()
    monkeypatch.setenv("VAELIB_RUNS", str(tmp_path / "store"))
    record.unlink()
    assert not counts()


@pytest.fixture
def read_runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Let the chapter read runs; the name of the first one's stamp."""
    text = CHAPTER.replace("runs: []", "runs: [figure2]")
    (project / "book/one.md").write_text(text)
    monkeypatch.setattr("workflow.keys.data", lambda name: "data")
    return lambda: sorted(planned().run_stamps)[0]
