"""Worlds for the claims on gradients, bounds and likelihoods, each of them estimated."""

from __future__ import annotations

import numpy as np

from tests.companion.claims.altering import (
    EVEN,
    FALSE,
    HALF,
    TRUE,
    UNCLEAR,
    Other,
    at,
    both,
    by_seed,
    only,
    to,
)

OF_ESTIMATORS = [
    # Expected to be false before the check was asked. It asks of the repairs only that they are
    # noisier, which they are here: "repaired or not" is the second half of the claim.
    Other(
        "C1",
        "three times the variance: more, and not very high",
        to(of="ratios", ratio=3.0, low=2.7, high=3.3),
        HALF,
    ),
    Other("C1", "the sign is reversed", to(of="ratios", ratio=0.01, low=0.009, high=0.011), FALSE),
    Other(
        "C1",
        "fifty times the variance, or a half, or thousands",
        to(of="ratios", ratio=50.0, low=0.5, high=5000.0),
        UNCLEAR,
    ),
    Other(
        "C1",
        "half of the estimators gave no number",
        to(of="ratios", rows="ratio > 502", ratio=np.nan, low=np.nan, high=np.nan),
        UNCLEAR,
    ),
    # Thought of when the judging had been read or tried.
    Other(
        "C1",
        "no estimator gave a number",
        to(of="ratios", ratio=np.nan, low=np.nan, high=np.nan),
        UNCLEAR,
    ),
    Other(
        "C2",
        "B is the noisier one, in value and gradient",
        to(of="table", quieter=40, ratio=0.6, low=0.55, high=0.65),
        FALSE,
    ),
    Other(
        "C2",
        "a quieter value, and a noisier gradient",
        to(of="table", ratio=0.5, low=0.45, high=0.55),
        HALF,
    ),
    Other(
        "C2",
        "every second image, and gradients alike",
        to(of="table", images=2000, quieter=1010, ratio=1.02, low=0.98, high=1.06),
        EVEN,
    ),
    Other(
        "C2",
        "six images of eight, and a wide interval",
        to(of="table", images=8, quieter=6, ratio=1.4, low=0.5, high=3.0),
        UNCLEAR,
    ),
    Other(
        "C2",
        "the gradients gave no number",
        to(of="table", ratio=np.nan, low=np.nan, high=np.nan),
        UNCLEAR,
    ),
    Other(
        "C3",
        "more draws win 5 nats at equal cost",
        to(of="lead", equal_cost=lambda t: 5 + by_seed(t, 0.1), equal_data=9.0),
        FALSE,
    ),
    Other(
        "C3",
        "only ten draws win",
        to(of="lead", rows="n_samples == 10", equal_cost=lambda t: 5 + by_seed(t, 0.1)),
        HALF,
    ),
    Other(
        "C3",
        "one seed of three makes the mean",
        to(of="lead", equal_cost=at(-0.3, -0.2, 60.0, of="seed"), equal_data=0.0),
        UNCLEAR,
    ),
    Other(
        "C3",
        "at equal data more draws win; at equal cost they lose",
        to(of="lead", equal_data=lambda t: 8 + by_seed(t, 0.1)),
        TRUE,
    ),
    Other(
        "C3",
        "two seeds of three gave no number",
        to(of="lead", rows="seed > 0", equal_cost=np.nan, equal_data=np.nan),
        UNCLEAR,
    ),
    Other(
        "C6",
        "half of what is allowed",
        to(of="table", variance=lambda t: 0.5 + t.repetition / 99),
        TRUE,
    ),
    Other(
        "C6",
        "ten times as noisy, and more",
        to(of="table", variance=lambda t: 20 + t.repetition),
        FALSE,
    ),
    Other(
        "C6",
        "one draw of nine makes the mean",
        to(of="table", variance=lambda t: np.where(t["repetition"] == 4, 60, 0.2)),
        UNCLEAR,
    ),
    Other(
        "C6",
        "two repetitions",
        both(
            only("table", "repetition < 2"),
            to(of="table", variance=lambda t: 0.3 + 0.6 * t.repetition),
        ),
        UNCLEAR,
    ),
    Other(
        "C6",
        "every second repetition gave no number",
        to(of="table", rows="repetition % 2 == 1", variance=np.nan),
        UNCLEAR,
    ),
    # Thought of when the judging had been read or tried.
    Other(
        "C6",
        "Frey Face was not measured",
        only("table", "dataset == 'mnist'"),
        HALF,
    ),
    # Expected to be true before the check was asked. But the average over images, of which Fig. 3
    # is made, is wrong by 10 nats here, and a single image does not tell how often that happens.
    Other(
        "C9",
        "one image of a hundred makes the mean of the small models",
        to(of="table", rows="n_latent < 5 and datapoint == 7", error=1000.0),
        UNCLEAR,
    ),
    Other(
        "C9",
        "with many dimensions 60 estimates of 100 are no number, and the others are right",
        both(
            to(of="table", rows="n_latent > 5", error=0.05),
            to(of="table", rows="n_latent > 5 and datapoint < 60", error=np.nan),
        ),
        TRUE,
    ),
    Other(
        "C9",
        "good with many dimensions too",
        to(of="table", error=lambda t: t.datapoint / 999),
        HALF,
    ),
    Other(
        "C9",
        "good with many dimensions, bad with few",
        to(of="table", error=lambda t: np.where(t["n_latent"] < 5, 6.0, 0.05)),
        FALSE,
    ),
    Other(
        "C9",
        "with few dimensions 60 estimates of 100 are no number",
        to(of="table", rows="n_latent < 5 and datapoint < 60", error=np.nan),
        HALF,
    ),
]
