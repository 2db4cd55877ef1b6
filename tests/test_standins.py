"""The stand-ins are what they say they are, and the same everywhere."""

from __future__ import annotations

import numpy as np

from vaelib import standins


def test_digits_are_500_of_each_class() -> None:
    images, labels = standins.mnist_5k()
    assert images.shape == (5000, 784)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [500] * 10
    assert images.max() == 255


def test_faces_are_deterministic_and_all_different() -> None:
    faces = standins.cartoon_faces()
    assert faces.shape == (1965, 560)
    assert np.array_equal(faces, standins.cartoon_faces())
    assert len(np.unique(faces, axis=0)) == 1965


def test_faces_move_smoothly() -> None:
    """Neighbouring frames are much closer than distant ones."""
    faces = standins.cartoon_faces().astype(float)
    step = np.linalg.norm(np.diff(faces, axis=0), axis=1).mean()
    apart = np.linalg.norm(faces[:900] - faces[1000:1900], axis=1).mean()
    assert step < 0.5 * apart


def test_no_pixel_is_constant() -> None:
    """A Gaussian decoder's variance would collapse on one."""
    assert standins.cartoon_faces().std(axis=0).min() > 2
