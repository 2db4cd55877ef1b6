"""The digitised curves are those that the paper's text describes."""

from __future__ import annotations

from companion.experiments import paper_curves, paper_grid


def test_figure_2_has_every_panel_s_four_curves() -> None:
    table = paper_curves.digitised("figure2")
    panels = {
        (config.dataset, config.n_latent, config.algorithm, config.n_train)
        for config in paper_grid.figure2()
    }
    found = table.groupby(["dataset", "n_latent", "algorithm", "n_train"])["split"].nunique()
    assert set(found.index) == panels
    assert (found == 2).all()


def test_figure_3_has_every_panel_s_six_curves() -> None:
    table = paper_curves.digitised("figure3")
    runs = {(config.n_train, config.algorithm) for config in paper_grid.figure3()}
    found = table.groupby(["n_train", "algorithm"])["split"].nunique()
    assert set(found.index) == runs
    assert (found == 2).all()


def test_curves_rise_over_the_axis_of_the_paper() -> None:
    keys = ["dataset", "n_latent", "algorithm", "split"]
    mnist = paper_curves.digitised("figure2").query(
        "dataset == 'mnist' and training_samples <= 1e8"
    )
    for _, curve in mnist.sort_values("training_samples").groupby(keys):
        assert curve["value"].iloc[-1] > curve["value"].iloc[0]
