"""Claims about where the learning curves of Figs 2 and 3 end, and how they compare."""

from __future__ import annotations

import pandas as pd

from companion.claims.evidence import (
    NOT_REPRODUCED,
    NOT_RUN,
    PARTLY,
    REPRODUCED,
    Evidence,
    Verdict,
    at_common_samples,
    judged,
    order,
)
from companion.experiments import paper_curves
from companion.experiments.curve_reading import SLACK
from companion.studies.beginnings import BEGINNING_TOLERANCE
from companion.studies.objective import interval
from companion.studies.paper_distance import distance_from_paper
from companion.wording import significant

# Agreement with the digitised curves, in nats per datapoint.
AGREEMENT_TOLERANCE = {"mnist": 4.0, "frey_face": 60.0}
SEEDS_COMPARED_AT = 10**6
PANEL = ["dataset", "n_latent"]
_NAMES = {"aevb": "AEVB", "wake_sleep": "wake-sleep", "mcem": "MCEM"}


def aevb_over_wake_sleep(evidence: Evidence) -> Verdict:
    """C4: panels of Fig. 2 in which AEVB's test bound ends above wake-sleep's."""
    curves = evidence.figure2_curves
    ends = at_common_samples(curves, PANEL, "algorithm", seed=evidence.seed)
    leads = _leads(ends)
    ahead = int((leads > 0).sum())
    samples = int(ends["training_samples"].min())
    text = (
        f"AEVB ahead in {ahead} of {len(leads)} panels at {_range(ends)} training samples"
        f"{_by_reference(ends)}, by {_leads_of(leads)}{_over_seeds(curves)}"
    )
    return judged(samples, ahead == len(leads), text, partly=ahead > len(leads) / 2)


def superfluous_latents(evidence: Evidence) -> Verdict:
    """C5: the train-test gap with 200 latent dimensions against that with 20."""
    curves = evidence.figure2_curves.query("algorithm == 'aevb' and dataset == 'mnist'")
    curves = curves[curves["n_latent"].isin((20, 200))]
    ends = at_common_samples(curves, ["dataset"], "n_latent", seed=evidence.seed)
    gaps = _gaps(ends)
    text = (
        f"train minus test bound: {gaps[20]:.2f} nats with 20 latent dimensions, {gaps[200]:.2f} "
        f"with 200, at {_range(ends)} samples{_by_reference(ends)}"
    )
    at_million = curves[curves["training_samples"] == SEEDS_COMPARED_AT]
    differences = [
        float(gap[200] - gap[20])
        for gap in (_gaps(points) for _, points in at_million.groupby("seed"))
        if {20, 200} <= set(gap.index)
    ]
    if len(differences) > 1:
        found = interval(differences)
        text += (
            f"; at {significant(SEEDS_COMPARED_AT)} the second is larger by {found.mean:.2f} "
            f"({found.low:.2f} to {found.high:.2f} over {len(differences)} seeds)"
        )
    samples = int(ends["training_samples"].min())
    return judged(samples, bool(gaps[200] < gaps[20] + 1), text, needed=10**7)


def marginal_likelihood_order(evidence: Evidence) -> Verdict:
    """C7: the order of the three algorithms in each panel and split of Fig. 3, as in the paper."""
    curves = evidence.figure3_curves
    ends = at_common_samples(curves, ["n_train"], "algorithm", seed=evidence.seed)
    ours = order(ends)
    theirs = order(paper_curves.digitised("figure3").query("training_samples <= 6e7"))
    agreeing = sum(ours[panel] == theirs[panel] for panel in theirs)
    first = {panel: algorithms[0] for panel, algorithms in ours.items()}
    text = (
        f"order as in the paper's curves in {agreeing} of {len(theirs)} at {_range(ends)} samples"
        f"{_by_reference(ends)}. The paper's words put AEVB first, its curves put MCEM first on "
        f"test data with the small set; there ours has {_NAMES[first['small', 'test']]} first"
        f"{_between_seeds(curves)}"
    )
    return judged(
        int(ends["training_samples"].min()),
        agreeing == len(theirs),
        text,
        needed=10**7,
        partly=agreeing > 0,
    )


def _between_seeds(curves: pd.DataFrame) -> str:
    """How far apart the algorithms of Fig. 3 end on the small set's test data, and the seeds."""
    small = curves[(curves["n_train"] == curves["n_train"].min()) & (curves["split"] == "test")]
    ends = pd.concat(
        at_common_samples(small, ["n_train"], "algorithm", seed=seed)
        for seed in small["seed"].unique()
    )
    last = ends[ends["training_samples"] * SLACK >= ends["training_samples"].max()]
    values = last.pivot_table(index="algorithm", columns="seed", values="value").dropna(axis=1)
    if values.shape[1] < 2:
        return ""
    means, ranges = values.mean(axis=1), values.max(axis=1) - values.min(axis=1)
    return (
        f", but over {values.shape[1]} seeds the three end {means.max() - means.min():.1f} nats "
        f"apart, and one of them differs between seeds by {ranges.max():.1f}"
    )


def mcem_at_scale(evidence: Evidence) -> Verdict:
    """C8: MCEM's train marginal likelihood with 50000 points against that with 1000."""
    curves = evidence.figure3_curves.query("algorithm == 'mcem' and split == 'train'")
    ends = at_common_samples(curves, ["split"], "n_train", seed=evidence.seed)
    values = ends.set_index("n_train")["value"].sort_index()
    small, large = values.iloc[0], values.iloc[-1]
    text = (
        f"train log-likelihood after equal training: {small:.1f} (small set), {large:.1f} (large), "
        f"at {_range(ends)} samples{_by_reference(ends)}"
    )
    return judged(int(ends["training_samples"].min()), large < small, text)


def few_or_many_hidden_units(evidence: Evidence) -> Verdict:
    """C11: AEVB's lead over wake-sleep with 100 to 1000 hidden units, at 10⁶ samples."""
    curves = evidence.hidden_units_curves
    points = curves[(curves["training_samples"] == SEEDS_COMPARED_AT) & (curves["split"] == "test")]
    wide = points.pivot_table(
        index=["n_hidden", "seed"], columns="algorithm", values="value"
    ).reindex(columns=["aevb", "wake_sleep"])
    leads = (wide["aevb"] - wide["wake_sleep"]).dropna()
    shown = {str(n): group.tolist() for n, group in leads.groupby("n_hidden")}
    repeated = {n: interval(values) for n, values in shown.items() if len(values) > 1}
    if len(repeated) < 2:
        return Verdict(NOT_RUN, "needs reference runs with several numbers of hidden units")
    listed = ", ".join(
        f"{found.mean:.1f} ({found.low:.1f} to {found.high:.1f}) with {n}"
        for n, found in repeated.items()
    )
    text = (
        f"AEVB's lead on the test bound, MNIST, 20 latent dimensions, "
        f"{significant(SEEDS_COMPARED_AT)} samples, in nats: {listed} hidden units"
    )
    ahead = [found.low > 0 for found in repeated.values()]
    return Verdict(REPRODUCED if all(ahead) else PARTLY if any(ahead) else NOT_REPRODUCED, text)


def distance_from_curves(evidence: Evidence) -> Verdict:
    """C14: the largest distance from the digitised curves, where both have points."""
    tables = []
    for curves, published in (
        (evidence.figure2_curves, paper_curves.digitised("figure2")),
        (evidence.figure3_curves, paper_curves.digitised("figure3")),
    ):
        own = curves[curves["seed"] == evidence.seed]
        until = float(published["training_samples"].max())
        tables.append(distance_from_paper(own, published, until=until))
    distances = pd.concat(tables, ignore_index=True)
    if distances.empty:
        return Verdict(NOT_RUN, "the paper's curves begin where these runs end")
    within = int((distances["largest"] <= distances["dataset"].map(AGREEMENT_TOLERANCE)).sum())
    listed = ", ".join(
        f"{largest.median():.1f} nats in the median and {largest.max():.1f} at most ({name})"
        for name, largest in distances.groupby("dataset")["largest"]
    )
    text = f"{within} of {len(distances)} curves within tolerance; largest distance {listed}"
    verdict = REPRODUCED if within == len(distances) else PARTLY if within else NOT_REPRODUCED
    return Verdict(verdict, text + _spread_of_seeds(evidence.figure2_curves))


def own_beginning(evidence: Evidence) -> Verdict:
    """R1: whether the reader's own runs are the reference's to the bit, where they must be.

    They must where both records tell of the same code, processor, libraries and threads. Elsewhere
    they must keep within a tolerance of the way that the curve has come.
    """
    table = evidence.beginnings
    if table.empty:
        return Verdict(NOT_RUN, "no reference run has the settings of these runs")
    exact = table["rounding"] == "same"
    relative = table["largest"] / table["scale"].clip(lower=1.0)
    holds = table["identical"].where(exact, relative <= BEGINNING_TOLERANCE)
    demands = {
        "same": "to the last bit, as code and processor are the same",
        "other": f"to {BEGINNING_TOLERANCE:.0%} of the way that they have come, where code or "
        "rounding is another",
        "not recorded": f"to {BEGINNING_TOLERANCE:.0%} of the way that they have come, where the "
        "rounding is not recorded",
    }
    listed = ", ".join(
        f"{int(holds[rows].sum())} of {rows.sum()} {demand}"
        for kind, demand in demands.items()
        if (rows := table["rounding"] == kind).any()
    )
    text = (
        f"runs that follow the reference: {listed}; {int(table['identical'].sum())} of all are "
        f"equal to the last bit; largest distance {table['largest'].max():.2g} nats, up to "
        f"{significant(table['until'].max())} samples"
    )
    verdict = REPRODUCED if holds.all() else PARTLY if holds.any() else NOT_REPRODUCED
    return Verdict(verdict, text)


def _leads(points: pd.DataFrame) -> pd.Series[float]:
    """AEVB's lead over wake-sleep on test data, by panel."""
    test = points[points["split"] == "test"].pivot(index=PANEL, columns="algorithm", values="value")
    test = test.reindex(columns=["aevb", "wake_sleep"])
    return (test["aevb"] - test["wake_sleep"]).dropna()


def _gaps(points: pd.DataFrame) -> pd.Series[float]:
    """Train minus test, by number of latent dimensions."""
    wide = points.pivot_table(index="n_latent", columns="split", values="value")
    return (wide["train"] - wide["test"]).dropna()


def _leads_of(leads: pd.Series[float]) -> str:
    listed = [
        f"{group.min():.1f} to {group.max():.1f} nats ({name})"
        for name, group in leads.groupby("dataset", sort=False)
    ]
    return " and ".join(listed)


def _over_seeds(curves: pd.DataFrame) -> str:
    """In how many panels the interval of the lead over seeds lies above zero."""
    points = curves[curves["training_samples"] == SEEDS_COMPARED_AT]
    found = {seed: _leads(group) for seed, group in points.groupby("seed")}
    if len(found) < 2:
        return ""
    leads = pd.DataFrame(found).dropna()
    if leads.empty:
        return ""
    clear = sum(interval(row).low > 0 for row in leads.to_numpy())
    return (
        f"; at {significant(SEEDS_COMPARED_AT)} its 95 % interval over {leads.shape[1]} seeds lies "
        f"above zero in {clear} of {len(leads)}"
    )


def _spread_of_seeds(curves: pd.DataFrame) -> str:
    points = curves[curves["training_samples"] == SEEDS_COMPARED_AT]
    several = points.groupby([*PANEL, "algorithm", "split"])["value"].agg(["std", "count"])
    several = several[several["count"] > 2]
    if several.empty:
        return ""
    median = several.groupby("dataset")["std"].median()
    listed = ", ".join(f"{value:.2g} ({name})" for name, value in median.items())
    return f"; for comparison, the standard deviation over seeds at 10⁶ in nats: {listed}"


def _range(points: pd.DataFrame) -> str:
    low, high = points["training_samples"].min(), points["training_samples"].max()
    return significant(low) if low == high else f"{significant(low)} to {significant(high)}"


def _by_reference(points: pd.DataFrame) -> str:
    return " (reference runs)" if points["reference"].any() else ""
