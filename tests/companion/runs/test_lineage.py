"""Runs that earlier code began go on as if it carried them, where it computed the same bits."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch

from companion import runs
from companion.runs import lineage, rounding
from companion.runs.adoption import REPEAT_TOLERANCE
from companion.runs.config import RunConfig, RunRequest
from companion.runs.provenance import environment
from companion.runs.record import Record
from companion.runs.store import RunStore
from tests.helpers import load_six_pixels
from vaelib import datasets

# Written by the code before vaelib and companion were parted: runs at 20 000 training samples, and
# the same at 50 000.
STORED = Path(__file__).parent / "stored"
UNTIL = 50_000
AEVB = RunConfig(
    dataset="mnist", algorithm="aevb", n_latent=2, n_hidden=5, n_train=80, stepsize=0.1, warmup=5
)
CONFIGS = [
    AEVB,
    dataclasses.replace(AEVB, algorithm="wake_sleep"),
    dataclasses.replace(AEVB, algorithm="mcem", measure="marginal_likelihood"),
]
# Where another machine rounds otherwise, in the units of weights and of Adagrad's sums.
WEIGHTS_TOLERANCE = 0.01
OF_ALGORITHM = [pytest.param(config, id=config.algorithm) for config in CONFIGS]


def kind(config: RunConfig) -> str:
    return f"{config.algorithm} {config.measure}"


def yesterdays(config: RunConfig) -> Record:
    record = RunStore(STORED / "begun").record(config)
    assert record is not None
    return record


def list_versions(monkeypatch: pytest.MonkeyPatch, config: RunConfig, *hashes: str) -> None:
    listed = {kind(config): dict.fromkeys(hashes, "a version")}
    monkeypatch.setattr(lineage, "versions", lambda: listed)


@pytest.mark.parametrize("config", OF_ALGORITHM)
def test_a_run_of_yesterday_ends_where_yesterdays_code_carried_it(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit where this machine rounds as that one did."""
    monkeypatch.setattr(datasets, "load", load_six_pixels)
    list_versions(monkeypatch, config, yesterdays(config).source, lineage.run_source(config))
    store = RunStore(shutil.copytree(STORED / "begun", tmp_path / "begun"))
    (run,) = runs.ensure([RunRequest(config, UNTIL)], store=store, progress=False)
    assert [part["asked"] for part in run.record.segments] == [20_000, UNTIL]
    found, expected = store.checkpoint(config), RunStore(STORED / "whole").checkpoint(config)
    assert found is not None
    assert expected is not None
    (record, state), (their_record, their_state) = found, expected
    here = environment(device="cpu")
    alike = rounding.changes(their_record.segments[-1]["environment"], here) is None
    # What has been kept beside since then.
    assert state.keys() - their_state.keys() == {"trainer/total", "trainer/total_since"}
    for key, theirs in their_state.items():
        if alike or not theirs.is_floating_point():
            assert torch.equal(state[key], theirs), key
        else:
            torch.testing.assert_close(state[key], theirs, atol=WEIGHTS_TOLERANCE, rtol=0.01)
    tolerance = 0.0 if alike else REPEAT_TOLERANCE
    for own, other in zip(record.curve, their_record.curve, strict=True):
        assert own[:3] == other[:3]
        assert own.value == pytest.approx(other.value, abs=tolerance, rel=0.0)


@pytest.mark.parametrize("config", OF_ALGORITHM)
def test_the_code_of_today_and_of_yesterday_is_listed(config: RunConfig) -> None:
    today = lineage.run_source(config)
    if not lineage.is_todays(yesterdays(config).source, config):
        pytest.fail(
            f"the code that decides the numbers of {kind(config)!r} has changed; its hash is now "
            f"{today}. If the test above passes, and the change keeps the bits of every such run, "
            f"add the hash with a name to {kind(config)!r} in companion/runs/lineage.json, and "
            "stored runs go on. If not, empty that list, and let today's code write "
            "tests/companion/runs/stored anew.",
            pytrace=False,
        )


def test_code_is_the_same_as_itself_and_as_what_is_listed_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    list_versions(monkeypatch, AEVB, "old", "new")
    assert lineage.same_numbers("any", "any", AEVB)
    assert lineage.same_numbers("old", "new", AEVB)
    assert lineage.same_numbers("new", "old", AEVB)
    assert not lineage.same_numbers("old", "other", AEVB)
    assert not lineage.same_numbers("other", "new", AEVB)


def test_what_is_listed_for_one_kind_of_run_says_nothing_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    list_versions(monkeypatch, AEVB, "old", "new")
    by_likelihood = dataclasses.replace(AEVB, measure="marginal_likelihood")
    for config in (CONFIGS[1], CONFIGS[2], by_likelihood):
        assert not lineage.same_numbers("old", "new", config)


def test_todays_are_the_hash_of_todays_code_and_those_listed_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    list_versions(monkeypatch, AEVB, "old")
    today = lineage.run_source(AEVB)
    assert lineage.is_todays(today, AEVB)
    assert not lineage.is_todays("old", AEVB)
    list_versions(monkeypatch, AEVB, "old", today)
    assert lineage.is_todays("old", AEVB)


def test_every_listed_version_is_a_hash_with_a_name() -> None:
    kinds = {
        f"{algorithm} {measure}"
        for algorithm in lineage.ALGORITHM_MODULES
        for measure in lineage.MEASURE_MODULES
    }
    assert lineage.versions().keys() <= kinds
    for known in lineage.versions().values():
        for source, name in known.items():
            assert len(source) == 64
            assert int(source, 16)
            assert name


def test_code_that_a_run_does_not_use_does_not_count() -> None:
    sources = {lineage.run_source(config) for config in CONFIGS}
    assert len(sources) == 3
    assert lineage.run_source(AEVB) == lineage.run_source(dataclasses.replace(AEVB, n_latent=9))
