"""Data files and mirrors for the tests: made here, served on this machine."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import scipy.io

from vaelib.datasets.sources import DataFile, Source

IMAGES = DataFile("toy-images", 5000, "")
TABLE = DataFile("toy.mat", 3000, "", compressed=False)
CONTENT = {
    file.name: np.random.PCG64(file.size).random_raw(file.size // 8).tobytes()
    for file in (IMAGES, TABLE)
}


def describe(name: str, content: bytes, *, compressed: bool = True) -> DataFile:
    """The entry that fits this content."""
    return DataFile(name, len(content), hashlib.sha256(content).hexdigest(), compressed)


def toy(*mirrors: str) -> Source:
    """A data set of two small files, one served with gzip and one without."""
    files = tuple(
        describe(file.name, CONTENT[file.name], compressed=file.compressed)
        for file in (IMAGES, TABLE)
    )
    return Source("toy", "Toy", files, mirrors)


def served(file: DataFile) -> bytes:
    """What a good mirror sends for a file of the toy."""
    content = CONTENT[file.name]
    return gzip.compress(content, mtime=0) if file.compressed else content


Answer = Callable[[BaseHTTPRequestHandler, threading.Event], None]


class Mirrors:
    """Mirrors on this machine: `answers` maps the first part of a path to what is done there."""

    def __init__(self, address: str, answers: dict[str, Answer]) -> None:
        self.address = address
        self.answers = answers
        self.asked: list[str] = []

    def url(self, name: str) -> str:
        return f"{self.address}/{name}/"


@contextmanager
def serving() -> Iterator[Mirrors]:
    """Serve mirrors on 127.0.0.1; on leaving, slow answers end and every thread is joined."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirrors.asked.append(self.path.removeprefix("/"))
            mirrors.answers[self.path.split("/")[1]](self, stop)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    mirrors = Mirrors(f"http://127.0.0.1:{server.server_port}", {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mirrors
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
        for left in threading.enumerate():
            if left.name.startswith("download"):
                left.join(10)


def send(content: Callable[[str], bytes], *, claimed: int = 0) -> Answer:
    """Answer 200 with the content for the file's name; a length of `claimed` bytes more."""

    def answer(handler: BaseHTTPRequestHandler, stop: threading.Event) -> None:
        body = content(handler.path.rsplit("/", 1)[1])
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + claimed))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def refuse(handler: BaseHTTPRequestHandler, stop: threading.Event) -> None:
    """Answer 403."""
    handler.send_error(403)


def hang(handler: BaseHTTPRequestHandler, stop: threading.Event) -> None:
    """Take the request and say nothing."""
    stop.wait(10)


def trickle(handler: BaseHTTPRequestHandler, stop: threading.Event) -> None:
    """Begin well, then send a byte now and then, without end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(500):
        if stop.wait(0.02):
            return
        handler.wfile.write(b"x")


def toy_content(name: str) -> bytes:
    """The toy's files, by the name under which they are served."""
    return {file.served_as: served(file) for file in (IMAGES, TABLE)}[name]


def write_mnist(folder: Path, n: int, n_test: int) -> Source:
    """Files in MNIST's format, whose pixels and labels tell their place."""

    def images(n: int, first: int) -> bytes:
        header = np.array([2051, n, 28, 28], ">u4").tobytes()
        pixels = np.arange(first, first + n)[:, None] * 31 + np.arange(784) * 7
        return header + pixels.astype(np.uint8).tobytes()

    def labels(n: int, first: int) -> bytes:
        header = np.array([2049, n], ">u4").tobytes()
        return header + ((np.arange(n) + first) % 10).astype(np.uint8).tobytes()

    content = {
        "train-images-idx3-ubyte": images(n, 0),
        "train-labels-idx1-ubyte": labels(n, 0),
        "t10k-images-idx3-ubyte": images(n_test, 3),
        "t10k-labels-idx1-ubyte": labels(n_test, 3),
    }
    for name, payload in content.items():
        (folder / name).write_bytes(payload)
    files = tuple(describe(name, payload) for name, payload in content.items())
    return Source("mnist", "MNIST", files, ())


def write_frey_face(folder: Path) -> Source:
    """A file in Frey Face's format: frame i has the number i in its first two pixels."""
    numbers = np.arange(1965)
    faces = np.full((560, 1965), 200, np.uint8)
    faces[0], faces[1] = numbers // 256, numbers % 256
    path = folder / "frey_rawface.mat"
    scipy.io.savemat(path, {"ff": faces})
    files = (describe(path.name, path.read_bytes(), compressed=False),)
    return Source("frey_face", "Frey Face", files, ())
