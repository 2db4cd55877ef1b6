"""The paper's own curves, digitised from its figures."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from vaelib.checks.limits import checked
from vaelib.files import data_folder

Figure = Literal["figure2", "figure3"]


@checked
def digitised(figure: Figure) -> pd.DataFrame:
    """The curves of Fig. 2 or Fig. 3, read from the vector paths of the published PDF.

    Returns:
        columns dataset, algorithm, n_latent, n_train, split, training_samples, value (nats per
        datapoint: the bound in Fig. 2, the marginal log-likelihood in Fig. 3). The reading error
        is about 0.1 nat for MNIST, 2 nats for Frey Face, and 1 % in training samples.
    """
    table = pd.read_csv(data_folder("paper") / f"{figure}.csv")
    if figure == "figure2":
        n_train = table["dataset"].map({"mnist": 50_000, "frey_face": 1_500})
        return table.rename(columns={"lower_bound": "value"}).assign(n_train=n_train)
    return table.rename(columns={"marginal_log_likelihood": "value"}).assign(
        dataset="mnist", n_latent=3
    )
