"""What is reported tells what decides a fault, and nothing of who met it where."""

from __future__ import annotations

import platform
import re
import socket
from pathlib import Path

import pytest

from companion import cli, status_report
from companion.experiments import reference
from companion.runs.store import RECORD
from vaelib import datasets
from vaelib.errors import UserError

PERSON = "ada-of-nowhere"
SLUG = "mnist-aevb-z2-h500-n50000-auto-grey-s0"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's runs and data, under a name that must not be told."""
    folder = tmp_path / PERSON
    (folder / "data").mkdir(parents=True)
    for name in ("HOME", "USER", "LOGNAME", "USERNAME", "HOSTNAME", "COMPUTERNAME"):
        monkeypatch.setenv(name, str(folder) if name == "HOME" else PERSON)
    monkeypatch.setattr(socket, "gethostname", lambda: PERSON)
    monkeypatch.setattr(platform, "node", lambda: PERSON)
    monkeypatch.setenv("VAELIB_RUNS", str(folder / "runs"))
    monkeypatch.setenv("VAELIB_DATA", str(folder / "data"))
    return folder


def put(home: Path, store: str, name: str, dataset: str) -> None:
    text = (reference.published().root / SLUG / RECORD).read_text()
    place = home / "runs" / store / name
    place.mkdir(parents=True)
    (place / RECORD).write_text(text.replace('"dataset": "mnist"', f'"dataset": "{dataset}"'))


def test_it_tells_versions_device_data_and_runs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(home, "cpu", SLUG, "mnist")
    assert cli.main(["status", "--report"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    assert re.match(r"vaelib \d+\.\d+\.\d+, torch \d", told[1])
    assert re.fullmatch(r"\d+ cores, threads: 1, CUDA: .+", told[2])
    assert told[3].startswith("variables that are set: VAELIB_DATA, VAELIB_RUNS")
    assert [line.split(":")[0] for line in told[4:7]] == [
        "data mnist",
        "data frey_face",
        "trained models",
    ]
    assert told[7:] == [
        "runs cpu: 1",
        f"  {SLUG}: 10000000 samples",
        "runs cuda: 0",
        "runs reference: 0",
    ]


def test_no_path_and_no_name_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, **settings: object) -> None:
        raise UserError(f"{home / 'data' / name} is damaged")

    put(home, "cpu", "good", "mnist")
    put(home, "cpu", "own", "adas_letters")
    (home / "runs" / "reference" / "broken").mkdir(parents=True)
    (home / "runs" / "reference" / "broken" / RECORD).write_text(f'{{"{PERSON}": 1}}')
    monkeypatch.setattr(datasets, "locate", fail)
    assert cli.main(["status", "--report"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "  own-aevb-z2-h500-n50000-auto-grey-s0: 10000000 samples" in printed.out
    assert "  a record that cannot be read" in printed.out
    assert printed.out.count("cannot be read") == 3
    for name in (PERSON, "adas", str(home), str(Path.cwd())):
        assert name not in printed.out
    assert not re.search(r"[/\\~@]", printed.out)


def test_a_store_that_is_no_folder_is_told_without_its_place(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "runs").write_text("a file")
    assert cli.main(["status", "--report"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "runs: the store is no folder"


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_report, "PACKAGES_NAMED", ("vaelib", "no-such-package"))
    assert "no-such-package not installed" in [*status_report.report_lines()][1]
