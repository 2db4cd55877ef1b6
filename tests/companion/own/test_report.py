"""The report: every section, every number as in the record, words for every picture, one file."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag

from companion.own.training import OwnTraining, train
from tests.companion.own.files import images
from tests.companion.own.pairs import laplace

SECTIONS = [
    *("worth", "warnings", "data", "curve", "reconstructions", "samples", "plane", "units", "run"),
]
FIGURES = ["curve", "reconstructions", "samples", "plane", "units"]
COLOURS = np.repeat(images(60)[..., None], 3, axis=-1)
ROWS = np.random.Generator(np.random.PCG64(0)).normal(size=(60, 5))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> OwnTraining:
    out = tmp_path_factory.mktemp("own") / "out"
    return train(
        images(200), n_latent=3, n_hidden=5, samples=30_000, stepsize=0.1, out=out, progress=False
    )


@pytest.fixture(scope="module")
def page(trained: OwnTraining) -> BeautifulSoup:
    return BeautifulSoup(trained.report.read_text("utf-8"), "html.parser")


def the(page: BeautifulSoup, selector: str) -> Tag:
    (found,) = page.select(selector)
    return found


def test_every_section_is_there_and_the_contents_lead_to_it(page: BeautifulSoup) -> None:
    assert [section["id"] for section in page.select("section")] == SECTIONS
    assert [link["href"] for link in page.select("nav a")] == [f"#{name}" for name in SECTIONS]
    assert len(page.select("h1")) == 1
    assert all(len(section.select("h2")) == 1 for section in page.select("section"))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("train", "train_bound"),
        ("test", "test_bound"),
        ("likelihood", "log_likelihood"),
        ("there", "bound_there"),
    ],
)
def test_the_averages_are_those_of_the_record(
    row: str, field: str, page: BeautifulSoup, trained: OwnTraining
) -> None:
    stored = json.loads(trained.report.with_name("assessment.json").read_text("utf-8"))[field]
    cells = the(page, f"tr#{row}").select("data")
    assert [float(str(cell["value"])) for cell in cells] == list(stored.values())
    assert list(stored.values()) == list(getattr(trained.found, field))
    for cell in cells[:3]:
        shown = float(cell.text.replace("−", "-").replace("\u202f", ""))
        assert shown == pytest.approx(float(str(cell["value"])), abs=0.00501)


def test_the_other_numbers_are_those_of_the_record(
    page: BeautifulSoup, trained: OwnTraining
) -> None:
    assert the(page, "#active")["value"] == str(trained.found.n_active)
    assert float(str(the(page, "#weights")["value"])) == trained.found.effective_sample_size
    record = trained.run.record
    settings = {row.th.text: row.td.text for row in page.select("#run tr") if row.th and row.td}
    assert settings["run"] == str(record.config)
    assert settings["training samples"] == str(record.samples)
    assert settings["SHA-256 of the data"] == trained.data.sha256 == record.data["sha256"]
    last = [point for point in record.curve if point.split == "test"][-1]
    said = f"{last.value:.1f} after {last.training_samples:,}".replace("-", "−")
    assert said.replace(",", "\u202f") in str(the(page, "#curve img")["alt"])


def test_what_was_seen_and_what_is_warned_of_is_said(
    page: BeautifulSoup, trained: OwnTraining
) -> None:
    assert [item.text for item in page.select("#data li")] == list(trained.seen.lines)
    warnings = [paragraph.text for paragraph in page.select("#warnings .warning")]
    assert warnings == list(trained.warnings)
    assert bool(warnings) is ("None: no sign" not in the(page, "#warnings").text)


def test_every_picture_says_what_it_shows(page: BeautifulSoup) -> None:
    assert [figure.find_parent("section")["id"] for figure in page.select("figure")] == FIGURES  # type: ignore[index]
    for figure in page.select("figure"):
        image, caption = figure.select_one("img"), figure.select_one("figcaption")
        assert image is not None
        assert caption is not None
        assert len(str(image["alt"])) > 30
        assert len(caption.text) > 40
        assert image["alt"] != caption.text


def test_it_is_one_file_that_asks_for_no_other(page: BeautifulSoup, trained: OwnTraining) -> None:
    text = trained.report.read_text("utf-8")
    assert not page.select("script, link")
    for image in page.select("img"):
        head, content = str(image["src"]).split(",", 1)
        assert head == "data:image/svg+xml;base64"
        assert b"<svg" in base64.b64decode(content)
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert not re.search(r"url\(|@import", text)
    assert the(page, "html")["lang"] == "en"
    assert "width=device-width" in str(the(page, "meta[name=viewport]")["content"])
    assert len(text) < 1_000_000


def test_it_is_the_same_when_it_is_written_again(trained: OwnTraining) -> None:
    before = trained.report.read_bytes()
    train(
        images(200),
        **{"n_latent": 3, "n_hidden": 5, "samples": 30_000, "stepsize": 0.1},
        out=trained.report.parent,
        progress=False,
    )
    assert trained.report.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["colours", "rows", "one dimension", "own networks"])
def test_there_is_a_report_on_every_kind_of_data(kind: str, tmp_path: Path) -> None:
    trained = train(
        COLOURS if kind == "colours" else ROWS,
        n_latent=1 if kind == "one dimension" else 2,
        samples=20_000,
        stepsize=0.1,
        networks=laplace if kind == "own networks" else None,
        out=tmp_path / "out",
        progress=False,
    )
    page = BeautifulSoup(trained.report.read_text("utf-8"), "html.parser")
    assert [section["id"] for section in page.select("section")] == SECTIONS
    assert bool(page.select("#deviation")) is (kind in ("rows", "one dimension"))
    assert "None" not in the(page, "#run").text


def test_what_a_file_is_called_is_text_and_no_markup(tmp_path: Path) -> None:
    place = tmp_path / "<b>&'x.npy"
    np.save(place, ROWS)
    out = tmp_path / "out"
    trained = train(
        place, n_latent=1, n_hidden=2, samples=20_000, stepsize=0.1, out=out, progress=False
    )
    page = BeautifulSoup(trained.report.read_text("utf-8"), "html.parser")
    assert not page.select("b")
    assert str(place) in the(page, "#data").text
