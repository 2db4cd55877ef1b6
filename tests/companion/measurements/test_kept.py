"""A measurement is computed once, and again as soon as anything that decides it is another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from companion.measurements import kept as module
from companion.measurements.kept import SUFFIX, header_of, name_of
from companion.studies.bounds import estimator_variance, repeated_noise
from tests.helpers import rng
from vaelib.model import VariationalAutoencoder, build

Store = Callable[[], list[Path]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The files of an empty store of one's own, and nothing published."""
    monkeypatch.setenv("VAELIB_MEASUREMENTS", str(tmp_path / "own"))
    monkeypatch.setattr(module, "published_folder", lambda: tmp_path / "published")
    return lambda: sorted((tmp_path / "own").glob(f"*{SUFFIX}"))


def model(seed: int = 0, **sizes: int) -> VariationalAutoencoder:
    settings = {"n_pixels": 6, "n_hidden": 4, "n_latent": 2, **sizes}
    return build(**settings, init_std=0.5, generator=rng(seed))


def pixels(n: int = 3) -> Tensor:
    return torch.rand(n, 6, generator=rng(1))


def measured(
    of: VariationalAutoencoder | None = None,
    x: Tensor | None = None,
    repetitions: int = 5,
    seed: int = 2,
) -> pd.DataFrame:
    return estimator_variance(
        model() if of is None else of,
        pixels() if x is None else x,
        repetitions=repetitions,
        generator=rng(seed),
    )


def test_the_same_question_is_answered_once(store: Store) -> None:
    first = measured()
    (path,) = store()
    before = path.stat().st_mtime_ns
    # Of a model with equal weights that was made anew.
    pd.testing.assert_frame_equal(measured(), first, check_exact=True)
    assert [each.stat().st_mtime_ns for each in store()] == [before]


def test_another_question_is_measured_anew(store: Store) -> None:
    asked: list[dict[str, object]] = [
        {},
        {"of": model(1)},
        {"of": model(n_hidden=5)},
        {"x": pixels() + 1e-6},
        {"x": pixels(4)},
        {"repetitions": 6},
        {"seed": 3},
    ]
    for number, question in enumerate(asked, start=1):
        measured(**question)  # type: ignore[arg-type]
        assert len(store()) == number, question


def test_other_code_has_another_name(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = measured()
    monkeypatch.setattr(module, "source_hash", lambda *names, without: "other code")
    pd.testing.assert_frame_equal(measured(), first)
    assert len(store()) == 2


def test_where_nothing_is_kept_the_numbers_are_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = rng(2)
    first = repeated_noise(model(), pixels(), repetitions=3, generator=draws)
    after = torch.rand(3, generator=draws)
    for place in (None, ""):
        if place is not None:
            monkeypatch.setenv("VAELIB_MEASUREMENTS", place)
        draws = rng(2)
        again = repeated_noise(model(), pixels(), repetitions=3, generator=draws)
        pd.testing.assert_frame_equal(again, first, check_exact=True)
        assert torch.equal(torch.rand(3, generator=draws), after)


def test_what_is_drawn_next_is_not_what_was_drawn(store: Store) -> None:
    draws = rng(2)
    first, second = (
        repeated_noise(model(), pixels(), repetitions=2, generator=draws) for _ in range(2)
    )
    assert not first.equals(second)
    assert len(store()) == 2


@pytest.mark.parametrize("harm", ["cut", "altered", "empty", "folder", "another's"])
def test_a_damaged_file_is_measured_again(harm: str, store: Store) -> None:
    first = measured()
    (path,) = store()
    content = path.read_bytes()
    if harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "altered":
        place = content.index(b"column_2") + 60
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "folder":
        path.unlink()
        path.mkdir()
    else:
        measured(seed=9)
        (other,) = (each for each in store() if each != path)
        path.write_bytes(other.read_bytes())
    pd.testing.assert_frame_equal(measured(), first, check_exact=True)
    if harm not in ("folder", "another's"):
        assert path.read_bytes() == content


def test_a_disk_that_cannot_be_written_costs_only_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = measured()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VAELIB_MEASUREMENTS", str(tmp_path / "file" / "below"))
    pd.testing.assert_frame_equal(measured(), first, check_exact=True)


def test_a_published_one_serves(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = measured()
    (tmp_path / "own").rename(tmp_path / "published")
    pd.testing.assert_frame_equal(measured(), first, check_exact=True)
    assert store() == []


def test_a_class_of_a_notebook_has_no_name(store: Store) -> None:
    class Mine(VariationalAutoencoder):
        """Two cells may define two of this name."""

    base = model()
    mine = Mine(base.encoder, base.decoder, n_latent=2)
    assert len(measured(of=mine)) == 6
    assert store() == []


def test_a_private_setting_of_a_model_counts(store: Store) -> None:
    measured()
    other = model()
    other.decoder._temperature = 2.0  # type: ignore[assignment]
    measured(of=other)
    assert len(store()) == 2


def test_a_name_says_what_decides() -> None:
    header = header_of(estimator_variance, {"x": pixels(), "repetitions": 5})
    assert header["measurement"] == "companion.studies.bounds:estimator_variance"
    assert header["asked"]["repetitions"] == 5
    assert name_of(header) != name_of({**header, "torch": "another"})


def test_bad_input_is_told_as_ever(store: Store) -> None:
    with pytest.raises(TypeError, match="missing"):
        estimator_variance(model())  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="repetitions"):
        measured(repetitions=1)
    assert store() == []
