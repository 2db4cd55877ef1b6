"""How much of the test bound a run lost by going on: section 5.1."""

from __future__ import annotations

import pandas as pd

from vaelib.checks.limits import Count, checked


@checked
def lost_to_overfitting(curves: pd.DataFrame, *, needed: Count) -> pd.DataFrame:
    """Claim C10: the best earlier point of each AEVB run's test curve, less its last one.

    Below zero the run was still climbing: what its last point won over the one before.

    Args:
        curves: from `runs.curves`, of one seed.
        needed: training samples; shorter runs are left out.

    Returns:
        columns dataset, n_latent, training_samples (of the last point), lost (nats).
    """
    test = curves[(curves["algorithm"] == "aevb") & (curves["split"] == "test")]
    rows = []
    for (dataset, n_latent), run in test.groupby(["dataset", "n_latent"], sort=False):
        *earlier, last = run.sort_values("training_samples")["value"]
        samples = int(run["training_samples"].max())
        if samples >= needed and earlier:
            rows.append((dataset, n_latent, samples, max(earlier) - last))
    return pd.DataFrame(rows, columns=["dataset", "n_latent", "training_samples", "lost"])
