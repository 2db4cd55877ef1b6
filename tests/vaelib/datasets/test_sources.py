"""vaelib.datasets.sources: the list of files, and what is found and verified on this machine."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import fake_data
from vaelib.datasets import sources
from vaelib.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
TOY = fake_data.toy()
IMAGES, TABLE = TOY.files
CONTENT = fake_data.CONTENT[IMAGES.name]
PACKED = gzip.compress(CONTENT)


@pytest.fixture(autouse=True)
def no_folder_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAELIB_DATA", raising=False)
    monkeypatch.setitem(sources.SOURCES, "toy", TOY)


def test_the_page_on_data_tells_what_the_code_uses() -> None:
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \| (\d+) \| ([0-9a-f]{64}) \|$", page, re.MULTILINE)
    real = [source for name, source in sources.SOURCES.items() if name != "toy"]
    assert rows == [(f.name, str(f.size), f.sha256) for source in real for f in source.files]
    assert re.findall(r"<(http\S+)>", page) == [url for source in real for url in source.mirrors]


def test_a_data_set_of_one_file_has_the_sum_of_its_file() -> None:
    assert sources.SOURCES["frey_face"].sha256 == sources.SOURCES["frey_face"].files[0].sha256


def test_a_data_set_of_several_files_has_the_sum_of_their_listing() -> None:
    """The known answer is `sha256sum` of the four lines that `sha256sum` prints."""
    known = "d0a3eec1f5a454401d758fdbf15b9b0163a7034963586d671960c180b97e2c1a"
    assert sources.SOURCES["mnist"].sha256 == known


@pytest.mark.parametrize("content", [CONTENT, PACKED, gzip.compress(CONTENT, 1, mtime=7)])
@pytest.mark.parametrize("name", ["toy-images", "toy-images.gz"])
def test_the_payload_counts_not_the_packing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert sources.read_verified(IMAGES, tmp_path / name) == CONTENT


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "holds only 0 of the 5000 bytes", id="empty"),
        pytest.param(PACKED[:2000], "truncated", id="cut short"),
        pytest.param(PACKED[:-4], "truncated", id="without its last bytes"),
        pytest.param(PACKED[:5], "truncated", id="no more than a header"),
        pytest.param(flipped(PACKED, 2500), "damaged|wrong content", id="a bit flipped, packed"),
        pytest.param(flipped(PACKED, len(PACKED) - 6), "damaged", id="another gzip sum"),
        pytest.param(CONTENT[:-1], "holds only 4999 of the 5000", id="a byte missing"),
        pytest.param(flipped(CONTENT, 2500), "wrong content.*sha256", id="a bit flipped"),
        pytest.param(CONTENT + b"x", "more than the 5000 bytes", id="a byte too many"),
        pytest.param(gzip.compress(bytes(10**6)), "more than the 5000 bytes", id="far too long"),
        pytest.param(b"\n<!DOCTYPE html>" + bytes(9000), "is a web page", id="a web page"),
        pytest.param(b"PK\x03\x04 hello", "holds only", id="an archive"),
    ],
)
def test_a_bad_file_is_named_with_a_remedy_and_left_alone(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "toy-images.gz"
    path.write_bytes(content)
    with pytest.raises(UserError, match=complaint) as raised:
        sources.read_verified(IMAGES, path)
    assert str(raised.value).startswith(str(path))
    assert "remove it and run `vaelib data`" in str(raised.value)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.symlink_to("nowhere")], ids=["folder", "broken link"]
)
def test_what_is_no_file_is_found_and_refused(
    tmp_path: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(tmp_path))
    make(tmp_path / "toy-images.gz")
    path = sources.find_all("toy", tmp_path)[IMAGES]
    assert path == tmp_path / "toy-images.gz"
    with pytest.raises(UserError, match="cannot be read"):
        sources.read_verified(IMAGES, path)
    with pytest.raises(UserError, match="cannot be read"):
        sources.verify("toy", tmp_path)


def test_the_named_folder_comes_first_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, raw = tmp_path / "named", sources.raw_folder(tmp_path)
    named.mkdir()
    raw.mkdir(parents=True)
    monkeypatch.setenv("VAELIB_DATA", str(named))
    assert sources.find("toy", tmp_path) is None
    (raw / "toy.mat").touch()
    (raw / "toy-images.gz").touch()
    assert sources.find("toy", tmp_path) == {
        IMAGES: raw / "toy-images.gz",
        TABLE: raw / "toy.mat",
    }
    (named / "toy-images").touch()
    assert sources.find("toy", tmp_path) == {IMAGES: named / "toy-images", TABLE: raw / "toy.mat"}


def test_part_of_a_data_set_is_not_the_data_set(tmp_path: Path) -> None:
    raw = sources.raw_folder(tmp_path)
    raw.mkdir(parents=True)
    (raw / "toy.mat").touch()
    assert sources.find("toy", tmp_path) is None
    assert sources.find_all("toy", tmp_path) == {IMAGES: None, TABLE: raw / "toy.mat"}


def layout(folder: Path, **files: bytes) -> None:
    """Write files by their paths below a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@pytest.fixture
def mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, bytes]]:
    """An empty folder that `$VAELIB_DATA` names, and the content of a small MNIST by name."""
    made, folder = tmp_path / "made", tmp_path / "data"
    made.mkdir()
    folder.mkdir()
    monkeypatch.setitem(sources.SOURCES, "mnist", fake_data.write_mnist(made, 60, 10))
    monkeypatch.setenv("VAELIB_DATA", str(folder))
    return folder, {name: (made / name).read_bytes() for name in NAMES}


LAYOUTS = {
    "as served": "{}.gz",
    "unpacked": "{}",
    "unpacked by Windows": "{.}",
    "in capitals": "{^}.GZ",
    "with underscores": "{_}.gz",
    "of torchvision": "MNIST/raw/{}.gz",
    "of torchvision, unpacked": "MNIST/raw/{}",
    "of an old tutorial": "MNIST_data/{}.gz",
    "of Kaggle": "{}/{}",
    "of Kaggle, as a data set": "archive/{.}",
}


def in_layout(pattern: str, name: str) -> str:
    """`{}` is the name, `{.}`, `{_}` and `{^}` what unpackers make of it."""
    dotted = name.replace("-idx", ".idx")
    shown = {"{.}": dotted, "{_}": name.replace("-", "_"), "{^}": name.upper(), "{}": name}
    for mark, text in shown.items():
        pattern = pattern.replace(mark, text)
    return pattern


@pytest.mark.parametrize("pattern", LAYOUTS.values(), ids=LAYOUTS)
def test_mnist_is_found_under_the_names_that_libraries_and_unpackers_make(
    pattern: str, mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, contents = mnist
    for name, content in contents.items():
        place = in_layout(pattern, name)
        packed = gzip.compress(content) if place.lower().endswith(".gz") else content
        layout(folder, **{place: packed})
    found = sources.find("mnist", tmp_path)
    assert found is not None
    assert [file.name for file in found] == list(NAMES)
    assert [sources.read_verified(*pair) for pair in found.items()] == list(contents.values())


def test_torchvision_leaves_packed_and_unpacked_files_side_by_side(
    mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, contents = mnist
    for name, content in contents.items():
        layout(folder / "MNIST" / "raw", **{name: content, f"{name}.gz": gzip.compress(content)})
    found = sources.find("mnist", tmp_path)
    assert found is not None
    assert [path.name for path in found.values()] == [f"{name}.gz" for name in NAMES]


@pytest.mark.parametrize("other", ["FashionMNIST", "KMNIST", "EMNIST", "QMNIST", ".cache"])
def test_another_data_set_beside_it_is_not_taken_for_it(
    other: str, mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, contents = mnist
    for name in contents:
        layout(folder / other / "raw", **{name: b"other"})
    assert sources.find("mnist", tmp_path) is None
    assert sources.missing("mnist", tmp_path) == [f"{name}.gz" for name in NAMES]
    for name, content in contents.items():
        layout(folder / "MNIST" / "raw", **{name: content})
    sources.verify("mnist", tmp_path)


@pytest.mark.parametrize("packed", [True, False])
def test_another_data_set_under_its_names_is_named(
    packed: bool, mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    """Fashion-MNIST's files have the names, sizes and headers of MNIST's."""
    folder, contents = mnist
    fashion = contents[NAMES[0]][:16] + contents[NAMES[0]][:15:-1]
    layout(folder, **{**contents, NAMES[0]: gzip.compress(fashion) if packed else fashion})
    with pytest.raises(UserError, match=r"of another data set .* such as Fashion-MNIST.*sha256"):
        sources.verify("mnist", tmp_path)


def test_files_that_changed_places_are_named(
    mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, contents = mnist
    layout(folder, **{**contents, NAMES[0]: contents[NAMES[2]]})
    with pytest.raises(UserError, match=f"holds {NAMES[2]} and not {NAMES[0]}: remove it"):
        sources.verify("mnist", tmp_path)


@pytest.mark.parametrize("name", ["FREY_RAWFACE.MAT", "frey-rawface.mat", "faces/frey_rawface.mat"])
def test_frey_face_is_found_under_other_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = sources.raw_folder(tmp_path)
    raw.mkdir(parents=True)
    monkeypatch.setitem(sources.SOURCES, "frey_face", fake_data.write_frey_face(raw))
    content = (raw / "frey_rawface.mat").read_bytes()
    (raw / "frey_rawface.mat").unlink()
    assert sources.find("frey_face", str(tmp_path)) is None
    layout(raw, **{name: content})
    assert sources.find("frey_face", str(tmp_path)) is not None
    sources.verify("frey_face", str(tmp_path))


def test_a_plain_name_comes_before_all_others(
    mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, contents = mnist
    for name, content in contents.items():
        layout(folder, **{name.upper(): b"", f"MNIST/{name}": b"", name: content})
    sources.verify("mnist", tmp_path)


def test_files_are_not_looked_for_without_end(
    mnist: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, contents = mnist
    (folder / "again").symlink_to(folder)
    deep = folder / "one" / "two" / "three"
    for name, content in contents.items():
        layout(deep, **{name: content})
    assert sources.find("mnist", tmp_path) is None


def test_a_named_folder_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(tmp_path / "missing"))
    with pytest.raises(UserError, match=r"\$VAELIB_DATA names .*missing"):
        sources.folders(tmp_path)


def test_an_empty_name_names_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAELIB_DATA", "")
    assert sources.folders(tmp_path) == [tmp_path / "data" / "raw"]


def test_the_project_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sources.raw_folder() == ROOT / "data" / "raw"


def test_an_installed_package_looks_for_the_project_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "site-packages" / "vaelib" / "sources.py"
    monkeypatch.setattr(sources, "__file__", os.fspath(elsewhere))
    inside = tmp_path / "project" / "book"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert sources.raw_folder() == inside / "data" / "raw"
    (tmp_path / "project" / "pyproject.toml").write_text('[project]\nname = "vaelib"\n')
    assert sources.raw_folder() == tmp_path / "project" / "data" / "raw"
