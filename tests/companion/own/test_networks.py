"""Any pair of modules that return distributions is trained; what cannot be is named."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from companion.own.networks import networks_in, register_own
from companion.own.training import train
from companion.runs.store import Run
from tests.companion.own import pairs
from tests.companion.own.files import images
from vaelib.errors import UserError

pytestmark = pytest.mark.usefixtures("undrawn")
X = np.float32(images(100).reshape(100, 12) / 255)
SETTINGS: dict[str, Any] = {
    "n_latent": 2,
    "samples": 20_000,
    "stepsize": 0.1,
    "progress": False,
}


def test_a_decoder_of_another_family_is_trained(tmp_path: Path) -> None:
    trained = train(X, out=tmp_path / "out", networks=pairs.laplace, **SETTINGS)
    curve = [p.value for p in trained.run.record.curve if p.split == "test"]
    assert curve
    at_start = -12 * np.log(2) - np.abs(X).sum(1).mean()
    assert curve[-1] > at_start
    assert "networks" in str(trained.run.config)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (3, "networks is a int: give a function"),
        (lambda shape, n: None, "networks returned a NoneType: return a tuple of two"),
        (lambda shape, n: (pairs.Linear(12, n, "normal"), 3), "networks returned a tuple"),
        (lambda shape, n: (torch.nn.Identity(), torch.nn.Identity()), "have no parameters"),
        (pairs.pair("tensor"), "the encoder returns a Tensor: return a distribution"),
        (pairs.pair("single"), r"the encoder returns a Normal over \(2, 2\) and \(\)"),
        (pairs.pair("laplace"), r"the encoder returns a Independent\(Laplace\): return Indep"),
        (pairs.pair("chance"), r"the encoder gives another q\(z\|x\) when it is asked again"),
        (pairs.pair("normal", "tensor"), "the decoder returns a Tensor"),
        (pairs.pair("normal", "categorical"), "the decoder returns a Independent.Categorical"),
        (pairs.pair("normal", "beta"), None),
        (pairs.batched, r"decoder does not take inputs of the shape \(3, 2, 2\) .*flatten\(0, -2"),
        (pairs.wider, r"the encoder returns a .* over \(2,\) and \(3,\)"),
        (pairs.dropping, "encoder.more of networks dropping_.* is Dropout, with which the bound"),
        (pairs.normalising, "decoder.more of networks normalising_.* is BatchNorm1d"),
    ],
    ids=count(),
)
def test_what_cannot_be_trained_is_named(
    networks: Any, message: str | None, tmp_path: Path
) -> None:
    values = np.clip(X, 0.01, 0.99)
    if message is None:
        assert train(values, out=tmp_path / "out", networks=networks, **SETTINGS).report.is_file()
        return
    with pytest.raises(UserError, match=message):
        train(values, out=tmp_path / "out", networks=networks, **SETTINGS)
    assert not (tmp_path / "out").exists()


def test_data_outside_the_support_are_named(tmp_path: Path) -> None:
    values = X.copy()
    values[0, 0] = 1.5
    for networks, kind in ((pairs.pair("normal", "beta"), "Beta"), (pairs.convolutional, "Bern")):
        with pytest.raises(UserError, match=f"the decoder returns a {kind}.*from 0 to 1.5"):
            train(values.reshape(100, 4, 3), out=tmp_path, networks=networks, **SETTINGS)  # type: ignore[arg-type]


def test_units_beside_networks_of_one_s_own_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="n_hidden is for the networks of Appendix C"):
        train(X, out=tmp_path / "out", networks=pairs.laplace, n_hidden=5, **SETTINGS)


def test_a_name_is_that_of_the_code_and_the_sizes() -> None:
    name = register_own(pairs.convolutional, (4, 3))
    assert name.startswith("convolutional_")
    assert register_own(pairs.convolutional, (4, 3)) == name
    assert register_own(pairs.convolutional, (4, 4)) != name
    assert register_own(pairs.laplace, (12,)) != register_own(pairs.batched, (12,))


def test_the_same_code_in_a_file_of_its_own_has_the_same_name(tmp_path: Path) -> None:
    """So that a run from the command line goes on from Python, and comments do not matter."""
    text = Path(pairs.__file__).read_text("utf-8")
    (tmp_path / "mine.py").write_text(
        text.replace("        images =", "        # Why.\n        images =")
    )
    mine = networks_in(f"{tmp_path / 'mine.py'}:convolutional")
    assert register_own(mine, (4, 3)) == register_own(pairs.convolutional, (4, 3))
    (tmp_path / "other.py").write_text(text.replace("torch.tanh(self.conv", "torch.relu(self.conv"))
    other = networks_in(f"{tmp_path / 'other.py'}:convolutional")
    assert register_own(other, (4, 3)) != register_own(pairs.convolutional, (4, 3))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("x = 1", "networks", "has no 'networks': name a function of it"),
        ("import what_is_not_there", "f", r"cannot be executed \(ModuleNotFoundError: "),
        ("def f(:", "f", r"cannot be executed \(SyntaxError: "),
    ],
)
def test_a_file_without_networks_is_named(
    content: str, name: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(content)
    with pytest.raises(UserError, match=message):
        networks_in(f"{tmp_path / 'mine.py'}:{name}")


def test_stored_networks_of_another_process_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = train(X, out=tmp_path / "out", networks=pairs.laplace, **SETTINGS)
    monkeypatch.setattr("companion.runs.other_networks._known", {})
    with pytest.raises(UserError, match="which this process does not know: pass them to companion"):
        Run(trained.run.record, trained.run.folder).model()
