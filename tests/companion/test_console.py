"""Every console can take what is printed, and one that takes nothing is told from a fault."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from companion import cli, console, data
from companion.claims import scoreboard
from companion.claims.verdict import NOT_REPRODUCED, Verdict
from companion.wording import number, power_of_ten, scientific
from vaelib.datasets import Status
from vaelib.errors import UserError

ENCODINGS = ("ascii", "latin-1", "cp1252", "cp437", "cp949", "shift_jis", "utf-8", "utf-16")
TEXT = (
    f"{number(-1234.5, 1)} nats², {scientific(4.2e-5)}, {power_of_ten(10)}; σ ≥ ½ – ± “é” 각 \udc80"
)


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAELIB_RUNS", str(tmp_path / "runs"))


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", '-1 234.5 nats^2, 4 * 10^-5, 10^10; sigma >= 1/2 - +/- "e" \\uac01 \\udc80'),
        ("latin-1", '-1 234.5 nats², 4 · 10^-5, 10¹^0; sigma >= ½ - ± "é" \\uac01 \\udc80'),
        ("cp949", "-1 234.5 nats², 4 · 10^-5, 10¹^0; σ ≥ ½ - ± “e” 각 \\udc80"),
        ("utf-8", TEXT.replace("\udc80", "\\udc80")),
    ],
)
def test_only_what_a_console_lacks_is_replaced(encoding: str, shown: str) -> None:
    assert TEXT.encode(encoding, console.ERRORS).decode(encoding) == shown


def test_bytes_that_are_no_text_stay_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", console.ERRORS)


class Console:
    """Standard output and error of one encoding, in memory."""

    def __init__(self, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        for name, stream in zip(("stdout", "stderr"), self.streams, strict=True):
            monkeypatch.setattr(sys, name, stream)

    def shown(self) -> list[str]:
        for stream in self.streams:
            stream.seek(0)
        return [stream.read() for stream in self.streams]


def fails(evidence: Any) -> Any:
    return (scoreboard.Judged(claim, Verdict(NOT_REPRODUCED, TEXT)) for claim in scoreboard.CLAIMS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_verdict_and_its_exit_code_come_through(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoreboard, "verdicts", fails)
    shown = Console(encoding, monkeypatch)
    assert cli.main(["verify"]) == 1
    out, err = shown.shown()
    assert err == ""
    assert [line.split()[0] for line in out.splitlines()] == [
        claim.id for claim in scoreboard.CLAIMS
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_message_comes_through(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**settings: Any) -> list[Status]:
        raise UserError(f"file {TEXT} is damaged")

    monkeypatch.setattr(data, "verified", refuse)
    shown = Console(encoding, monkeypatch)
    assert cli.main(["data", "--check"]) == 2
    out, err = shown.shown()
    assert out == ""
    assert err.startswith("vaelib: file ")
    assert err.endswith(" is damaged\n")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["status"]])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_help_comes_through(
    encoding: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Console(encoding, monkeypatch)
    assert cli.main(arguments) == 0
    assert shown.shown()[0]


COMMANDS = (["status"], ["--help"], ["verify"])


def into(descriptor: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a stream write to a file descriptor until the test ends."""
    stream = os.fdopen(descriptor, "w", encoding="utf-8")
    monkeypatch.setattr(sys, name, stream)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_reader_that_has_left_is_no_fault(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As in `vaelib status | head -0`."""
    monkeypatch.setattr(scoreboard, "verdicts", fails)
    read, write = os.pipe()
    os.close(read)
    into(write, "stdout", monkeypatch)
    assert cli.main(arguments) == 141
    sys.stdout.close()
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_output_that_cannot_be_written_is_one_sentence(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scoreboard, "verdicts", fails)
    into(os.open("/dev/full", os.O_WRONLY), "stdout", monkeypatch)
    assert cli.main(arguments) == 74
    sys.stdout.close()
    assert capfd.readouterr().err == (
        "vaelib: the output cannot be written (No space left on device): send it elsewhere\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_message_that_cannot_be_written_does_not_change_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    into(os.open("/dev/full", os.O_WRONLY), "stderr", monkeypatch)
    assert cli.main(["run", "figure9"]) == 2
    sys.stderr.close()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_that_was_closed_from_the_start_stays_silent(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, name, None)
    assert cli.main(["status"]) == 0
    assert cli.main(["run", "figure9"]) == 2
    getattr(sys, name).close()
