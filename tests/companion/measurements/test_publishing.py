"""What comes with the companion rests on published models, and is of this code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from companion.claims.evidence import Evidence
from companion.claims.scoreboard import CLAIMS
from companion.experiments.reference import models_with_weights
from companion.measurements import kept as module
from companion.measurements import publishing
from companion.measurements.described import described
from companion.measurements.kept import SUFFIX, published_folder
from companion.measurements.publishing import is_current, models_in, publish_measurements
from companion.measurements.tables import told, unpacked
from companion.studies.bounds import estimator_variance
from tests.helpers import rng
from vaelib import datasets
from vaelib.datasets import Status
from vaelib.errors import UserError
from vaelib.model import VariationalAutoencoder, build

# Of another processor's rounding, after hundreds of draws.
ALIKE = 1e-3


def measured(of: VariationalAutoencoder, images: int = 2) -> None:
    x = torch.rand(images, 6, generator=rng(1))
    estimator_variance(of, x, repetitions=3, generator=rng(2))


def of_data(monkeypatch: pytest.MonkeyPatch, *, stand_in: bool) -> None:
    """Whether the data are stand-ins."""
    status = Status("mnist", "mnist", stand_in, "made up", "made up", "0" * 64, None)
    monkeypatch.setattr(datasets, "locate", lambda name, download: status)


def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The reader's own measurements, and those to be published; one model counts as published."""
    own, published = tmp_path / "own", tmp_path / "published"
    monkeypatch.setenv("VAELIB_MEASUREMENTS", str(own))
    monkeypatch.setattr(module, "published_folder", lambda: published)
    known = build(n_pixels=6, n_hidden=4, n_latent=2, init_std=0.5, generator=rng(0))

    class Published:
        """A run with that model."""

        def model(self) -> VariationalAutoencoder:
            return known

    monkeypatch.setattr(publishing, "models_with_weights", lambda: [Published()])
    of_data(monkeypatch, stand_in=False)
    measured(known)
    return own, published


def test_only_what_rests_on_published_models_goes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, published = folders(tmp_path, monkeypatch)
    (name,) = (path.name for path in own.iterdir())
    measured(build(n_pixels=6, n_hidden=4, n_latent=2, generator=rng(5)))
    measured(build(n_pixels=6, n_hidden=4, n_latent=2, generator=rng(5)), images=3)
    (own / f"broken{SUFFIX}").write_bytes(b"no table")
    assert publish_measurements(own, published) == [name]
    assert [path.name for path in published.iterdir()] == [name]


def test_what_other_code_measured_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, published = folders(tmp_path, monkeypatch)
    assert len(publish_measurements(own, published)) == 1
    monkeypatch.setattr(publishing, "code_of", lambda module, asked: "other code")
    assert publish_measurements(own, published) == []
    assert list(published.iterdir()) == []


def test_a_large_table_stays_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, published = folders(tmp_path, monkeypatch)
    monkeypatch.setattr(publishing, "LARGEST_PUBLISHED", 10)
    assert publish_measurements(own, published) == []


def test_stand_ins_are_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_data(monkeypatch, stand_in=True)
    with pytest.raises(UserError, match="vaelib data"):
        publish_measurements(tmp_path, tmp_path)


def test_each_published_file_is_whole_and_of_published_models() -> None:
    models = {name for run in models_with_weights() for name in models_in(described(run.model()))}
    found = sorted(published_folder().glob(f"*{SUFFIX}"))
    assert found
    for path in found:
        header = told(path.read_bytes())
        assert set(models_in(header["asked"])) <= models, path
        assert not unpacked(path.read_bytes()).empty
        assert module.name_of(header) == path.stem


@pytest.mark.thorough
def test_published_measurements_are_of_this_code_and_come_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the claims are judged by; the models that are measured are the longest trained."""
    by_name = {path.name: path.read_bytes() for path in published_folder().glob(f"*{SUFFIX}")}
    stale = [name for name, content in by_name.items() if not is_current(told(content))]
    assert not stale, "`make book`, then `python -m companion.measurements.publishing`"
    monkeypatch.setattr(module, "published_folder", lambda: tmp_path / "none")
    monkeypatch.setenv("VAELIB_MEASUREMENTS", str(tmp_path / "own"))
    evidence = Evidence("quick", 0, "cpu")
    for claim in CLAIMS:
        if claim.id in ("C1", "C2", "C6", "C9", "C13"):
            claim.measure(evidence)
    again = {path.name: path.read_bytes() for path in (tmp_path / "own").iterdir()}
    both = by_name.keys() & again.keys()
    assert len(both) > len(CLAIMS)
    for name in both:
        pd.testing.assert_frame_equal(unpacked(again[name]), unpacked(by_name[name]), rtol=ALIKE)
