"""Appendix F drawn: full variational Bayes while it learns."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from vaelib.figures.checks import check_table
from vaelib.figures.theme import BLUE, INK, SKY, new_figure


def full_vb(curve: pd.DataFrame, *, log_evidence: float | None = None) -> Figure:
    """Appendix F: the bound L(φ; X)/N while training, and the price of θ that is inside it.

    The band reaches from the bound to what it would be without KL(q(θ) ‖ p(θ))/N.

    Args:
        curve: columns training_samples, full_bound, kl_theta (nats per datapoint), as
            `FullVB.step` reports them; smooth them first if they are single minibatches.
        log_evidence: log p(X)/N where it is known, a level that the bound cannot pass.

    Raises:
        UserError: for a table without these columns or rows.
    """
    check_table(curve, ("training_samples", "full_bound", "kl_theta"), figure="full VB")
    curve = curve.sort_values("training_samples")
    samples, bound = curve["training_samples"], curve["full_bound"]
    figure = new_figure(5.0, 3.2)
    axes = figure.add_subplot()
    axes.fill_between(
        samples,
        bound,
        bound + curve["kl_theta"],
        color=SKY,
        alpha=0.35,
        lw=0,
        label=r"$D_{KL}(q_\phi(\theta)\,\|\,p_\alpha(\theta))\,/\,N$",
    )
    axes.plot(samples, bound, color=BLUE, label=r"lower bound $\mathcal{L}(\phi;\mathbf{X})\,/\,N$")
    if log_evidence is not None:
        axes.axhline(
            log_evidence, color=INK, ls="--", lw=1.2, label=r"$\log\,p_\alpha(\mathbf{X})\,/\,N$"
        )
    axes.set(xlabel="training samples evaluated", ylabel="nats per datapoint")
    axes.margins(x=0.02)
    figure.legend(loc="outside lower center", ncols=3)
    return figure
