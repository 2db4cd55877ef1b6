"""The trained models that come with the package: all that the manifest names, each as it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from places import ROOT

from vaelib import elbo, pretrained, pretrained_models, reference_models
from vaelib.datasets import load
from vaelib.errors import UserError
from vaelib.randomness import generator
from vaelib.reference_models import MANIFEST, ModelFacts, Pretrained

REFERENCE = ROOT / "data" / "reference"
PLANE, TEN = ("mnist-aevb-z2-h500-n50000-auto-grey-s0", "mnist-aevb-z10-h500-n50000-auto-grey-s0")


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two models, in the place of the package's."""
    hashes = json.loads((REFERENCE / MANIFEST).read_text())
    for name in (PLANE, TEN):
        shutil.copytree(REFERENCE / name, tmp_path / name)
    known = {name: sha256 for name, sha256 in hashes.items() if name.startswith((PLANE, TEN))}
    (tmp_path / MANIFEST).write_text(json.dumps(known))
    monkeypatch.setattr(reference_models, "data_folder", lambda name: tmp_path)
    return tmp_path


def put(folder: Path, name: str, **settings: Any) -> None:
    """Put the model of the plane there again as a run of other settings."""
    shutil.copytree(folder / PLANE, folder / name)
    record = json.loads((folder / name / "record.json").read_text())
    record["config"] |= settings
    content = json.dumps(record).encode()
    (folder / name / "record.json").write_bytes(content)
    known = json.loads((folder / MANIFEST).read_text())
    known[f"{name}/weights.safetensors"] = known[f"{PLANE}/weights.safetensors"]
    known[f"{name}/record.json"] = reference_models.hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(known))


def test_every_published_file_of_weights_is_listed() -> None:
    models = pretrained_models()
    assert {facts.path for facts in models} == set(REFERENCE.glob("*/*.safetensors"))
    assert len(models) >= 6
    for facts in models:
        assert facts.n_bytes == facts.path.stat().st_size
        assert -200 < facts.test_bound < 1500
        assert facts.choices["n_hidden"] == {"mnist": 500, "frey_face": 200}[facts.dataset]


def of(listed: ModelFacts) -> Pretrained:
    """The model, asked for by every setting of its run."""
    return pretrained(
        listed.dataset,
        n_latent=listed.n_latent,
        algorithm=listed.algorithm,  # type: ignore[arg-type]
        seed=listed.seed,
        **listed.choices,
    )


def test_every_model_loads_by_its_settings() -> None:
    for listed in pretrained_models():
        model, facts, record = of(listed)
        assert facts == listed
        assert record["samples"] == facts.samples
        assert model.n_latent == facts.n_latent
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        assert not model.training


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["mnist", "frey_face"])
def test_every_model_has_the_bound_that_is_said(dataset: str) -> None:
    if load(dataset).stand_in:
        pytest.skip("needs the real data")
    for listed in pretrained_models():
        if listed.dataset == dataset:
            # A record from before a choice was there does not name it: then it is the default.
            scales = {k: v for k, v in listed.choices.items() if k in ("face_scale", "mnist_scale")}
            data = load(dataset, **scales)
            bound = elbo.evaluate(of(listed).model, data.test, generator=generator(0))
            # Two draws of the noise differ by 2 nats on the few faces, by 0.05 on the digits.
            assert bound == pytest.approx(listed.test_bound, rel=0.005), listed.name


@pytest.mark.usefixtures("few")
def test_a_model_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(UserError) as refused:
        pretrained("mnist", n_latent=7)
    assert str(refused.value) == (
        "none of the trained models here have dataset 'mnist', n_latent 7, algorithm 'aevb', seed "
        f"0: ask by their settings for one of {TEN}, {PLANE}"
    )
    asked: dict[str, Any] = {"seed": 9, "algorithm": "wake_sleep", "n_hidden": 3, "hidden": 500}
    for name, value in asked.items():
        with pytest.raises(UserError, match=f"none of .* {name} .*: ask .*{PLANE}"):
            pretrained("mnist", **{"n_latent": 2, name: value})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n_latent": 0}, "n_latent is 0: give a whole number"),
        ({"n_latent": "20"}, "n_latent is '20': give a whole number"),
        ({"n_latent": 2, "seed": -1}, "seed is -1: give a whole number"),
        ({"n_latent": 2, "algorithm": "sgd"}, "algorithm 'sgd' is not known: use one of aevb"),
    ],
)
def test_settings_that_no_model_can_have_are_refused(settings: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        pretrained("mnist", **settings)


def test_the_one_with_the_default_choices_is_meant_and_others_are_had_by_theirs(few: Path) -> None:
    put(few, f"{PLANE}-x0123abcd", minibatch_size=500)
    assert pretrained("mnist", n_latent=2).facts.name == PLANE
    other = pretrained("mnist", n_latent=2, minibatch_size=500).facts
    assert other.name == f"{PLANE}-x0123abcd"
    assert other.choices["minibatch_size"] == 500


def test_of_several_that_fit_one_must_be_asked_for(few: Path) -> None:
    put(few, PLANE.replace("h500", "h100"), n_hidden=100)
    with pytest.raises(UserError, match=f"several of .*: ask by .* one of .*h100.*, {PLANE}"):
        pretrained("mnist", n_latent=2)
    assert pretrained("mnist", n_latent=2, n_hidden=500).facts.name == PLANE


@pytest.mark.parametrize("file", ["record.json", "weights.safetensors"])
def test_a_file_that_is_not_the_manifest_s_is_refused(file: str, few: Path) -> None:
    path = few / PLANE / file
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"{file} is not the file that belongs here \(its SHA-256"):
        pretrained("mnist", n_latent=2)


def test_damaged_weights_leave_the_other_models_as_they_are(few: Path) -> None:
    (few / PLANE / "weights.safetensors").write_bytes(b"")
    assert pretrained("mnist", n_latent=10).facts.name == TEN


@pytest.mark.parametrize("file", ["record.json", "weights.safetensors"])
def test_a_file_that_is_missing_is_named(file: str, few: Path) -> None:
    (few / PLANE / file).unlink()
    with pytest.raises(UserError, match=f"{file} (cannot be read|is missing)"):
        pretrained("mnist", n_latent=2)


@pytest.mark.parametrize("content", ["", "[1]", "3"])
def test_a_manifest_that_is_none_is_told(content: str, few: Path) -> None:
    (few / MANIFEST).write_text(content)
    with pytest.raises(UserError, match=r"manifest\.json is damaged: install vaelib again"):
        pretrained_models()


def test_an_installation_without_models_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_models, "data_folder", lambda name: tmp_path)
    with pytest.raises(UserError, match=r"no trained models lie in .*: install vaelib from its"):
        pretrained_models()
