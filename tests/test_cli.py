"""The command line: exit codes, and one sentence for a bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vaelib import claims, cli, experiments, runs
from vaelib.errors import UserError
from vaelib.evidence import NOT_REPRODUCED, NOT_RUN, PARTLY, REPRODUCED


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "runs"
    monkeypatch.setenv("VAELIB_RUNS", str(root))
    return root


def test_all_names_every_run_once() -> None:
    chosen = cli.select("all", "quick", seed=0)
    slugs = [request.config.slug for request in chosen]
    assert len(slugs) == len(set(slugs)) == 18 + 6 + 1 + 13 + 11


def test_a_figure_and_a_run_name_what_they_say() -> None:
    assert len(cli.select("figure3", "quick", seed=0)) == 6
    slug = experiments.figure2()[0].slug
    assert [r.config.slug for r in cli.select(slug, "quick", seed=0)] == [slug]


def test_a_run_of_two_figures_goes_as_far_as_the_further(monkeypatch: pytest.MonkeyPatch) -> None:
    reach = dict.fromkeys(experiments.GROUPS, 1) | {"figure2": 100, "figure4": 700}
    monkeypatch.setattr(experiments, "profile", lambda name: experiments.Profile(name, dict(reach)))
    shared = experiments.frey_face(2)
    assert cli.select(shared.slug, "quick", seed=0) == [experiments.RunRequest(shared, 700)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "figure9"], "run 'figure9' is not known: use all, figure2"),
        (["run", "figure2", "--profile", "slow"], "profile 'slow' is not known"),
        (["run", "figure2", "--device", "gpu"], "device 'gpu' is not known"),
        (["run", "figure2", "--device", "cuda:99"], "device 'cuda:99' is not there"),
        (["verify", "--profile", "slow"], "profile 'slow' is not known"),
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


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["run", "all", "--seed", "x"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2


def test_data_command_passes_a_user_error_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise UserError("the file a.gz is truncated: delete it")

    monkeypatch.setattr(cli.datasets, "check", fail)
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


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([REPRODUCED, NOT_RUN, PARTLY], 0),
        ([REPRODUCED, NOT_REPRODUCED], 1),
    ],
)
def test_verify_fails_on_a_claim_that_does_not_hold(
    verdicts: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({"id": "C", "verdict": verdicts, "evidence": "numbers"})
    monkeypatch.setattr(claims, "scoreboard", lambda profile, *, seed: table)
    assert cli.main(["verify"]) == code
