"""The benchmark runs on a small setting and says what it measured."""

from __future__ import annotations

import json

import pytest

from benchmarks import sampler, with_blackjax


def test_sampler_reports_every_implementation(capsys: pytest.CaptureFixture[str]) -> None:
    sampler.main(["--json", "--datapoints", "4", "--repetitions", "1"])
    report = json.loads(capsys.readouterr().out)
    assert report["setting"]["n_datapoints"] == 4
    assert [result["name"] for result in report["results"]] == list(sampler.IMPLEMENTATIONS)
    steps = dict.fromkeys(sampler.IMPLEMENTATIONS, 4 * 10 * (6 + 10) * 4)
    steps |= {name: 4 * 10 * 100 for name in steps if name.startswith("MCEM")}
    for result in report["results"]:
        made = result["leapfrog_steps_per_second"] * result["seconds"]
        assert made == pytest.approx(steps[result["name"]])
        assert (result["over_blackjax"] is None) != with_blackjax.is_installed()
        assert result["fraction_in_products"] > 0.0


def test_sampler_prints_a_row_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    sampler.main(["--datapoints", "2", "--repetitions", "1", "--only", "hmc.sample"])
    header, row = capsys.readouterr().out.splitlines()
    assert header.split("  ")[-1].strip() == "over BlackJAX"
    assert row.split()[0] == "hmc.sample"
    assert row.count("%") == 1
