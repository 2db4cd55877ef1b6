"""The scoreboard: the paper's claims as checks on runs, each verdict computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from vaelib import datasets, experiments, paper, runs, studies
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
)
from vaelib.randomness import generator

# Agreement with the digitised curves, in nats per datapoint.
TOLERANCE = {"mnist": 4.0, "frey_face": 60.0}


def score_function_variance(evidence: Evidence) -> Verdict:
    """C1: the median over encoder parameters of the variance ratio, at the run's last weights."""
    variance = evidence.gradient_variance
    naive = (variance[studies.SCORE] / variance[studies.B]).median()
    baseline = (variance[studies.BASELINE] / variance[studies.B]).median()
    verdict = REPRODUCED if naive > 10 else PARTLY if naive > 1 else NOT_REPRODUCED
    return Verdict(
        verdict,
        f"median variance of the score-function gradient over the reparameterized one: {naive:.0f} "
        f"times ({baseline:.0f} with a baseline); MNIST, 20 latent dimensions",
    )


def estimator_b_variance(evidence: Evidence) -> Verdict:
    """C2: where estimator B varies less than A, in the value of the bound and in its gradient."""
    values = {}
    for n_latent in experiments.MNIST_LATENT:
        table = studies.estimator_variance(
            evidence.aevb("mnist", n_latent).model(),
            evidence.test_points("mnist", 200),
            repetitions=200,
            generator=generator(evidence.seed, "claim C2", n_latent),
        )
        variance = table.pivot(index="datapoint", columns="estimator", values="variance")
        values[n_latent] = float((variance["B"] < variance["A"]).mean())
    gradient = evidence.gradient_variance
    components = float((gradient[studies.B] < gradient[studies.A]).mean())
    typical = [*(share > 0.5 for share in values.values()), components > 0.5]
    verdict = REPRODUCED if all(typical) else PARTLY if any(typical) else NOT_REPRODUCED
    listed = ", ".join(f"{share:.0%} (N_z = {n})" for n, share in values.items())
    return Verdict(
        verdict,
        f"value: B varies less than A on {listed} of MNIST test points; "
        f"gradient: in {components:.0%} of the encoder's components (N_z = 20)",
    )


def aevb_over_wake_sleep(evidence: Evidence) -> Verdict:
    """C4: panels of Fig. 2 in which AEVB's test bound ends above wake-sleep's."""
    last = last_points(evidence.figure2)
    test = last[last["split"] == "test"].pivot(
        index=["dataset", "n_latent"], columns="algorithm", values="value"
    )
    lead = test["aevb"] - test["wake_sleep"]
    ahead = int((lead > 0).sum())
    samples = int(last["training_samples"].min())
    text = f"AEVB ahead in {ahead} of {len(lead)} panels at {samples:.0e} training samples"
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


def bound_noise(evidence: Evidence) -> Verdict:
    """C6: the variance of the average test bound over the noise."""
    variances = {}
    for dataset, n_latent in (("mnist", 20), ("frey_face", 20)):
        table = studies.bound_noise(
            evidence.aevb(dataset, n_latent).model(),
            datasets.load(dataset).test,
            repetitions=10,
            generator=generator(evidence.seed, "claim C6", dataset),
        )
        variances[dataset] = float(table["value"].var())
    listed = ", ".join(f"{value:.1e} nats² ({name})" for name, value in variances.items())
    verdict = REPRODUCED if max(variances.values()) < 1 else NOT_REPRODUCED
    return Verdict(verdict, f"variance of the average test bound: {listed}")


def marginal_likelihood_order(evidence: Evidence) -> Verdict:
    """C7: the order of the three algorithms in each panel and split of Fig. 3, as in the paper."""
    ours = order(last_points(evidence.figure3))
    theirs = order(paper.curves("figure3").query("training_samples <= 6e7"))
    agreeing = sum(ours[panel] == theirs[panel] for panel in theirs)
    samples = min(run.until or run.record.samples for run in evidence.figure3)
    text = f"order as in the paper in {agreeing} of {len(theirs)} curves at {samples:.0e} samples"
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


class Claim(NamedTuple):
    """A claim of the paper, and the check on it if there is one."""

    id: str
    statement: str
    where: str
    check: Callable[[Evidence], Verdict] | None = None


CLAIMS = (
    Claim(
        "C1",
        "The score-function gradient has very high variance, the reparameterized one has not.",
        "2.2",
        score_function_variance,
    ),
    Claim("C2", "Estimator B typically has less variance than A.", "2.3", estimator_b_variance),
    Claim("C3", "L = 1 suffices when M = 100.", "2.3"),
    Claim(
        "C4",
        "AEVB converges faster and to a better bound than wake-sleep, in all nine panels.",
        "Fig. 2",
        aevb_over_wake_sleep,
    ),
    Claim(
        "C5",
        "Superfluous latent variables do not cause overfitting.",
        "Fig. 2",
        superfluous_latents,
    ),
    Claim("C6", "The variance of the bound's estimator is below 1.", "Fig. 2", bound_noise),
    Claim(
        "C7",
        "The order of the algorithms in each panel of Fig. 3.",
        "Fig. 3",
        marginal_likelihood_order,
    ),
    Claim(
        "C8",
        "MCEM is not on-line and is inefficient with 50000 points.",
        "Fig. 3",
        mcem_at_scale,
    ),
    Claim("C9", "The likelihood estimator is good below 5 dimensions, not above.", "App. D"),
    Claim("C10", "The KL term regularises; no other regularisation is needed.", "2.3, 4"),
    Claim("C11", "The number of hidden units matters little for relative performance.", "5"),
    Claim("C12", "2-D manifolds are smooth and group similar digits.", "Fig. 4"),
    Claim("C13", "Samples sharpen as N_z grows from 2 to 20.", "Fig. 5"),
    Claim("C14", "Our curves agree with the paper's.", "Figs 2, 3", agreement),
)


def scoreboard(profile: str, *, seed: int = 0, device: str = "cpu") -> pd.DataFrame:
    """Every claim with its verdict.

    With a stand-in for the real data every claim reads "not run": the paper is not about it.

    Returns:
        columns id, claim, where, verdict, evidence.
    """
    evidence = Evidence(profile, seed, device)
    rows = []
    for claim in CLAIMS:
        if claim.check is None:
            verdict = Verdict(NOT_RUN, "this version has no check of it")
        elif evidence.stand_in:
            verdict = Verdict(NOT_RUN, "needs the real data")
        else:
            verdict = claim.check(evidence)
        rows.append((claim.id, claim.statement, claim.where, *verdict))
    return pd.DataFrame(rows, columns=["id", "claim", "where", "verdict", "evidence"])
