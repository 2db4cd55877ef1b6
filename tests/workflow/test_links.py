"""What Sphinx reports of the links to the outside is told in lines, and decides the exit code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from workflow import links
from workflow.stage import STAGE


def link(status: str, **more: object) -> str:
    told = {"filename": "book/one.md", "lineno": 3, "code": 0, "info": "404 Client Error"}
    return json.dumps({**told, "status": status, "uri": f"https://{status}.example", **more})


REPORT = "\n".join(map(link, ("working", "redirected", "unchecked", "ignored", "local")))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    STAGE.mkdir(parents=True)
    return tmp_path


def reporting(monkeypatch: pytest.MonkeyPatch, report: str | None) -> None:
    """Let Sphinx leave this report; or none, as where it fails."""

    def run(command: list[str], **_: object) -> SimpleNamespace:
        assert command[-2:] == ["--builder", "linkcheck"]
        if report is not None:
            folder = Path(command[command.index("--path-output") + 1]) / "_build" / "html"
            folder.mkdir(parents=True)
            (folder / "output.json").write_text(report)
        return SimpleNamespace(returncode=report is None)

    monkeypatch.setattr(subprocess, "run", run)


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("report", "answer", "said"),
    [
        (REPORT, 0, "0 links are broken."),
        ("", 0, "0 links are broken."),
        (
            f"{REPORT}\n{link('broken')}\n{link('timeout', info='too late')}",
            1,
            "https://broken.example (book/one.md, line 3): 404 Client Error\n"
            "https://timeout.example (book/one.md, line 3): too late\n2 links are broken.",
        ),
    ],
)
def test_links_that_are_broken_are_told(
    report: str,
    answer: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporting(monkeypatch, report)
    assert links.main() == answer
    assert capsys.readouterr().out == f"{said}\n"


@pytest.mark.usefixtures("book")
def test_a_check_that_could_not_be_made_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reporting(monkeypatch, None)
    assert links.main() == 1
    assert "could not be asked" in capsys.readouterr().err


def test_without_a_book_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert links.main() == 2
    assert capsys.readouterr().err == f"{STAGE} is not there: run `make book` first\n"
