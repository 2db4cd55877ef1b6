"""The benchmark runs on a small setting and says what it measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import sampler, training_cost, ways_of_use, with_blackjax


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


def test_a_part_that_was_not_measured_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ways.json"
    before = {"machine": "", "seconds": {"lab": 1.0, "chapters": 2.0}, "megabytes": {"html": 3.0}}
    file.write_text(json.dumps(before))
    monkeypatch.setattr(ways_of_use, "FILE", file)
    monkeypatch.setitem(ways_of_use.PARTS, "lab", lambda: {"seconds": {"lab": 4.04}})
    assert ways_of_use.main(["--part", "lab"]) == 0
    assert json.loads(file.read_text()) == before
    printed = json.loads(capsys.readouterr().out)
    assert printed["seconds"] == {"lab": 4.0, "chapters": 2.0}
    assert ways_of_use.main(["--part", "lab", "--write"]) == 0
    assert json.loads(file.read_text()) == printed


def test_a_book_is_measured_by_its_chapters_and_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways_of_use, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="run `make book` first"):
        ways_of_use.book()
    for name, content in (
        ("chapters/one.json", '{"seconds": 1.5}'),
        ("chapters/two.json", '{"seconds": 2}'),
        ("html/book/one.html", "x" * 2_000_000),
        ("runs/cpu/record.json", "x" * 500_000),
    ):
        (tmp_path / "_build" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "_build" / name).write_text(content)
    found = ways_of_use.book()
    assert found == {"seconds": {"chapters": 3.5}, "megabytes": {"html": 2.0, "runs": 0.5}}


def test_the_shortest_of_all_turns_counts_by_the_million(monkeypatch: pytest.MonkeyPatch) -> None:
    # Warming up is not timed; then three turns of two works, in any order.
    clock, spent = [0.0], {"slow": iter([9.0, 4.0, 3.0, 5.0]), "fast": iter([9.0, 2.0, 2.0, 1.0])}
    monkeypatch.setattr(training_cost.time, "process_time", lambda: clock[0])

    def work(name: str, n: int) -> training_cost.Work:
        def spend() -> int:
            clock[0] += next(spent[name])
            return n

        return spend

    works = {"slow": work("slow", 100), "fast": work("fast", 50)}
    assert training_cost.shortest(works, turns=3) == {"slow": 3e4, "fast": 2e4}
