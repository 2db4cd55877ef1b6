"""vaelib.datasets.availability: what is here, what was fetched, what is replaced."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion import data
from tests import fake_data
from tests.fake_data import Mirrors
from vaelib.datasets import availability, mirrors, sources, standins
from vaelib.errors import UserError


def snapshot(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Everything below the folder: when it was written, and the bytes."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both data sets, small; the code believes them to be the real ones."""
    monkeypatch.delenv("VAELIB_DATA", raising=False)
    monkeypatch.delenv("VAELIB_OFFLINE", raising=False)
    folder = tmp_path / "real"
    folder.mkdir()
    toy = fake_data.toy()
    for name in ("mnist", "frey_face"):
        monkeypatch.setitem(sources.SOURCES, name, dataclasses.replace(toy, name=name))
    for file in toy.files:
        (folder / file.name).write_bytes(fake_data.CONTENT[file.name])
    return folder


@pytest.fixture
def local() -> Iterator[Mirrors]:
    with fake_data.serving() as serving:
        yield serving


def no_download(*arguments: object, **settings: object) -> bool:
    raise AssertionError("a download was tried")


def test_the_real_data_are_located(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(real))
    status = availability.locate("mnist", root=tmp_path)
    assert status.name == status.requested == "mnist"
    assert (status.stand_in, status.path, status.source) == (False, real, str(real))
    assert status.sha256 == sources.SOURCES["mnist"].sha256


@pytest.mark.parametrize(
    ("name", "stand_in"), [("mnist", "mnist_5k"), ("frey_face", "cartoon_face")]
)
def test_what_is_not_here_is_replaced_under_another_name(
    real: Path,
    tmp_path: Path,
    name: str,
    stand_in: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mirrors, "fetch", no_download)
    before = snapshot(tmp_path)
    status = availability.locate(name, download=False, root=tmp_path)
    assert (status.name, status.requested, status.stand_in) == (stand_in, name, True)
    assert (status.path, status.sha256) == (None, standins.SHA256[stand_in])
    assert stand_in in status.detail
    assert snapshot(tmp_path) == before
    assert availability.locate(stand_in, root=tmp_path)[:3] == (stand_in, stand_in, True)


def test_a_data_set_that_lacks_a_file_is_replaced(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(real))
    (real / "toy.mat").unlink()
    status = availability.locate("mnist", download=False, root=tmp_path)
    assert status.stand_in
    assert status.detail.startswith("not complete, toy.mat is missing; stand-in mnist_5k: ")
    (found, _) = data.verified(root=tmp_path)
    assert found.detail == status.detail


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'cifar' is not known: use one of mnist, frey_face, "):
        availability.locate("cifar", root=tmp_path)


def test_locating_fetches_only_if_it_may(
    real: Path, tmp_path: Path, local: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    local.answers["good"] = fake_data.send(fake_data.toy_content)
    monkeypatch.setitem(sources.SOURCES, "mnist", fake_data.toy(local.url("good")))
    # Downloads go by the name under which the source is listed.
    assert availability.locate("mnist", download=False, root=tmp_path).stand_in
    assert local.asked == []
    status = availability.locate("mnist", progress=False, root=tmp_path)
    assert (status.stand_in, status.path) == (False, sources.raw_folder(tmp_path))


def test_obtaining_fetches_both_and_reports(
    real: Path, tmp_path: Path, local: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    local.answers["good"] = fake_data.send(fake_data.toy_content)
    local.answers["closed"] = fake_data.refuse
    monkeypatch.setitem(sources.SOURCES, "mnist", fake_data.toy(local.url("good")))
    other = fake_data.toy(local.url("closed"))
    renamed = tuple(dataclasses.replace(f, name=f"other-{f.name}") for f in other.files)
    monkeypatch.setitem(sources.SOURCES, "frey_face", dataclasses.replace(other, files=renamed))
    for _ in range(2):  # the second time, what failed is tried again, and no more than that
        mnist, frey_face = data.obtain(progress=False, root=tmp_path)
        assert (mnist.stand_in, frey_face.stand_in) == (False, True)
        assert mnist.detail.endswith("verified")
    assert sum(path.startswith("good") for path in local.asked) == 2
    assert sum(path.startswith("closed") for path in local.asked) == 2


def test_checking_neither_fetches_nor_writes(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "fetch", no_download)
    before = snapshot(tmp_path)
    assert [status.stand_in for status in data.verified(root=tmp_path)] == [True, True]
    monkeypatch.setenv("VAELIB_DATA", str(real))
    statuses = data.verified(root=tmp_path)
    assert [status.detail for status in statuses] == [f"in {real}, verified"] * 2
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("complete", [True, False])
def test_checking_finds_a_damaged_file(
    real: Path, tmp_path: Path, complete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(real))
    (real / "toy.mat").write_bytes(b"MATLAB 5.0")
    if not complete:
        (real / "toy-images").unlink()
    before = snapshot(tmp_path)
    with pytest.raises(UserError, match=r"toy\.mat holds only 10 of"):
        data.verified(root=tmp_path)
    assert snapshot(tmp_path) == before
