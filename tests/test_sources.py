"""Files are found, verified and downloaded; whatever is wrong is named, and nothing is lost."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vaelib import sources
from vaelib.errors import UserError
from vaelib.sources import SOURCES, DataFile, Source

CONTENT = b"forty-two bytes of something like a payload"
FILE = DataFile("digits", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
OTHER = dataclasses.replace(FILE, name="labels")


@pytest.fixture
def server() -> Iterator[str]:
    """Four mirrors: /good/ serves, /forbidden/ refuses, /wrong/ lies, /slow/ never answers."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind = self.path.split("/")[1]
            if kind == "slow":
                stop.wait(10)
                return
            body = gzip.compress(CONTENT if kind == "good" else b"another thing altogether")
            self.send_response(403 if kind == "forbidden" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        stop.set()
        http.shutdown()
        thread.join()


def source(address: str, *kinds: str) -> Source:
    return Source("digits", "Digits", (FILE,), tuple(f"{address}/{kind}/" for kind in kinds))


def test_a_download_is_verified_and_stored(server: str, tmp_path: Path) -> None:
    assert sources.download(source(server, "good"), [FILE], tmp_path, progress=False) == []
    assert [path.name for path in tmp_path.iterdir()] == ["digits.gz"]
    assert sources.read(FILE, tmp_path / "digits.gz") == CONTENT


@pytest.mark.parametrize("first", ["forbidden", "wrong", "slow"])
def test_the_next_mirror_is_asked(
    first: str,
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sources, "TIMEOUT", 0.3)
    both = source(server, first, "good")
    assert sources.download(both, [FILE, OTHER], tmp_path, progress=False) == []
    assert {path.name for path in tmp_path.iterdir()} == {"digits.gz", "labels.gz"}
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 2
    assert f"/{first}/" in printed[0]


@pytest.mark.parametrize("kind", ["forbidden", "wrong", "slow"])
def test_where_no_mirror_helps_nothing_is_written(
    kind: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "TIMEOUT", 0.3)
    folder = tmp_path / "raw"
    missing = sources.download(source(server, kind), [FILE], folder, progress=False)
    assert missing == [FILE]
    assert not folder.exists()


def test_a_dead_address_is_a_failed_mirror(tmp_path: Path) -> None:
    dead = Source("digits", "Digits", (FILE,), ("http://127.0.0.1:9/",))
    assert sources.download(dead, [FILE], tmp_path, progress=False) == [FILE]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(CONTENT)[:-12], "truncated"),
        (gzip.compress(CONTENT)[:15] + b"\xff" * 20, "damaged"),
        (gzip.compress(CONTENT[:-1]), "holds only"),
        (CONTENT[:-1] + b"!", "has the sha256"),
        (b"<html>403 Forbidden</html>", "web page"),
        (b"", "holds only 0"),
    ],
)
def test_a_damaged_file_is_named_with_the_remedy(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "digits.gz"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        sources.read(FILE, path)
    assert str(path) in str(caught.value)
    assert "vaelib data" in str(caught.value)
    assert path.read_bytes() == content


def test_plain_and_compressed_files_are_both_right(tmp_path: Path) -> None:
    (tmp_path / "digits").write_bytes(CONTENT)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(CONTENT))
    for file in (FILE, OTHER):
        path = sources.find(file, [tmp_path / "nowhere", tmp_path])
        assert path is not None
        assert sources.read(file, path) == CONTENT


def test_folders_are_searched_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAELIB_DATA", str(tmp_path))
    assert sources.folders(tmp_path / "project") == [tmp_path, tmp_path / "project/data/raw"]
    monkeypatch.setenv("VAELIB_DATA", str(tmp_path / "gone"))
    with pytest.raises(UserError, match="VAELIB_DATA"):
        sources.folders()
    monkeypatch.delenv("VAELIB_DATA")
    assert sources.folders() == [sources.raw_folder()]


def test_readme_has_every_file() -> None:
    readme = sources.raw_folder().parent.joinpath("README.md").read_text("utf-8")
    for name in SOURCES:
        for file in SOURCES[name].files:
            assert f"| {file.name} | {file.size} | {file.sha256} |" in readme
        for mirror in SOURCES[name].mirrors:
            assert f"<{mirror}>" in readme
