"""The weights of a run as they are published: a model's file, in half the room if that is free."""

from __future__ import annotations

import hashlib
from pathlib import Path

from companion.runs.assembly import load_data
from companion.runs.store import WEIGHTS, Run
from vaelib import elbo, saving
from vaelib.errors import DivergedError, UserError
from vaelib.model import VariationalAutoencoder
from vaelib.randomness import generator

# In nats per datapoint: the noise of one evaluation of the test bound is a few times larger.
HALF_WITHIN = 0.01


def published_weights(run: Run, before: Path) -> bytes:
    """The content of a file that `VariationalAutoencoder.load` reads.

    The weights are float16 where that changes the test bound, at the same noise, by less than
    `HALF_WITHIN`; otherwise, or where the run's data are not here to tell, they stay float32. The
    file says of itself which `run` it is of, after how many `samples`, by how much the bound was
    found to change (`half_changes_bound`, in nats per datapoint; null where it was not measured),
    and the SHA-256 of the weights that it was made `from`.

    Args:
        run: whose weights are wanted.
        before: where they were published earlier; the file is used again if it was made from the
            same weights.

    Raises:
        UserError: if the weights of the run, or its data, cannot be read.
    """
    model = run.model()
    origin = hashlib.sha256((run.folder / WEIGHTS).read_bytes()).hexdigest()
    if before.is_file():
        content = before.read_bytes()
        if _said(content, before).get("from") == origin:
            return content
    change = half_changes_bound(run, model)
    about = {
        "run": run.config.slug,
        "samples": run.record.samples,
        "half_changes_bound": change,
        "from": origin,
    }
    half = change is not None and abs(change) < HALF_WITHIN
    return saving.pack(model.encoder, model.decoder, half=half, about=about)


def half_changes_bound(run: Run, model: VariationalAutoencoder) -> float | None:
    """What the test bound gains if the weights are float16, at the same noise, in nats a datapoint.

    Returns:
        None if the data that the run was trained on are not here, or the bound is none any more.
    """
    data = load_data(run.config)
    if data.sha256 != run.record.data["sha256"]:
        return None
    halved = saving.unpack(saving.pack(model.encoder, model.decoder, half=True), "half the weights")
    other = VariationalAutoencoder(halved.encoder, halved.decoder, n_latent=halved.n_latent)
    try:
        before, after = (
            elbo.evaluate(each, data.test, generator=generator(run.config.seed, "published"))
            for each in (model, other)
        )
    except DivergedError:
        return None
    return after - before


def _said(content: bytes, path: Path) -> dict[str, object]:
    """What a file that was published says of itself; nothing if it is none of these."""
    try:
        return saving.unpack(content, str(path)).about
    except UserError:
        return {}
