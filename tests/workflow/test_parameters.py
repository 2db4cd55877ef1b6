"""A chapter shows those of profile, device and seed that it reads, and depends on no other."""

from __future__ import annotations

from pathlib import Path

import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from places import ROOT

from vaelib.errors import UserError
from workflow import chapters, keys, myst, parameters
from workflow.chapters import Page
from workflow.execute_chapter import prepare
from workflow.settings import Settings

PAGES = [page for page in chapters.pages(ROOT) if page.computes]
CHOSEN = Settings("paper", "cuda:1", 12)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("print(profile)", ["profile"]),
        ("f(device=device)", ["device"]),
        ("def f():\n    return [seed for _ in range(3)]", ["seed"]),
        ("f = lambda: (seed, profile)", ["profile", "seed"]),
        ("class A:\n    b = device", ["device"]),
        ("print(f'{seed + 1:02d}')", ["seed"]),
        ("await f(seed)", ["seed"]),
        ("%timeit f(seed)", ["seed"]),
        ("%%time\nf(device)", ["device"]),
        ("%%bash\necho $seed", ["seed"]),
        ("if True:\n    %time f(1)\nf(profile)", ["profile"]),
        (
            "print([f(seed) for f in a], {seed: f for f in a}, {profile for f in a})",
            ["profile", "seed"],
        ),
        ("a = [seed for seed in b], {seed for seed in b}, {seed: 1 for seed in b}", []),
        ("a = [b for seed in c for b in seed], sum(device for device in c)", []),
        ("profile = 1; seed = 2", []),
        ("def f(seed):\n    return seed", []),
        ("def f():\n    seed = 1\n    return lambda: seed", []),
        ("f(seed=1); a.seed; a['profile']; 'device'  # seed", []),
        ("import torch.device as d", []),
        ("%matplotlib inline", []),
        ("", []),
    ],
)
def test_what_is_read_is_seen(tmp_path: Path, code: str, read: list[str]) -> None:
    (tmp_path / "one.md").write_text(f"```{{code-cell}} python\n{code}\n```\n")
    assert Page(tmp_path / "one.md").reads == read


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_chapter_shows_what_it_reads_with_the_values_that_were_chosen(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    notebook = prepare(page, CHOSEN)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == bool(page.reads)
    shown: dict[str, object] = {}
    for cell in tagged:
        exec(cell.source, shown)
    known = {name: value for name, value in shown.items() if name in parameters.PARAMETERS}
    assert known == {name: vars(CHOSEN)[name] for name in page.reads}


def test_some_chapters_read_no_profile_and_no_device() -> None:
    without = [page.name for page in PAGES if "profile" not in page.reads]
    assert {"b_gaussian_kl", "s2_method", "status"} <= set(without)
    assert len(without) >= 11


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_key_changes_with_the_settings_that_a_chapter_reads_and_no_others(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "files", lambda *paths: "")
    monkeypatch.setattr(keys, "source_hash", lambda *modules: "")

    def key(profile: str, device: str, seed: int) -> str:
        return keys.chapter(page, Settings(profile, device, seed), runs=[], datasets=[])

    others = [key("paper", "cpu", 0), key("quick", "cuda", 0), key("quick", "cpu", 1)]
    changed = [other != key("quick", "cpu", 0) for other in others]
    assert changed == [name in page.reads for name in parameters.PARAMETERS]


def written(source: str, read: list[str], *more: str) -> str:
    """The parameters cell with that source, after it was written."""
    cells = [new_code_cell(cell, metadata={"tags": ["parameters"]}) for cell in (source, *more)]
    notebook = new_notebook(cells=cells)
    parameters.write(notebook, "one", vars(CHOSEN), read)
    return str(notebook.cells[0].source)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('profile = "quick"  # or paper\nn = 3', 'profile = "paper"  # or paper\nn = 3'),
        ("profile = 'q'; seed = 0", 'profile = "paper"; seed = 12'),
        ("# étude\nseed=0# of é", "# étude\nseed=12# of é"),
        ("é = 'é'; seed = 0", "é = 'é'; seed = 12"),
        ("%matplotlib inline\nseed = 0", "%matplotlib inline\nseed = 12"),
        (
            "half_seed = 1\nseed = 0\nprint('seed = 0')",
            "half_seed = 1\nseed = 12\nprint('seed = 0')",
        ),
    ],
)
def test_the_parameters_cell_gets_the_values_and_keeps_the_rest(source: str, shown: str) -> None:
    assert written(source, [name for name in parameters.PARAMETERS if name in shown]) == shown


@pytest.mark.parametrize(
    ("sources", "read", "said"),
    [
        (["n = 1"], ["seed"], "reads seed and does not set it: add the line `seed = ...`"),
        (["seed = 0"], ["seed", "device"], "reads device and does not set it"),
        (["seed: int = 0"], ["seed"], "reads seed and does not set it: add the line `seed = ...`"),
        (["seed = int()"], ["seed"], "reads seed and does not set it: add the line `seed = ...`"),
        (["seed = 0\nprofile = 'x'"], ["seed"], "sets profile in its parameters cell and never"),
        (["seed = 0", "seed = 0"], ["seed"], "has 2 cells tagged parameters: leave it only one"),
    ],
)
def test_a_chapter_that_shows_something_else_than_it_reads_is_refused(
    sources: list[str], read: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=rf"^chapter one {said}"):
        written(sources[0], read, *sources[1:])


def test_a_chapter_that_reads_none_needs_no_cell_for_them() -> None:
    notebook = new_notebook(cells=[new_code_cell("1")])
    parameters.write(notebook, "one", vars(CHOSEN), [])
    assert notebook.cells[0].source == "1"


def test_lines_of_magic_are_passed_over_and_no_others() -> None:
    assert myst.without_magic("%pip x\na % b\nif a:\n    !ls\n") == "pass\na % b\nif a:\n    pass\n"


@pytest.mark.parametrize(
    ("name", "place"), [("s1_introduction", 2), ("s2_method", 2), ("status", 0)]
)
def test_papermill_by_hand_may_set_all_three_in_every_chapter(name: str, place: int) -> None:
    page = next(page for page in PAGES if page.name == name)
    notebook = myst.notebook(page.text, page.name, page.cells)
    known = {"kernel_name": "python3", "language": "python", "prepare_only": True}
    made = papermill.execute_notebook(notebook, None, vars(CHOSEN), **known)
    injected = [cell for cell in made.cells if "injected-parameters" in cell.metadata.tags]
    assert made.cells.index(injected[0]) == place
    shown: dict[str, object] = {}
    exec(injected[0].source, shown)
    assert vars(CHOSEN).items() <= shown.items()
