"""The grid is the paper's."""

from __future__ import annotations

import pytest

from companion.experiments import paper_grid
from companion.runs.evaluation import grid
from vaelib.errors import UserError


def test_figure_2_has_nine_panels_of_two_runs() -> None:
    configs = paper_grid.figure2()
    panels = {(c.dataset, c.n_latent) for c in configs}
    assert len(configs) == 18
    assert len(panels) == 9
    assert {c.n_hidden for c in configs if c.dataset == "mnist"} == {500}
    assert {c.n_hidden for c in configs if c.dataset == "frey_face"} == {200}


def test_figure_3_has_two_panels_of_three_runs() -> None:
    configs = paper_grid.figure3()
    assert len(configs) == 6
    assert {c.n_train for c in configs} == {1000, 50_000}
    assert {(c.n_latent, c.n_hidden) for c in configs} == {(3, 100)}


def test_profiles_differ_in_nothing_but_how_far_they_go() -> None:
    reach = []
    for name in paper_grid.PROFILES:
        groups = paper_grid.groups(name)
        assert list(groups) == list(paper_grid.GROUPS)
        for group, requests in groups.items():
            assert [r.config for r in requests] == paper_grid.GROUPS[group](0)
        reach.append([group[0].samples for group in groups.values()])
    assert reach == sorted(reach)
    assert max(reach[0][:4]) <= 100_000
    assert reach[-1][:4] == [100_000_000, 60_000_000, 100_000_000, 100_000_000]


def test_the_minibatches_are_compared_at_equal_cost() -> None:
    """Every run's last point on the grid lies within 1 % of the same number of decodings."""
    for name in paper_grid.PROFILES:
        requests = paper_grid.requests("minibatches", name)
        decodings = [grid(config, samples)[-1] * config.n_samples for config, samples in requests]
        assert max(decodings) < 1.01 * min(decodings)


def test_every_run_has_its_own_name() -> None:
    configs = {r.config for group in paper_grid.groups("quick").values() for r in group}
    assert len({c.slug for c in configs}) == len(configs)


def test_seed_reaches_every_run() -> None:
    groups = paper_grid.groups("quick", seed=7)
    figures = {r.config.seed for name in paper_grid.GROUPS for r in groups[name] if "fig" in name}
    assert figures == {7}
    studies = {r.config.seed for name in ("minibatches", "kl_weights") for r in groups[name]}
    assert studies == {7, 8, 9}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UserError, match="profile 'slow' is not known: use one of quick"):
        paper_grid.profile("slow")
    with pytest.raises(UserError, match="figure 'figure9' is not known"):
        paper_grid.requests("figure9", "quick")


def written(**samples: str) -> str:
    """A profile's YAML."""
    given = {**dict.fromkeys(paper_grid.GROUPS, "1000"), **samples}
    return "samples:\n" + "".join(f"  {group}: {text}\n" for group, text in given.items())


@pytest.mark.parametrize(
    "text", ["100000", "100_000", "1e5", "1E5", "1.0e+5", "100000.0", "'1e5'", "1.0e5", "0x186A0"]
)
def test_a_whole_number_may_be_written_in_any_way(text: str) -> None:
    """1e5 is text in YAML 1.1, and 1.0e+5 a float."""
    samples = paper_grid.parse_profile("mine", written(figure2=text)).samples
    assert samples == {**dict.fromkeys(paper_grid.GROUPS, 1000), "figure2": 100_000}
    assert type(samples["figure2"]) is int


@pytest.mark.parametrize(
    "text", ["-5", "0", "1.5", "1e-5", "abc", "", "[1]", "true", ".nan", ".inf", "1e400000000"]
)
def test_what_is_no_number_of_samples_is_named(text: str) -> None:
    message = r"^figure2 in profiles/mine\.yaml is .*: give a whole number \(int\) of at least 1$"
    with pytest.raises(UserError, match=message):
        paper_grid.parse_profile("mine", written(figure2=text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "for no figure: give"),
        ("[]", "for no figure: give"),
        ("samples: 5", "for no figure: give"),
        ("samples:\n  figure2: 5", "for figure2: give"),
        (written(figure9="5"), ", figure9: give"),
        ("samples: [", "is not YAML"),
        ("samples: \x00", "is not YAML"),
    ],
)
def test_a_profile_that_is_none_is_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        paper_grid.parse_profile("mine", text)
    assert "\n" not in str(raised.value)


def test_a_short_profile_leaves_no_run_without_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    few = paper_grid.parse_profile("mine", written(minibatches="5"))
    monkeypatch.setattr(paper_grid, "profile", lambda name: few)
    assert min(run.samples for run in paper_grid.requests("minibatches", "mine")) == 1


def test_a_seed_that_is_none_is_named() -> None:
    for seed in (-1, 1.5, True, "1"):
        with pytest.raises(UserError, match="seed is "):
            paper_grid.groups("quick", seed=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "samples"), [("010", 10), ("1_000", 1000), ("'100'", 100)])
def test_numbers_of_a_profile_are_what_people_mean(text: str, samples: int) -> None:
    assert paper_grid.parse_profile("mine", written(figure2=text)).samples["figure2"] == samples


@pytest.mark.parametrize("text", ["1:30", "0x", "~"])
def test_what_only_yaml_has_for_a_number_is_named(text: str) -> None:
    with pytest.raises(UserError, match=r"^figure2 in profiles/mine\.yaml is "):
        paper_grid.parse_profile("mine", written(figure2=text))
