"""Claims about what is learned: the KL term, the latent plane, and samples."""

from __future__ import annotations

from companion.claims.evidence import Evidence, graded, judged
from companion.claims.verdict import Verdict
from companion.experiments import paper_grid
from companion.studies.latent_space import latent_accuracy, manifold_roughness
from companion.studies.objective import interval, kl_weight_bounds
from companion.studies.sample_quality import sample_quality
from companion.wording import significant
from vaelib import datasets

# A sheet whose neighbours differ by less than this share of what any two of its images differ by.
SMOOTH = 0.5


def kl_regularises(evidence: Evidence) -> Verdict:
    """C10: the test bound after training without the KL, and with other weights of it."""
    table = kl_weight_bounds(evidence.kl_weights)
    test = table[(table["split"] == "test") & (table["n_latent"] == 10)]
    by_seed = test.pivot(index="seed", columns="kl_weight", values="value")
    lead = {
        weight: interval(by_seed[1.0] - by_seed[weight])
        for weight in paper_grid.KL_WEIGHTS
        if weight != 1
    }
    regularises = lead[0.0].low > 0
    needs_no_weight = all(found.high > 0 for found in lead.values())
    listed = ", ".join(
        f"{found.mean:+.1f} ({found.low:+.1f} to {found.high:+.1f}) over weight {weight:g}"
        for weight, found in lead.items()
    )
    return Verdict(
        graded(regularises, needs_no_weight),
        f"nats of the test bound by which weight 1 of the KL leads: {listed}; "
        f"{significant(test['training_samples'].max())} samples, {len(by_seed)} seeds",
    )


def similar_digits_together(evidence: Evidence) -> Verdict:
    """C12: labels guessed from neighbours in the plane of codes, and the sheet's smoothness."""
    run = evidence.manifold
    table = latent_accuracy({2: run.model()}, datasets.load("mnist"))
    found = table.set_index("representation")
    roughness = manifold_roughness(run.model())
    grouped = float(found["low"]["VAE"]) > float(found["high"]["PCA"])
    smooth = roughness < SMOOTH
    listed = ", ".join(
        f"{share:.1%} ({low:.1%} to {high:.1%}) from {name}"
        for name, share, low, high in zip(
            table["representation"], table["accuracy"], table["low"], table["high"], strict=True
        )
    )
    return judged(
        run.samples,
        grouped and smooth,
        f"labels guessed from five neighbours: {listed}; neighbours on the sheet differ by "
        f"{roughness:.2f} of what any two images do",
        partly=grouped or smooth,
    )


def samples_sharpen(evidence: Evidence) -> Verdict:
    """C13: the grey of samples as the latent space grows, and their distance from the data."""
    group = evidence.figure5
    models = {run.config.n_latent: run.model() for run in group}
    table = sample_quality(
        models, evidence.test_points("mnist", 2000), seed=evidence.seed
    ).sort_values("n_latent")
    half = 1.96 * table["grey_error"]
    lower, upper = (table["grey"] - half).to_numpy(), (table["grey"] + half).to_numpy()
    steps = upper[1:] < lower[:-1]
    columns = (table["n_latent"], table["grey"], half, table["frechet"])
    listed = ", ".join(
        f"{grey:.0f} ± {error:.0f} nats, Fréchet distance {frechet:.0f} (N_z = {n_latent})"
        for n_latent, grey, error, frechet in zip(*columns, strict=True)
    )
    return judged(
        min(run.samples for run in group),
        bool(steps.all()),
        f"grey of a sample: {listed}",
        partly=bool(upper[-1] < lower[0]),
    )
