"""vaelib.datasets.mirrors, against mirrors on this machine."""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import fake_data
from tests.fake_data import Mirrors, hang, refuse, send, toy_content, trickle
from vaelib.datasets import mirrors, sources
from vaelib.errors import UserError

FILES = ["toy-images.gz", "toy.mat"]
STAMP = ".toy-mirrors-failed"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    """Mirrors "good", and whatever a test adds."""
    monkeypatch.delenv("VAELIB_DATA", raising=False)
    monkeypatch.delenv("VAELIB_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with fake_data.serving() as serving:
        serving.answers["good"] = send(toy_content)
        yield serving


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, local: Mirrors) -> Callable[..., None]:
    """Make these mirrors those of the toy."""

    def choose(*names: str) -> None:
        toy = fake_data.toy(*(local.url(name) for name in names))
        monkeypatch.setitem(sources.SOURCES, "toy", toy)

    return choose


def content_of(root: Path) -> dict[str, bytes]:
    """What lies in data/raw."""
    raw = sources.raw_folder(root)
    return {path.name: path.read_bytes() for path in raw.iterdir()} if raw.is_dir() else {}


GOOD = {name: toy_content(name) for name in FILES}


def test_a_download_lies_in_data_raw(
    tmp_path: Path, use: Callable[..., None], local: Mirrors, capsys: pytest.CaptureFixture[str]
) -> None:
    use("good")
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == GOOD
    assert local.asked == [f"good/{name}" for name in FILES]
    assert capsys.readouterr().err.splitlines() == [
        f"Toy: downloaded from {local.url('good')} and verified"
    ]
    sources.verify("toy", tmp_path)


def test_others_may_read_a_download(tmp_path: Path, use: Callable[..., None]) -> None:
    use("good")
    mirrors.download("toy", root=tmp_path, progress=False)
    assert (sources.raw_folder(tmp_path) / "toy.mat").stat().st_mode & 0o777 == 0o644


def test_what_is_here_is_not_fetched_again(
    tmp_path: Path, use: Callable[..., None], local: Mirrors
) -> None:
    use("good")
    raw = sources.raw_folder(tmp_path)
    raw.mkdir(parents=True)
    (raw / "toy-images").write_bytes(b"anything")
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert local.asked == ["good/toy.mat"]
    assert (raw / "toy-images").read_bytes() == b"anything"


def test_a_bar_is_shown(
    tmp_path: Path, use: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    use("good")
    mirrors.download("toy", root=tmp_path)
    assert "100%|" in capsys.readouterr().err


def test_after_a_refusal_the_next_mirror_is_asked(
    tmp_path: Path, use: Callable[..., None], local: Mirrors, capsys: pytest.CaptureFixture[str]
) -> None:
    local.answers["closed"] = refuse
    use("closed", "good")
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == GOOD
    assert local.asked == ["closed/toy-images.gz", *(f"good/{name}" for name in FILES)]
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"Toy: {local.url('closed')} gave no toy-images.gz: 403 Forbidden"
    assert local.url("good") in second


def test_a_mirror_that_breaks_down_is_completed_by_the_next(
    tmp_path: Path, use: Callable[..., None], local: Mirrors
) -> None:
    def first_only(name: str) -> bytes:
        return toy_content(name) if name == "toy-images.gz" else b"<html>sorry</html>"

    local.answers["half"] = send(first_only)
    use("half", "good")
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == GOOD
    assert local.asked == ["half/toy-images.gz", "half/toy.mat", "good/toy.mat"]


@pytest.mark.parametrize("answer", [hang, trickle])
def test_a_slow_mirror_is_given_up(
    tmp_path: Path,
    use: Callable[..., None],
    local: Mirrors,
    answer: fake_data.Answer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both would go on for ten seconds, and the good mirror answers at once."""
    monkeypatch.setattr(mirrors, "TIMEOUT", 0.5)
    local.answers["slow"] = answer
    use("slow", "good")
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == GOOD
    assert "gave no toy-images.gz: no answer within 0.5 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (lambda name: gzip.compress(b"something else"), "holds only 14 of the 5000 bytes"),
        (lambda name: gzip.compress(bytes(5000)), "wrong content"),
        (lambda name: toy_content(name)[:1000], "truncated"),
        (lambda name: b"<html>Please log in</html>", "web page"),
    ],
    ids=["other", "wrong", "truncated", "web page"],
)
def test_wrong_bytes_are_not_kept(
    tmp_path: Path,
    use: Callable[..., None],
    local: Mirrors,
    content: Callable[[str], bytes],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    local.answers["wrong"] = send(content)
    use("wrong")
    assert not mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == {STAMP: b""}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Toy: {local.url('wrong')}toy-images.gz ")
    assert complaint in line


def test_a_connection_that_breaks_off_leaves_nothing(
    tmp_path: Path, use: Callable[..., None], local: Mirrors, capsys: pytest.CaptureFixture[str]
) -> None:
    local.answers["cut"] = send(toy_content, claimed=100)
    use("cut")
    assert not mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == {STAMP: b""}
    assert "broke off" in capsys.readouterr().err


def test_what_was_decompressed_on_its_way_has_the_plain_name(
    tmp_path: Path, use: Callable[..., None], local: Mirrors
) -> None:
    plain = fake_data.CONTENT["toy-images"]
    local.answers["plain"] = send(lambda name: plain if name.endswith(".gz") else GOOD[name])
    use("plain")
    assert mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == {"toy-images": plain, "toy.mat": GOOD["toy.mat"]}
    sources.verify("toy", tmp_path)


def test_a_machine_without_network_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VAELIB_DATA", raising=False)
    monkeypatch.delenv("VAELIB_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # and never listens
        toy = fake_data.toy(f"http://127.0.0.1:{unheard.getsockname()[1]}/")
        monkeypatch.setitem(sources.SOURCES, "toy", toy)
        assert not mirrors.download("toy", root=tmp_path, progress=False)
    assert "cannot be reached" in capsys.readouterr().err


def test_mirrors_that_failed_rest_for_an_hour(
    tmp_path: Path, use: Callable[..., None], local: Mirrors
) -> None:
    local.answers["closed"] = refuse
    use("closed")

    def asked(**settings: bool) -> int:
        local.asked.clear()
        mirrors.download("toy", root=tmp_path, progress=False, **settings)
        return len(local.asked)

    assert [asked(), asked(), asked(again=True), asked()] == [1, 0, 1, 0]
    stamp = sources.raw_folder(tmp_path) / STAMP
    an_hour_ago = stamp.stat().st_mtime - 3601
    os.utime(stamp, (an_hour_ago, an_hour_ago))
    assert asked() == 1
    use("good")
    assert asked(again=True) == 2
    assert content_of(tmp_path) == GOOD


@pytest.mark.parametrize(("value", "n_asked"), [("1", 0), ("yes", 0), ("0", 2), ("", 2)])
def test_downloads_can_be_forbidden(
    tmp_path: Path,
    use: Callable[..., None],
    local: Mirrors,
    value: str,
    n_asked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VAELIB_OFFLINE", value)
    use("good")
    assert mirrors.download("toy", root=tmp_path, again=True, progress=False) is (n_asked > 0)
    assert len(local.asked) == n_asked
    assert len(content_of(tmp_path)) == n_asked


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, use: Callable[..., None]) -> None:
    use("good")
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(UserError, match=r"cannot be written to .*raw .*make the folder writable"):
        mirrors.download("toy", root=tmp_path, progress=False)


def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    use("good")
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UserError, match="No space left"):
        mirrors.download("toy", root=tmp_path, progress=False)
    assert content_of(tmp_path) == {}
