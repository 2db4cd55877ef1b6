"""Claims about where the learning curves of Figs 2 and 3 end, and how they compare."""

from __future__ import annotations

import numpy as np

from vaelib import paper, runs
from vaelib.evidence import (
    NOT_REPRODUCED,
    NOT_RUN,
    PARTLY,
    REPRODUCED,
    Evidence,
    Verdict,
    judged,
    last_points,
    order,
    spaced,
)

# Agreement with the digitised curves, in nats per datapoint.
TOLERANCE = {"mnist": 4.0, "frey_face": 60.0}


def aevb_over_wake_sleep(evidence: Evidence) -> Verdict:
    """C4: panels of Fig. 2 in which AEVB's test bound ends above wake-sleep's."""
    last = last_points(evidence.figure2)
    test = last[last["split"] == "test"].pivot(
        index=["dataset", "n_latent"], columns="algorithm", values="value"
    )
    lead = test["aevb"] - test["wake_sleep"]
    ahead = int((lead > 0).sum())
    samples = int(last["training_samples"].min())
    text = f"AEVB ahead in {ahead} of {len(lead)} panels at {spaced(samples)} training samples"
    return judged(samples, ahead == len(lead), text, partly=ahead > len(lead) / 2)


def superfluous_latents(evidence: Evidence) -> Verdict:
    """C5: the train-test gap with 200 latent dimensions against that with 20."""
    gaps = {}
    for n_latent in (20, 200):
        last = last_points([evidence.aevb("mnist", n_latent)]).set_index("split")["value"]
        gaps[n_latent] = float(last["train"] - last["test"])
    run = evidence.aevb("mnist", 200)
    text = (
        f"train minus test bound: {gaps[20]:.2f} nats with 20 latent dimensions, "
        f"{gaps[200]:.2f} with 200"
    )
    return judged(run.until or run.record.samples, gaps[200] < gaps[20] + 1, text, needed=10**7)


def marginal_likelihood_order(evidence: Evidence) -> Verdict:
    """C7: the order of the three algorithms in each panel and split of Fig. 3, as in the paper."""
    ours = order(last_points(evidence.figure3))
    theirs = order(paper.curves("figure3").query("training_samples <= 6e7"))
    agreeing = sum(ours[panel] == theirs[panel] for panel in theirs)
    samples = min(run.until or run.record.samples for run in evidence.figure3)
    text = (
        f"order as in the paper in {agreeing} of {len(theirs)} curves at {spaced(samples)} samples"
    )
    return judged(
        samples, agreeing == len(theirs), text, needed=10**7, partly=agreeing > len(theirs) / 2
    )


def mcem_at_scale(evidence: Evidence) -> Verdict:
    """C8: MCEM's train marginal likelihood with 50000 points against that with 1000."""
    last = last_points(evidence.figure3)
    mcem = last[(last["algorithm"] == "mcem") & (last["split"] == "train")]
    values = mcem.set_index("n_train")["value"].sort_index()
    small, large = values.iloc[0], values.iloc[-1]
    samples = int(last["training_samples"].min())
    text = (
        f"train log-likelihood after equal training: {small:.1f} (small set), {large:.1f} (large)"
    )
    return judged(samples, large < small, text)


def agreement(evidence: Evidence) -> Verdict:
    """C14: the largest distance from the digitised curves of Fig. 2, where both have points."""
    table = runs.curves(evidence.figure2)
    keys = ["dataset", "n_latent", "algorithm", "split"]
    distances = []
    for panel, theirs in paper.curves("figure2").groupby(keys):
        ours = table[(table[keys] == list(panel)).all(axis=1)]
        reach = ours["training_samples"].max() if len(ours) else 0
        common = theirs[theirs["training_samples"] <= reach * 1.01]
        if len(common):
            at = np.interp(
                np.log(common["training_samples"]),
                np.log(ours["training_samples"]),
                ours["value"],
            )
            largest = float(np.abs(at - common["value"]).max())
            distances.append((panel[0], largest, largest <= TOLERANCE[str(panel[0])]))
    if not distances:
        return Verdict(NOT_RUN, "the paper's curves begin where these runs end")
    within = sum(inside for *_, inside in distances)
    worst = {name: max(d for n, d, _ in distances if n == name) for name, *_ in distances}
    listed = ", ".join(f"{value:.1f} nats ({name})" for name, value in worst.items())
    text = f"{within} of {len(distances)} curves within tolerance; largest distance {listed}"
    verdict = REPRODUCED if within == len(distances) else PARTLY if within else NOT_REPRODUCED
    return Verdict(verdict, text)
