"""Worlds for the claims on learning curves."""

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
    gap,
    lead,
    mcem_is,
    mixed,
    nats,
    only,
    to,
)

_WIDE = (
    "n_latent in [20, 200] and dataset == 'mnist' or n_latent in [10, 20] and dataset != 'mnist'"
)
_LATE = "training_samples >= 1e7"
OF_CURVES = [
    Other("C4", "a lead that is smaller than the paper's, and plain", lead(2.5, sooner=1.5), TRUE),
    Other("C4", "wake-sleep is ahead and sooner in every panel", lead(-10, sooner=0.5), FALSE),
    Other(
        "C4",
        "only on Frey Face",
        to(
            of="written",
            rows="dataset == 'mnist'",
            aevb=lambda t: t["wake_sleep"],
            wake_sleep=lambda t: t["aevb"],
        ),
        HALF,
    ),
    Other(
        "C4",
        "ahead on the way, and behind at the end",
        to(
            of="written",
            rows="training_samples > 3e6",
            aevb=lambda t: t["wake_sleep"] - 5 * nats(t),
        ),
        HALF,
    ),
    Other("C4", "ahead by what nobody would see", lead(0.1, noise=0.1), EVEN),
    Other("C4", "a large lead with a spread as large", lead(20, noise=400), UNCLEAR),
    Other("C4", "one seed only", only("written", "seed == 0"), UNCLEAR),
    Other(
        "C4",
        "wake-sleep was measured in four panels of nine",
        only("written", "dataset != 'mnist'"),
        UNCLEAR,
    ),
    Other(
        "C5",
        "every size has the same gap, of 8 nats: the test images are harder",
        # Expected was yes: what the smallest model has as well, superfluous latents do not cause.
        # But the paper's words are that there is no overfitting, and this is some.
        gap(lambda t: nats(t) * (8 + by_seed(t, 0.1))),
        FALSE,
    ),
    Other(
        "C5",
        "gaps open late, and with superfluous latents only",
        gap(lambda t: nats(t) * (15 + by_seed(t, 0.1)), f"({_WIDE}) and {_LATE}"),
        FALSE,
    ),
    Other(
        "C5",
        "they do on Frey Face only",
        gap(lambda t: nats(t) * 15, f"({_WIDE}) and {_LATE} and dataset != 'mnist'"),
        HALF,
    ),
    Other("C5", "seeds differ by 20 nats", gap(lambda t: nats(t) * by_seed(t, 20)), UNCLEAR),
    Other("C7", "all differences are half as large again", mixed(1.5), TRUE),
    Other("C7", "every order is reversed", mixed(-1.0), FALSE),
    Other("C7", "the right order, with differences that nobody would see", mixed(0.02), EVEN),
    Other(
        "C7",
        "wake-sleep is first until 8 million samples",
        to(
            of="written",
            rows="training_samples < 8e6 and algorithm == 'wake_sleep'",
            value=lambda t: t["value"] + 60,
        ),
        TRUE,
    ),
    Other(
        "C7",
        "seeds of each algorithm differ by 40 nats, and not together",
        to(
            of="written",
            value=lambda t: (
                t["value"]
                + by_seed(t, 40) * t["algorithm"].map({"aevb": 1, "wake_sleep": -1, "mcem": 0})
            ),
        ),
        UNCLEAR,
    ),
    Other("C8", "MCEM is AEVB's equal on both sets", mcem_is(lambda t: 0.0), FALSE),
    Other(
        "C8",
        "20 nats behind on either set: worse, but not by its size",
        mcem_is(lambda t: -20),
        FALSE,
    ),
    Other(
        "C8",
        "5 nats behind on the small set, 30 on the large one",
        mcem_is(at(-5, -30, of="n_train")),
        TRUE,
    ),
    Other(
        "C8",
        "behind, with seeds that differ by as much",
        mcem_is(at(0, -15, of="n_train"), noise=40),
        UNCLEAR,
    ),
    Other("C11", "ten times the lead at every width", to(lead=lambda t: 10 * t["lead"]), TRUE),
    Other(
        "C11",
        "wake-sleep leads at all but the paper's width",
        to(rows="n_hidden != 500", lead=-10.0),
        FALSE,
    ),
    Other(
        "C11",
        "the smallest width has no lead",
        to(rows="n_hidden == 100", lead=lambda t: by_seed(t, 0.1)),
        HALF,
    ),
    Other(
        "C11",
        "leads of 10 nats, seeds that differ by 60",
        to(lead=lambda t: 10 + by_seed(t, 60)),
        UNCLEAR,
    ),
    Other(
        "C14",
        "8 nats of MNIST aside, now above and now below: no mean of its own",
        to(of="written", apart=lambda t: nats(t) * np.where(np.arange(len(t)) % 2, 8.0, -8.0)),
        FALSE,
    ),
    Other(
        "C14",
        "exact at all points but the last one, which is 50 nats aside",
        to(
            of="written",
            apart=lambda t: (
                nats(t)
                * 50
                * t.groupby(
                    ["figure", "dataset", "n_latent", "n_train", "algorithm", "split", "seed"]
                )
                .cumcount(ascending=False)
                .eq(0)
            ),
        ),
        FALSE,
    ),
    Other(
        "C14",
        "Frey Face is aside by a third of its panel",
        to(of="written", rows="dataset != 'mnist'", apart=300.0),
        HALF,
    ),
    Other(
        "C14",
        "seeds scatter by ten times what is allowed",
        to(of="written", apart=lambda t: nats(t) * (3 + by_seed(t, 40))),
        UNCLEAR,
    ),
    Other(
        "C4",
        "wake-sleep is ahead and sooner in the smallest panel",
        to(
            of="written",
            rows="n_latent == 3",
            aevb=lambda t: t["wake_sleep"],
            wake_sleep=lambda t: t["aevb"],
        ),
        HALF,
    ),
    Other(
        "C4",
        "two seeds, of which one has no lead",
        both(lead(3, noise=30), only("written", "seed < 2")),
        UNCLEAR,
    ),
    Other(
        "C7",
        "with the large set AEVB gave no number",
        to(of="written", rows="n_train > 1000 and algorithm == 'aevb'", value=np.nan),
        HALF,
    ),
    Other(
        "C8",
        "one nat behind on the large set, and not on the small one",
        mcem_is(at(0, -1, of="n_train")),
        FALSE,
    ),
    Other("C11", "two widths gave no number", to(rows="n_hidden < 500", lead=np.nan), UNCLEAR),
    Other(
        "C14",
        "our curves of Frey Face are no numbers",
        to(of="written", rows="dataset != 'mnist'", apart=np.nan),
        HALF,
    ),
    # Thought of when the judging had been tried.
    Other(
        "C14",
        "every curve ceases to be a number after 50 million samples",
        to(of="written", rows="training_samples > 5e7", apart=np.nan),
        FALSE + UNCLEAR + HALF,
    ),
]
