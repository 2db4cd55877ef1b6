"""A run on data of one's own is a run: kept, resumed to the bit, extended, and told from others."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from companion import cli
from companion.own.networks import Networks
from companion.own.training import OwnTraining, train
from companion.runs.record import read_record
from tests.companion.own.files import images
from tests.companion.own.pairs import convolutional, train_with_many_checkpoints
from vaelib.errors import UserError

pytestmark = pytest.mark.usefixtures("undrawn")
X = images(200)
SETTINGS: dict[str, Any] = {"n_latent": 2, "n_hidden": 5, "stepsize": 0.1, "progress": False}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "bars.npy", X)
    return tmp_path / "bars.npy"


def weights(trained: OwnTraining) -> bytes:
    return (trained.run.folder / "weights.safetensors").read_bytes()


def test_a_run_is_kept_and_comes_back_at_once(file: Path, tmp_path: Path) -> None:
    first = train(file, out=tmp_path / "out", samples=20_000, **SETTINGS)
    assert first.run.record.samples == 20_000
    record = (first.run.folder / "record.json").read_bytes()
    again = train(str(file), out=str(tmp_path / "out"), samples=20_000, **SETTINGS)
    assert (again.run.folder / "record.json").read_bytes() == record
    assert again.found == first.found
    x = first.data.test
    assert torch.equal(first.model().encode(x).mean, again.model().encode(x).mean)


def test_it_goes_on_where_it_stopped_with_the_same_bits(file: Path, tmp_path: Path) -> None:
    train(file, out=tmp_path / "grown", samples=20_000, **SETTINGS)
    grown = train(file, out=tmp_path / "grown", samples=40_000, **SETTINGS)
    whole = train(file, out=tmp_path / "whole", samples=40_000, **SETTINGS)
    assert [part["asked"] for part in grown.run.record.segments] == [20_000, 40_000]
    assert grown.run.record.curve == whole.run.record.curve
    assert weights(grown) == weights(whole)
    assert grown.found == whole.found


@pytest.mark.parametrize("networks", [None, convolutional], ids=["Appendix C", "convolutional"])
def test_a_run_that_was_killed_goes_on_with_the_same_bits(
    networks: Networks | None, file: Path, tmp_path: Path
) -> None:
    settings = {**SETTINGS, "samples": 100_000}
    if networks is not None:
        settings |= {"networks": networks, "n_hidden": None, "samples": 30_000}
    # A process that is forked after PyTorch has differentiated in threads cannot differentiate.
    process = multiprocessing.get_context("spawn").Process(
        target=train_with_many_checkpoints,
        args=(file,),
        kwargs={"threads": torch.get_num_threads(), "out": tmp_path / "killed", **settings},
    )
    process.start()
    while process.is_alive() and not list(tmp_path.glob("killed/runs/*/record.json")):
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "report.html").exists()
    (stored,) = tmp_path.glob("killed/runs/*/record.json")
    assert 0 < read_record(stored).samples < settings["samples"]
    killed = train(file, out=tmp_path / "killed", **settings)
    whole = train(file, out=tmp_path / "whole", **settings)
    assert killed.run.record.curve == whole.run.record.curve
    assert weights(killed) == weights(whole)
    assert killed.found == whole.found


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"n_latent": 3}, "n_latent is 2, not 3"),
        ({"seed": 1}, "seed is 0, not 1"),
        ({"scale": 256}, "dataset is 'bars_.*', not 'bars_"),
        ({"likelihood": "gaussian"}, "dataset is 'bars_.*', not 'bars_"),
    ],
)
def test_a_folder_is_one_run_s(
    changed: dict[str, Any], difference: str, file: Path, tmp_path: Path
) -> None:
    train(file, out=tmp_path / "out", samples=20_000, **SETTINGS)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=rf"holds another run \({difference}.*: give a new folder"):
        train(file, out=tmp_path / "out", samples=20_000, **{**SETTINGS, **changed})
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_changed_file_is_another_run(file: Path, tmp_path: Path) -> None:
    train(file, out=tmp_path / "out", samples=20_000, **SETTINGS)
    np.save(file, X[::-1])
    with pytest.raises(UserError, match="dataset is 'bars_"):
        train(file, out=tmp_path / "out", samples=20_000, **SETTINGS)


def test_a_gaussian_with_any_means_takes_fast_steps_too(tmp_path: Path) -> None:
    numbers = np.random.Generator(np.random.PCG64(0)).normal(3.0, 2.0, (500, 4))
    found = train(
        numbers, out=tmp_path / "out", samples=100_000, n_latent=1, n_hidden=5, progress=False
    )
    assert found.run.record.model["decoder"] == "unbounded gaussian"
    # Independent Gaussians of deviation 2: the best is minus their entropy, 4 · log(2 √(2πe)).
    assert found.found.test_bound.value == pytest.approx(-4 * np.log(2 * 4.1327), abs=0.5)


def test_the_command_says_what_it_saw_and_what_came_of_it(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["train", str(file), "--n-latent", "2", "--n-hidden", "5", "--samples", "20000"]
    assert cli.main([*command, "--stepsize", "0.1", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "200 datapoints of 4 × 3, uint8 from 0 to 255, none missing" in printed.out
    assert "180 datapoints to train on, 20 held out" in printed.out
    lines = printed.out.splitlines()
    assert lines[-1] == f"report             {out / 'report.html'}"
    found = json.loads((out / "assessment.json").read_text("utf-8"))
    shown = f"{found['test_bound']['value']:.2f}".replace("-", "−")
    assert f"bound, held out    {shown} nats (95 %: " in printed.out
    assert cli.main([*command, "--stepsize", "0.1", "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_the_command_takes_networks_from_a_file(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(file), "--n-latent", "2", "--samples", "20000", "--stepsize", "0.1"]
    networks = f"{Path(__file__).with_name('pairs.py')}:convolutional"
    assert cli.main([*command, "--networks", networks, "--out", str(tmp_path / "out")]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "networks of your own" in line]
    assert said == [
        "networks of your own: steps are plain and not the fast ones of Appendix C's networks"
    ]
    (record,) = (tmp_path / "out" / "runs").glob("*/record.json")
    assert read_record(record).config.networks.startswith("convolutional_")
