"""A lead is one curve minus another where both are, for each seed by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import pytest

from companion.experiments import paper_curves
from companion.experiments.leads import leads_of, over_seeds
from vaelib.errors import UserError

Values = Mapping[float, float]


def curves(of_algorithm: Mapping[str, Values], *, seed: int = 0) -> pd.DataFrame:
    rows = [
        ("mnist", 20, 50_000, "test", name, seed, samples, value)
        for name, values in of_algorithm.items()
        for samples, value in values.items()
    ]
    panel = ["dataset", "n_latent", "n_train", "split"]
    return pd.DataFrame(rows, columns=[*panel, "algorithm", "seed", "training_samples", "value"])


def by_place(leads: pd.DataFrame) -> dict[float, float]:
    return dict(zip(leads["training_samples"], leads["lead"], strict=True))


AEVB = {1e4: -200.0, 1e6: -110.0, 1e8: -100.0}


def test_a_lead_is_the_difference_at_each_point() -> None:
    leads = leads_of(curves({"aevb": AEVB, "wake_sleep": {1e4: -190.0, 1e6: -116.5, 1e8: -104.0}}))
    assert by_place(leads) == {1e4: -10.0, 1e6: 6.5, 1e8: 4.0}
    assert set(leads["over"]) == {"wake_sleep"}
    assert set(leads["seed"]) == {0}
    assert set(leads["dataset"]) == {"mnist"}


def test_the_leader_is_read_where_the_other_has_points_and_nowhere_beyond() -> None:
    """Halfway in log samples between −200 and −110 it stands at −155."""
    other = {9e3: -500.0, 9.9e3: -300.0, 1e5: -160.0, 1e8: -101.0, 1.01e8: -101.0, 1e9: -90.0}
    leads = by_place(leads_of(curves({"aevb": AEVB, "mcem": other})))
    assert leads == pytest.approx({9.9e3: 100.0, 1e5: 5.0, 1e8: 1.0, 1.01e8: 1.0})


def test_over_itself_a_curve_has_no_lead() -> None:
    published = paper_curves.digitised("figure2").query("algorithm == 'aevb'")
    twice = pd.concat([published, published.assign(algorithm="wake_sleep")])
    leads = leads_of(twice)
    assert len(leads) == len(published)
    assert (leads["lead"] == 0).all()


def test_two_that_change_places_change_the_sign() -> None:
    both = {"aevb": AEVB, "wake_sleep": {1e4: -190.0, 1e6: -116.5, 1e8: -104.0}}
    swapped = {"wake_sleep": both["aevb"], "aevb": both["wake_sleep"]}
    there, back = by_place(leads_of(curves(both))), by_place(leads_of(curves(swapped)))
    assert there == {place: -lead for place, lead in back.items()}


def test_rows_may_come_in_any_order() -> None:
    table = curves({"aevb": AEVB, "wake_sleep": {1e5: -160.0, 1e8: -104.0}})
    assert by_place(leads_of(table[::-1])) == by_place(leads_of(table))


def test_each_seed_is_compared_with_itself() -> None:
    table = pd.concat(
        [
            curves({"aevb": AEVB, "wake_sleep": {1e6: -115.0, 1e8: -104.0}}),
            curves({"aevb": {1e6: -112.0}, "wake_sleep": {1e6: -110.0}}, seed=1),
            curves({"aevb": {1e6: -109.0}, "wake_sleep": {1e6: -118.0}}, seed=2),
            curves({"aevb": {1e6: 0.0}}, seed=3),
        ]
    )
    leads = leads_of(table)
    assert sorted(leads["seed"]) == [0, 0, 1, 2]
    first, last = over_seeds(leads).sort_values("training_samples").to_dict("records")
    shown = ["lead", "low", "high", "n_seeds"]
    assert [first[name] for name in shown] == [5.0, -2.0, 9.0, 3]
    assert [last[name] for name in shown] == [4.0, 4.0, 4.0, 1]


def test_the_lead_shown_is_that_of_the_lowest_seed() -> None:
    other = curves({"aevb": {1e6: -112.0}, "wake_sleep": {1e6: -110.0}}, seed=1)
    first = curves({"aevb": {1e6: -112.0}, "wake_sleep": {1e6: -119.0}})
    (row,) = over_seeds(leads_of(pd.concat([other, first]))).to_dict("records")
    assert (row["lead"], row["low"], row["high"]) == (7.0, -2.0, 7.0)


def test_the_papers_lead_on_mnist_is_a_few_nats_at_its_end() -> None:
    leads = leads_of(paper_curves.digitised("figure2")).query("split == 'test'")
    late = leads.query("dataset == 'mnist' and 9e7 < training_samples < 1.1e8")
    assert set(late["n_latent"]) == {3, 5, 10, 20, 200}
    assert late["lead"].between(2, 7).all()


def test_figure3_has_two_leads() -> None:
    leads = leads_of(paper_curves.digitised("figure3"))
    assert set(leads["over"]) == {"wake_sleep", "mcem"}
    assert set(leads["n_train"]) == {1000, 50_000}


@pytest.mark.parametrize(
    "table",
    [
        curves({}),
        curves({"aevb": AEVB}),
        curves({"wake_sleep": AEVB}),
        curves({"aevb": {1e4: -1.0}, "wake_sleep": {1e6: -1.0}}),
    ],
    ids=["none", "the leader alone", "the other alone", "apart"],
)
def test_where_nothing_can_be_compared_there_is_no_lead(table: pd.DataFrame) -> None:
    leads = leads_of(table)
    assert leads.empty
    assert list(leads.columns) == [
        *("dataset", "n_latent", "n_train", "split", "over", "seed", "training_samples", "lead")
    ]
    assert over_seeds(leads).empty


def test_a_value_that_is_no_number_gives_no_lead() -> None:
    table = curves({"aevb": AEVB, "wake_sleep": {1e6: math.nan, 1e8: -104.0}})
    assert by_place(leads_of(table)) == {1e8: 4.0}


def test_curves_without_a_column_are_refused() -> None:
    with pytest.raises(UserError, match=r"^the curves to compare lack the column split, value: "):
        leads_of(curves({"aevb": AEVB}).drop(columns=["split", "value"]))


def test_curves_of_two_readings_at_once_are_refused() -> None:
    table = curves({"aevb": AEVB})
    with pytest.raises(UserError, match="two values at one place: pass the curves of one reading"):
        leads_of(pd.concat([table, table]))
