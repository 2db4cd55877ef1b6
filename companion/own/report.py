"""The report on a run on your own data: one file that needs no other, readable on any screen."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from companion.figures.theme import use_theme
from companion.own.assessment import ACTIVE, N_WEIGHTS, Assessment
from companion.own.drawn import (
    draw_active_units,
    draw_code_plane,
    draw_own_curve,
    draw_own_decodings,
    draw_own_samples,
)
from companion.own.inspection import Inspection
from companion.own.reading import describe_shape
from companion.runs.store import Run
from companion.wording import number, significant
from vaelib.datasets import Dataset
from vaelib.files import write_atomically
from vaelib.model import VariationalAutoencoder

PIXELS_AN_INCH = 96


class _Shown(NamedTuple):
    """A figure with its words; `alt` says what is seen, for who does not see it."""

    id: str
    title: str
    alt: str
    caption: str
    source: str
    width: int
    height: int


def write_report(
    path: Path,
    run: Run,
    model: VariationalAutoencoder,
    data: Dataset,
    seen: Inspection,
    found: Assessment,
    warnings: Sequence[str],
) -> None:
    """Write the report on a run; every number is `found`'s or the record's.

    Args:
        path: of the file, which is replaced whole.
        run, model, data: what was trained, on what.
        seen, found, warnings: what was seen of the data, and of the model.

    Raises:
        OSError: if it cannot be written.
    """
    text = resources.files(__package__).joinpath("report.html").read_text("utf-8")
    template = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    ).from_string(text)
    with mpl.rc_context():
        use_theme()
        figures = _figures(run, model, data, seen, found)
    fixed = [("worth", "Worth"), ("warnings", "Warnings"), ("data", "Data")]
    content = template.render(
        title=f"{data.requested}: a report",
        contents=[*fixed, *((one.id, one.title) for one in figures), ("run", "The run")],
        rows=[
            ("train", "lower bound, training", found.train_bound),
            ("test", "lower bound, held out", found.test_bound),
            ("likelihood", "log p(x), held out", found.log_likelihood),
            ("there", "lower bound, the same points", found.bound_there),
        ],
        figures=figures,
        settings=_settings(run, data),
        n_latent=run.config.n_latent,
        n_train=len(data.train),
        n_test=len(data.test),
        n_weights=N_WEIGHTS,
        active=ACTIVE,
        found=found,
        seen=seen,
        warnings=warnings,
        number=number,
        significant=significant,
    )
    write_atomically(path, content.encode())


def _figures(
    run: Run, model: VariationalAutoencoder, data: Dataset, seen: Inspection, found: Assessment
) -> list[_Shown]:
    x, shape = data.test, seen.shape
    test = [point for point in run.record.curve if point.split == "test"]
    rise = (
        f"The held-out bound goes from {number(test[0].value, 1)} nats after "
        f"{number(test[0].training_samples)} training samples to {number(test[-1].value, 1)} after "
        f"{number(test[-1].training_samples)}."
        if test
        else "It has no point yet."
    )
    kind = describe_shape(shape)
    return [
        _shown(
            "curve",
            "Learning curve",
            draw_own_curve(run),
            f"Two curves against training samples on a logarithmic axis. {rise}",
            "The lower bound while training, on training points (dashed) and on held-out points. "
            "Where the two part, the model learns its training points by heart.",
        ),
        _shown(
            "reconstructions",
            "Reconstructions",
            draw_own_decodings(model, x, shape),
            f"Held-out datapoints of {kind}, each with what the decoder makes of its code.",
            "Held-out datapoints, and below each, or over it, the mean of p(x|z) at the mean of "
            "q(z|x).",
        ),
        _shown(
            "samples",
            "Samples",
            draw_own_samples(model, x, shape, seed=run.config.seed),
            f"Means of the decoder for random codes, each of {kind}.",
            "Means of p(x|z) for draws of z from the prior: what the model believes data to be.",
        ),
        _shown(
            "plane",
            "Plane of codes",
            draw_code_plane(model, x, found),
            "A cloud of points, one for each held-out datapoint, within and around a dotted circle."
            if len(found.kl) > 1
            else "A histogram of the codes of held-out datapoints.",
            "The means of q(z|x) of held-out datapoints, in the two latent dimensions where they "
            "vary most. The dotted circle holds 95 % of the prior.",
        ),
        _shown(
            "units",
            "Active units",
            draw_active_units(found),
            f"A bar for each of {len(found.kl)} latent dimensions, from the largest divergence, "
            f"{number(max(found.kl), 2)} nats, to the smallest, {number(min(found.kl), 2)}.",
            "What each latent dimension costs: its part of the KL divergence, averaged over "
            "held-out datapoints. Dimensions that are not used are red, and cost next to nothing.",
        ),
    ]


def _shown(id: str, title: str, figure: Figure, alt: str, caption: str) -> _Shown:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    source = f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"
    width, height = (round(inches * PIXELS_AN_INCH) for inches in figure.get_size_inches())
    return _Shown(id, title, alt, caption, source, width, height)


def _settings(run: Run, data: Dataset) -> list[tuple[str, Any]]:
    """What decides the run's numbers, and where it was computed."""
    record = run.record
    here = record.segments[-1]["environment"]
    return [
        ("run", str(record.config)),
        ("data", data.source),
        ("SHA-256 of the data", data.sha256),
        ("training samples", record.samples),
        ("stepsize", f"{record.stepsize:g}"),
        ("seed", record.config.seed),
        ("seconds", f"{record.seconds:.0f}"),
        ("vaelib, PyTorch, Python", f"{here['vaelib']}, {here['torch']}, {here['python']}"),
        ("device", f"{here['device']} ({here['device_name']})"),
    ]
