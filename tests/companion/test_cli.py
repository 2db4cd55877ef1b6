"""The command line: exit codes, and one sentence for a bad input."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from companion import cli, runs
from companion.claims import scoreboard
from companion.claims.evidence import Evidence
from companion.claims.verdict import (
    MOSTLY,
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    TIED,
    Verdict,
)
from companion.experiments import paper_grid, reference, selection
from companion.runs.config import RunRequest
from companion.runs.store import RECORD
from vaelib import datasets
from vaelib.datasets import Status, mirrors
from vaelib.errors import UserError


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "runs"
    monkeypatch.setenv("VAELIB_RUNS", str(root))
    return root


def test_a_run_of_two_figures_goes_as_far_as_the_further(monkeypatch: pytest.MonkeyPatch) -> None:
    reach = dict.fromkeys(paper_grid.GROUPS, 1) | {"figure2": 100, "figure4": 700}
    monkeypatch.setattr(paper_grid, "profile", lambda name: paper_grid.Profile(name, dict(reach)))
    shared = paper_grid.frey_face(2)
    assert selection.select(shared.slug, "quick", seed=0) == [RunRequest(shared, 700)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "figure9"], "run 'figure9' is not known: use all, figure2"),
        (["run", "figure2", "--profile", "slow"], "profile 'slow' is not known"),
        (["run", "figure2", "--device", "gpu"], "device 'gpu' is not known"),
        (["run", "figure2", "--device", "cuda:99"], "device 'cuda:99' is not there"),
        (["verify", "--profile", "slow"], "profile 'slow' is not known"),
        (["run", "figure2", "--seeds", "0-"], "--seeds is '0-': give whole numbers such as 0-4"),
        (["run", "figure9", "--seeds", "0,1"], "run 'figure9' is not known: use all, figure2"),
    ],
)
def test_bad_input_is_one_sentence_exit_code_2_and_nothing_written(
    arguments: list[str],
    message: str,
    own_store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not own_store.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["run"],
        ["run", "all", "--seed", "x"],
        ["run", "all", "--seed", "1", "--seeds", "2"],
        ["verify", "--seeds", "0-4"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert cli.main(arguments) == 2


def test_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    listed = re.findall(r"^  (\d+)  ", capsys.readouterr().out, re.MULTILINE)
    assert [int(code) for code in listed] == sorted(cli.Exit)


@pytest.mark.parametrize(
    "value", ["abc", "0", "-1", "2.0", " 2", "1_0", "1025", "99999999999999999999", "٣", "inf"]
)
def test_threads_that_cannot_be_are_one_sentence(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAELIB_THREADS", value)
    before = torch.get_num_threads()
    assert cli.main(["status"]) == 2
    printed = capsys.readouterr()
    assert f"$VAELIB_THREADS is {value!r}: give a whole number from 1 to 1024" in printed.err
    assert (printed.err.count("\n"), printed.out) == (1, "")
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("value", "number"), [("", 1), ("1", 1), ("2", 2), (None, 1)])
def test_threads_are_those_asked_for_and_else_one(
    value: str | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAELIB_THREADS", raising=False)
    if value is not None:
        monkeypatch.setenv("VAELIB_THREADS", value)
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    assert cli.main(["status"]) == 0
    assert asked == [number]


def test_data_command_passes_a_user_error_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise UserError("the file a.gz is truncated: delete it")

    monkeypatch.setattr(cli.paper_data, "verified", fail)
    assert cli.main(["data", "--check"]) == 2
    assert "a.gz is truncated" in capsys.readouterr().err


def test_status_of_an_empty_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 0
    assert "no runs in" in capsys.readouterr().out


def test_interrupt_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: Any, **settings: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "ensure", interrupt)
    assert cli.main(["run", "figure2"]) == 130
    assert "goes on from the last checkpoint" in capsys.readouterr().err


def test_several_seeds_are_asked_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[int], bool]] = []

    def note(requests: list[RunRequest], *, stack_seeds: bool, **settings: Any) -> list[Any]:
        asked.append(([request.config.seed for request in requests], stack_seeds))
        return []

    monkeypatch.setattr(runs, "ensure", note)
    name = paper_grid.mnist(20).slug
    assert cli.main(["run", name, "--seeds", "0-2"]) == 0
    assert cli.main(["run", name]) == 0
    assert asked == [([0, 1, 2], True), ([0], False)]


def made_up(*words: str) -> Any:
    """In the place of `scoreboard.verdicts`: a claim for each word."""
    claim = scoreboard.CLAIMS[0]
    return lambda evidence: (scoreboard.Judged(claim, Verdict(word, "numbers")) for word in words)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([REPRODUCED, MOSTLY, TIED], 0),
        ([REPRODUCED, NOT_REPRODUCED], 1),
        ([NOT_JUDGED, NOT_REPRODUCED], 1),
        ([REPRODUCED, MOSTLY_NOT], 1),
        ([REPRODUCED, NOT_JUDGED], 3),
    ],
)
def test_verify_tells_what_fails_from_what_is_open(
    words: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoreboard, "verdicts", made_up(*words))
    assert cli.main(["verify"]) == code


def test_verify_computes_nothing_and_names_what_is_missing(
    own_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "locate", real)
    monkeypatch.setattr(runs, "ensure", lambda *given, **settings: pytest.fail("computed"))
    monkeypatch.setattr(mirrors, "download", lambda *given, **settings: pytest.fail("downloaded"))
    assert cli.main(["verify", "--seed", "3"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [claim.id for claim in scoreboard.CLAIMS]
    assert lines[0].endswith(
        "0 of 18 runs are stored as far as asked for: `vaelib run figure2 --profile quick --seed 3 "
        "--device cpu` computes them"
    )
    # C11 rests on published runs alone.
    assert [line.split()[0] for line in lines if "are stored" not in line] == ["C11"]
    assert not own_store.exists()


def test_verify_computes_first_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    class AskedError(Exception):
        pass

    def ensure(*given: Any, **settings: Any) -> None:
        raise AskedError

    monkeypatch.setattr(datasets, "locate", real)
    monkeypatch.setattr(runs, "ensure", ensure)
    evidence = Evidence("quick", 0, "cpu", compute=True)
    with pytest.raises(AskedError):
        next(scoreboard.verdicts(evidence))


def test_without_the_real_data_nothing_is_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "locate", lambda name, **settings: absent(name))
    assert cli.main(["verify"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert all("needs the real data: `vaelib data` obtains them" in line for line in lines)
    assert len(lines) == len(scoreboard.CLAIMS)


def absent(name: str) -> Status:
    return Status(f"{name}_stand_in", name, True, "", "", "", None)


def real(name: str, **settings: Any) -> Status:
    return Status(name, name, False, "here", "here", "", Path())


def test_a_fault_of_its_own_is_told_from_a_claim_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scoreboard, "verdicts", lambda evidence: 1 / 0)
    assert cli.main(["verify"]) == 70
    printed = capsys.readouterr().err
    assert "ZeroDivisionError" in printed
    assert printed.endswith("vaelib: this is a fault of vaelib: please report it\n")


def write_record(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / RECORD).write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"3", b"\xff\xfe", b'{"config": {}}', b'{"samples": "many"}'],
    ids=["empty", "list", "number", "no text", "no settings", "samples in words"],
)
def test_status_names_a_broken_record_and_lists_the_others(
    content: bytes, own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_record(own_store / "cpu" / "broken", content)
    good = next(reference.published().root.glob(f"mnist-aevb*/{RECORD}"))
    write_record(own_store / "cpu" / "good", good.read_bytes())
    assert cli.main(["status"]) == 2
    printed = capsys.readouterr()
    assert printed.out.startswith("mnist-aevb")
    assert re.fullmatch(r"vaelib: .*broken.record\.json is not a record of a run .*\n", printed.err)


def test_a_record_that_cannot_be_read_is_named(
    own_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_store / "cpu" / "folder" / RECORD).mkdir(parents=True)
    assert cli.main(["status"]) == 2
    assert "record.json cannot be read (Is a directory)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["status"], ["run", "figure2"], ["verify"], ["reference", "--export-only"]]
)
def test_a_store_in_the_place_of_which_there_is_a_file_is_one_sentence(
    arguments: list[str],
    own_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(datasets, "locate", real)
    own_store.write_text("a file")
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert f"because {own_store} is no folder: move it away" in printed.err
    assert (printed.err.count("\n"), printed.out) == (1, "")
    assert own_store.read_text() == "a file"


@pytest.mark.parametrize("jobs", ["0", "-1"])
def test_no_jobs_at_all_are_one_sentence(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reference", "--jobs", jobs]) == 2
    assert f"{jobs} runs at a time are not possible" in capsys.readouterr().err
