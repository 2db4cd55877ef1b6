"""The data set has every datapoint once, a random tenth of them held out, in no more memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from places import ROOT

from companion.own.found import Found
from companion.own.inspection import look_at
from companion.own.preparation import arranged, to_dataset
from tests.companion.own.files import images
from vaelib.datasets import Dataset
from vaelib.errors import UserError

X = images(200)


def dataset(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], name: str = "x") -> Dataset:
    found = Found(values.copy(), "x.npy")
    return to_dataset(found, look_at(found), name)


def rows(data: Dataset) -> list[bytes]:
    return [bytes(row.numpy().tobytes()) for row in torch.cat([data.train, data.test])]


@pytest.mark.parametrize(
    "values", [X, np.float32(X / 255), X / 255, (X > 100)], ids=lambda v: v.dtype
)
def test_every_datapoint_is_there_once(
    values: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> None:
    data = dataset(values)
    assert (len(data.train), len(data.test), data.train.dtype) == (180, 20, torch.float32)
    scale = np.float32(255 if values.dtype == np.uint8 else 1)
    expected = values.reshape(200, 12).astype(np.float32) / scale
    assert sorted(rows(data)) == sorted(row.tobytes() for row in expected)


def test_both_ends_are_a_random_choice_of_a_sorted_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.own.preparation.MOST_EVALUATED", 500)
    data = dataset(np.linspace(0, 1, 10_000, dtype=np.float32).reshape(5000, 2))
    for part in (data.test, data.train[:500]):
        assert len(part) == 500
        # Six standard errors of the mean of 500 uniform numbers.
        assert abs(part.mean().item() - 0.5) < 6 * 0.29 / 500**0.5
        assert part.std() > 0.25


def test_the_name_holds_the_content(tmp_path: Path) -> None:
    changed = X.copy()
    changed[150, 2, 1] ^= 1
    names = {
        dataset(X).name,
        dataset(X.copy()).name,
        dataset(changed).name,
        dataset(X.swapaxes(1, 2)).name,
        dataset(X.reshape(200, 12)).name,
    }
    assert len(names) == 4
    assert all(name.startswith("x_") and len(name) == 10 for name in names)


def test_a_user_s_array_stays_as_it_was() -> None:
    values = np.float32(X / 255).reshape(200, 12)
    before = values.copy()
    found = Found(values, "an array", fresh=False)
    to_dataset(found, look_at(found), "x")
    np.testing.assert_array_equal(values, before)


def test_columns_and_shapes_are_arranged_as_asked_for() -> None:
    flat = Found(X.reshape(200, 12).T, "x.mat")
    found = arranged(flat, image_shape=[4, 3], columns=True)
    np.testing.assert_array_equal(found.values, X)
    assert found.notes == ("the last dimension counts the datapoints, as asked for",)
    stack = Found(np.moveaxis(X, 0, -1), "x.mat")
    np.testing.assert_array_equal(arranged(stack, columns=True).values, X)
    with pytest.raises(UserError, match=r"no images of 5 × 5: give the shape"):
        arranged(flat, image_shape=[5, 5])


# The most memory since the program began; `ru_maxrss` would count what began it as well.
MEASURE = """
import re, sys
from pathlib import Path
import numpy as np
from companion.own.training import train
kilobytes = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
small = np.random.default_rng(0).random((1000, 8), np.float32)
settings = dict(n_latent=1, n_hidden=2, samples=20_000, stepsize=0.1, progress=False)
train(small, out=sys.argv[2] + "/small", **settings)
before = kilobytes()
train(sys.argv[1], out=sys.argv[2] + "/large", **settings)
print((kilobytes() - before) * 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["float32", "uint8"])
def test_ten_million_rows_take_less_than_twice_the_array(kind: str, tmp_path: Path) -> None:
    n, d = 10_000_000, 8
    values = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", kind, (n, d))
    values[:] = np.arange(d)
    values[::2] = 1
    if kind == "float32":
        values /= 8
    values.flush()
    del values
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "x.npy"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    floats = n * d * 4
    assert floats * 0.9 < int(done.stdout.split()[-1]) < 2 * floats
