"""Small inputs for every figure, and what is read back from one."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from companion.experiments.leads import leads_of
from companion.figures.gradient_estimates import draw_gradient_estimates
from companion.figures.likelihood import (
    draw_likelihood_by_dimension,
)
from companion.figures.theme import ESTIMATOR_COLOURS, PALETTE
from companion.studies.separate_peaks import PosteriorSlice
from vaelib.model import VariationalAutoencoder, build

SHAPE = (4, 3)
COLUMNS = [
    *("training_samples", "split", "measure", "value"),
    *("dataset", "algorithm", "n_latent", "n_train", "seed"),
]
MNIST_LATENT, FREY_LATENT = (3, 5, 10, 20, 200), (2, 5, 10, 20)


def model(n_latent: int) -> VariationalAutoencoder:
    generator = torch.Generator().manual_seed(n_latent)
    return build(n_pixels=12, n_hidden=5, n_latent=n_latent, init_std=1.0, generator=generator)


def curves(measure: str = "lower_bound", *, n_train: int = 50_000) -> pd.DataFrame:
    """A run of each algorithm that begins far below every axis."""
    names = ["aevb", "wake_sleep"] + (["mcem"] if measure == "marginal_log_likelihood" else [])
    panels = [("mnist", n) for n in (MNIST_LATENT if len(names) == 2 else (3,))]
    panels += [("frey_face", n) for n in FREY_LATENT] if len(names) == 2 else []
    rows = [
        (10_000 * 2**k, split, measure, -100.0 * 2 ** (3 - k), dataset, name, n, n_train, 0)
        for dataset, n in panels
        for name in names
        for split in ("train", "test")
        for k in range(5)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def curves3() -> pd.DataFrame:
    return pd.concat([curves("marginal_log_likelihood", n_train=n) for n in (1000, 50_000)])


def leads() -> pd.DataFrame:
    return leads_of(_ahead(curves()))


def leads3() -> pd.DataFrame:
    return leads_of(_ahead(curves3()))


def _ahead(table: pd.DataFrame) -> pd.DataFrame:
    """AEVB leads by three nats throughout."""
    return table.assign(value=table["value"] + 3.0 * (table["algorithm"] == "aevb"))


def svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.axison]


def colours(axes: Axes) -> set[str]:
    return {to_hex(line.get_color()).upper() for line in axes.lines if len(line.get_xdata())}


def decomposition_table() -> pd.DataFrame:
    std = np.linspace(0.2, 2, 7)
    kl = std**2 / 2 - 0.5 - np.log(std)
    return pd.DataFrame(
        {"mean": 0.5, "std": std, "log_evidence": -1.0, "bound": -1.0 - kl, "kl": kl}
    )


def density_table() -> pd.DataFrame:
    z = np.linspace(-4, 4, 50)
    bell = np.exp(-(z**2) / 2)
    return pd.DataFrame({"z": z, "prior": bell, "likelihood": bell, "posterior": bell, "q": bell})


def directions_table() -> pd.DataFrame:
    z = np.linspace(-4, 4, 50)
    narrow, wide = np.exp(-2 * z**2), np.exp(-(z**2) / 2)
    return pd.DataFrame({"z": z, "posterior": wide, "aevb": narrow, "wake_sleep": wide})


def gradient_table() -> pd.DataFrame:
    rows = [
        (estimator, "mean.weight", component, (10.0 ** (7 - place)) * (1 + component))
        for place, estimator in enumerate(ESTIMATOR_COLOURS)
        for component in range(5)
    ]
    return pd.DataFrame(rows, columns=["estimator", "parameter", "component", "variance"])


def training_table() -> pd.DataFrame:
    tables = [
        gradient_table().assign(training_samples=samples, parameter=f"{layer}.weight")
        for samples in (0, 1000, 10_000)
        for layer in ("mean", "log_variance")
    ]
    return pd.concat(tables)


def estimator_table() -> pd.DataFrame:
    rows = [(i, e, v) for i in range(4) for e, v in (("A", 2.0 + i), ("B", 3.0))]
    return pd.DataFrame(rows, columns=["datapoint", "estimator", "variance"])


def likelihood_table() -> pd.DataFrame:
    rows = [(i, e, 0.1 * i) for i in range(4) for e in ("lower bound", "Appendix D")]
    return pd.DataFrame(rows, columns=["datapoint", "estimator", "error"])


def settings_table() -> pd.DataFrame:
    rows = [
        ("importance sampling", k, None, None, None, -1.0 / k - i)
        for k in (1, 10)
        for i in range(4)
    ]
    rows += [
        ("Appendix D", n, steps, density, "prior", 0.01 * i)
        for n, steps, density in ((50, 4, "gaussian"), (200, 4, "gaussian"), (50, 4, "kde"))
        for i in range(4)
    ]
    columns = ["estimator", "n_samples", "n_leapfrog", "density", "start", "error"]
    return pd.DataFrame(rows, columns=columns)


def dimension_table() -> pd.DataFrame:
    rows = [(d, n, d * i / n) for d in (2, 20) for n in (50, 200) for i in range(4)]
    return pd.DataFrame(rows, columns=["n_latent", "n_samples", "error"])


def by_dimension(table: pd.DataFrame) -> Figure:
    return draw_likelihood_by_dimension(table, tolerance=1.0)


def full_vb_table() -> pd.DataFrame:
    return pd.DataFrame(
        {"training_samples": [100, 200], "full_bound": [-3.0, -2.0], "kl_theta": [0.5, 0.6]}
    )


def objective_table() -> pd.DataFrame:
    rows = [
        (m, n, seed, "test", decodings, -200.0 + decodings / 100 + seed)
        for m, n in ((100, 1), (100, 10), (10, 10))
        for seed in (0, 1)
        for decodings in (1000, 2000)
    ]
    names = ["minibatch_size", "n_samples", "seed", "split", "decodings", "value"]
    return pd.DataFrame(rows, columns=names)


def gap_table() -> pd.DataFrame:
    return pd.DataFrame({"gap": [1e-6, 1e-3, 2.0], "kl": [1e-6, 1e-3, 2.0]})


def convergence_table() -> pd.DataFrame:
    rows = [
        (name, start, 100 * 10**k, (1 + start) * 10.0**-k)
        for name in ("aevb", "wake_sleep", "mcem")
        for start in range(3)
        for k in range(4)
    ]
    return pd.DataFrame(rows, columns=["algorithm", "start", "training_samples", "gap"])


def overfitting_table() -> pd.DataFrame:
    rows = [
        (method, n, 1000 * k, -100.0 + k, -100.0 - k)
        for method in ("maximum likelihood", "MAP", "full VB")
        for n in (100, 1000)
        for k in (1, 2)
    ]
    columns = ["method", "n_train", "training_samples", "train_bound", "test_bound"]
    return pd.DataFrame(rows, columns=columns)


def price_table() -> pd.DataFrame:
    return pd.DataFrame({"incoming": [10.0, 11.0], "outgoing": [500.0, 0.0]})


def spread_table() -> pd.DataFrame:
    return pd.DataFrame({"radius": [0.0, 1.0], "spread": [0.1, 0.2]})


def efficiency_table() -> pd.DataFrame:
    rows = [(n, target, 0.01 * n) for n in (1, 10) for target in (0.8, 0.9)]
    return pd.DataFrame(rows, columns=["n_leapfrog", "acceptance", "ess_per_gradient"])


def error_table() -> pd.DataFrame:
    return pd.DataFrame({"stepsize": [0.2, 0.1], "error": [0.5, 0.1]})


def tuning_table() -> pd.DataFrame:
    rows = [(first, k, 0.1 + first / k, 0.9) for first in (0.01, 1.0) for k in (1, 2)]
    return pd.DataFrame(rows, columns=["first", "transition", "stepsize", "acceptance"])


def gradient_estimates(std: float) -> Figure:
    epsilon = torch.linspace(-2, 2, 9)
    estimates = {"pathwise": 2 * epsilon, "score function": epsilon**3}
    return draw_gradient_estimates(torch.square, 0.5, std, epsilon[::4], estimates, exact=1.0)


def log_density(z: Tensor) -> Tensor:
    return -0.5 * z.square().sum(-1)


PATH = torch.tensor([[0.0, 0.0], [1.0, 0.5], [0.2, -0.7]])
CODES = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
RANKS = torch.tensor([[0, 3], [1, 3], [2, 0], [1, 1]])
IMAGES = torch.linspace(0, 1, 84).reshape(7, 12)


def deviations_table() -> pd.DataFrame:
    return pd.DataFrame(
        [("Default", "as in this book", base, 2.0) for base in ("mnist", "frey_face")]
        + [("Warm-up", "none", "mnist", 5.0), ("Leapfrog steps", "5", "mcem", 1.0)],
        columns=["matter", "choice", "base", "distance"],
    )


def rule_table() -> pd.DataFrame:
    rows = [
        (label, algorithm, seed, samples, -30.0 + seed, lead)
        for label, algorithm in (("one", "aevb"), ("other", "wake_sleep"))
        for seed in range(2)
        for samples, lead in ((500_000, -2.0), (1_000_000, 4.0))
    ]
    return pd.DataFrame(rows, columns=["label", "algorithm", "seed", "samples", "seen", "reached"])


def two_peaks() -> PosteriorSlice:
    axis = torch.linspace(-1.0, 3.0, 21)
    density = -10.0 * torch.minimum(axis.square(), (axis - 2.0).square()).expand(21, 21)
    codes = torch.tensor([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    return PosteriorSlice(axis, axis, density, codes[:, :2], codes, 10.0)


def prints_table() -> pd.DataFrame:
    return pd.DataFrame(
        [("wake_sleep", 2.7e5, 5.4e5, 320.0, 840.0), ("aevb", 4.5e5, 9.0e5, 450.0, 800.0)],
        columns=["algorithm", "first", "second", "value", "slope"],
    )


def averages_table() -> pd.DataFrame:
    rows = [
        (name, size, seed, size * update, 577.0 - 1100.0 * min(1.0, 126 / update))
        for name in ("wake_sleep", "aevb")
        for size, seeds in ((100, 1), (500, 2))
        for seed in range(seeds)
        for update in (1, 100, 300, 900)
    ]
    columns = ["algorithm", "minibatch_size", "seed", "training_samples", "average"]
    return pd.DataFrame(rows, columns=columns)


def printed_curves() -> pd.DataFrame:
    rows = [
        (name, samples, value)
        for name in ("wake_sleep", "aevb")
        for samples, value in ((3.2e5, 370.0), (1e6, 570.0), (1e8, 580.0))
    ]
    return pd.DataFrame(rows, columns=["algorithm", "training_samples", "value"])


def lines(axes: Axes, name: str, linestyle: str) -> list[Line2D]:
    """The curves in the colour of an algorithm, or of the paper."""
    return [
        line
        for line in axes.lines
        if to_hex(line.get_color()).upper() == PALETTE[name]
        and line.get_linestyle() == linestyle
        and len(line.get_xdata())
    ]
