"""Pages get the scripts of the explorers that they hold, and the colours of the figures."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import explorers
import pytest
from docutils import nodes
from places import ROOT

from companion.figures.theme import MARKERS, PALETTE


class App:
    """Remembers what a page was given."""

    def __init__(self) -> None:
        self.scripts: list[str] = []
        self.styles: list[str] = []

    def add_js_file(self, name: str, **_: Any) -> None:
        self.scripts.append(name)

    def add_css_file(self, name: str) -> None:
        self.styles.append(name)


def page(*classes: str) -> nodes.document:
    settings: Any = SimpleNamespace()
    document = nodes.document(settings, None)  # type: ignore[arg-type]
    for name in classes:
        document += nodes.container(classes=["explorer", name])
    return document


def given(document: nodes.document | None) -> App:
    app: Any = App()
    explorers.add_scripts(app, "page", "page.html", {}, document)
    return app  # type: ignore[no-any-return]


@pytest.mark.parametrize("document", [None, page(), page("other")])
def test_a_page_without_explorers_gets_nothing(document: nodes.document | None) -> None:
    app = given(document)
    assert (app.scripts, app.styles) == ([], [])


def test_a_page_gets_each_script_once_and_in_order() -> None:
    app = given(page("explorer-manifold", "explorer-draw", "explorer-manifold"))
    shared, manifold = ["common", "palette", "start"], ["networks", "plane", "sheet", "manifold"]
    names = [*shared, *manifold, "noise", "pen", "posterior", "draw"]
    assert app.scripts == [f"explorers/{name}.js" for name in names]
    assert app.styles == ["explorers/explorers.css", "explorers/images.css"]


def test_an_explorer_without_images_gets_no_style_for_them() -> None:
    assert given(page("explorer-learning-curves")).styles == ["explorers/explorers.css"]


@pytest.mark.parametrize("name", explorers.NEEDS)
def test_every_script_that_is_named_is_there(name: str) -> None:
    folder = ROOT / "book" / "assets" / "explorers"
    for script in ("common", "start", *explorers.NEEDS[name], name):
        assert (folder / f"{script}.js").is_file()


def test_the_palette_is_the_figures_own() -> None:
    palette = explorers.palette()
    assert palette["algorithms"] == dict(PALETTE)
    assert len(palette["digits"]) == 10
    assert palette["markers"] == dict(MARKERS)
    assert palette["dashes"] == {"test": [], "train": [2.5, 1.5]}
