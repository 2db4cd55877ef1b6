"""Trained models that come with the package: weights of the reference runs, each with its record.

They are read as plain data, `data/reference/`: a folder for each run with `record.json` and
`weights.safetensors`, and `manifest.json` with the SHA-256 of every file.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal, NamedTuple

from vaelib.checks.limits import Count, Whole, checked
from vaelib.errors import UserError
from vaelib.files import data_folder
from vaelib.model import VariationalAutoencoder
from vaelib.saving import content_of, unpack

MANIFEST = "manifest.json"
RECORD_FILE, WEIGHTS_FILE = "record.json", "weights.safetensors"
REMEDY = "install vaelib again, or take the file anew from its repository"
# The settings that every model is asked for by.
NAMED = ("dataset", "algorithm", "n_latent", "seed")
# The end of the name of a run that has other choices than the default.
OTHER_CHOICES = re.compile("-x[0-9a-f]{8}$")


class ModelFacts(NamedTuple):
    """What is known of a trained model.

    Attributes:
        name: of its run.
        dataset: "mnist" or "frey_face".
        algorithm: that trained it, "aevb" or "wake_sleep".
        n_latent: N_z.
        seed: of everything random.
        samples: training samples evaluated.
        test_bound: the lower bound on the test set at the end, in nats per datapoint.
        stepsize: Adagrad's, as it was chosen.
        choices: every other setting of the run, by name; a stepsize that was chosen is "auto".
        path: the file of its weights.
        n_bytes: the size of that file.
        sha256: its checksum.
    """

    name: str
    dataset: str
    algorithm: str
    n_latent: int
    seed: int
    samples: int
    test_bound: float
    stepsize: float
    choices: dict[str, Any]
    path: Path
    n_bytes: int
    sha256: str


class Pretrained(NamedTuple):
    """A trained model, what is known of it, and the whole record of its run."""

    model: VariationalAutoencoder
    facts: ModelFacts
    record: dict[str, Any]


def pretrained_models() -> list[ModelFacts]:
    """All trained models that come with the package, by name.

    Raises:
        UserError: if there are none here, or a record is not the one of the manifest.

    >>> {facts.dataset for facts in pretrained_models()} == {"mnist", "frey_face"}
    True
    """
    folder = data_folder("reference")
    weights = [name for name in sorted(_manifest(folder)) if name.endswith(f"/{WEIGHTS_FILE}")]
    return [_facts(folder, name.partition("/")[0]) for name in weights]


@checked
def pretrained(
    dataset: str,
    *,
    n_latent: Count,
    algorithm: Literal["aevb", "wake_sleep"] = "aevb",
    seed: Whole = 0,
    **choices: object,
) -> Pretrained:
    """A trained model that comes with the package; nothing is downloaded.

    Args:
        dataset: "mnist" or "frey_face".
        n_latent: N_z.
        algorithm: that trained it.
        seed: of its run.
        choices: other settings of its run, such as `minibatch_size=100`. Where several models fit,
            the one that has the default choices is meant.

    Returns:
        the model on the CPU, in its own dtype and in evaluation mode; its facts; and its record.

    Raises:
        UserError: if there is no such model or more than one, or a file is not the one of the
            manifest.

    >>> vae, facts, record = pretrained("mnist", n_latent=20)
    >>> vae.n_latent, facts.algorithm, facts.samples >= 10_000_000
    (20, 'aevb', True)
    """
    asked = {"dataset": dataset, "n_latent": n_latent, "algorithm": algorithm, "seed": seed}
    asked |= choices
    everything = pretrained_models()
    fitting = [facts for facts in everything if asked.items() <= _settings(facts).items()]
    usual = [facts for facts in fitting if not OTHER_CHOICES.search(facts.name)]
    chosen = usual or fitting
    if len(chosen) != 1:
        wish = ", ".join(f"{name} {value!r}" for name, value in asked.items())
        raise UserError(
            f"{'several' if chosen else 'none'} of the trained models here have {wish}: ask by "
            f"their settings for one of {', '.join(facts.name for facts in chosen or everything)}"
        )
    (facts,) = chosen
    folder = facts.path.parents[1]
    saved = unpack(_verified(folder, f"{facts.name}/{WEIGHTS_FILE}"), str(facts.path))
    model = VariationalAutoencoder(saved.encoder, saved.decoder, n_latent=saved.n_latent)
    return Pretrained(model.eval(), facts, _record(folder, facts.name))


def _settings(facts: ModelFacts) -> dict[str, object]:
    """All that a model can be asked for by: the settings of its run."""
    return facts.choices | {name: getattr(facts, name) for name in NAMED}


def _facts(folder: Path, name: str) -> ModelFacts:
    record = _record(folder, name)
    config, path = record["config"], folder / name / WEIGHTS_FILE
    if not path.is_file():
        raise UserError(f"{path} is missing: {REMEDY}")
    bounds = [
        point["value"]
        for point in record["curve"]
        if (point["split"], point["measure"]) == ("test", "lower_bound")
    ]
    return ModelFacts(
        name=name,
        **{key: config[key] for key in NAMED},
        samples=record["samples"],
        test_bound=bounds[-1],
        stepsize=record["stepsize"],
        choices={key: value for key, value in config.items() if key not in NAMED},
        path=path,
        n_bytes=path.stat().st_size,
        sha256=_manifest(folder)[f"{name}/{WEIGHTS_FILE}"],
    )


def _record(folder: Path, name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(_verified(folder, f"{name}/{RECORD_FILE}"))
    return record


def _manifest(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of the reference runs, by name."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError(
            f"no trained models lie in {folder}: install vaelib from its wheel or in its "
            "repository, which bring them along"
        )
    try:
        known: dict[str, str] = dict(json.loads(content_of(path)))
    except (ValueError, TypeError):
        raise UserError(f"{path} is damaged: {REMEDY}") from None
    return known


def _verified(folder: Path, name: str) -> bytes:
    """The bytes of a file of the reference runs, if they are those of the manifest."""
    content, expected = content_of(folder / name), _manifest(folder).get(name)
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise UserError(
            f"{folder / name} is not the file that belongs here (its SHA-256 is {found[:12]}…, not "
            f"{str(expected)[:12]}…): {REMEDY}"
        )
    return content
