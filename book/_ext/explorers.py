"""Explorers: their scripts on the pages that hold one, and the figures' palette for JavaScript.

A page holds an explorer as a container of the classes `explorer explorer-NAME`, with a still figure
in it; the script is `assets/explorers/NAME.js`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from companion.figures import theme
from companion.figures.theme import DIGIT_COLOURS

FOLDER = "explorers"
PREFIX = "explorer-"
# What an explorer's own script needs beside what all share.
NEEDS = {
    "manifold": ("networks", "plane", "sheet"),
    "draw": ("networks", "noise", "plane", "pen", "posterior"),
    "reparameterization": ("noise", "plot", "gradients", "gradient-panels"),
    "learning-curves": ("plot", "curve-panel"),
    "bound": ("plot", "one-dimensional"),
}
SHARED = ("common", "palette", "start")


def names(document: nodes.document) -> list[str]:
    """The explorers of a page, in order."""
    classes = [name for box in document.findall(nodes.container) for name in box["classes"]]
    return [name.removeprefix(PREFIX) for name in classes if name.startswith(PREFIX)]


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], document: nodes.document | None
) -> None:
    """Give a page the scripts of its explorers, and no other page any."""
    if document is None or not (found := names(document)):
        return
    needed = [script for name in found for script in (*NEEDS.get(name, ()), name)]
    for script in (*SHARED, *dict.fromkeys(needed)):
        app.add_js_file(f"{FOLDER}/{script}.js", loading_method="defer")
    app.add_css_file(f"{FOLDER}/explorers.css")
    if "networks" in needed:
        app.add_css_file(f"{FOLDER}/images.css")


def palette() -> dict[str, Any]:
    """The colours, markers and dashes of matplotlib's figures, by what they mean."""
    return {
        "blue": theme.BLUE,
        "sky": theme.SKY,
        "green": theme.GREEN,
        "orange": theme.ORANGE,
        "vermilion": theme.VERMILION,
        "purple": theme.PURPLE,
        "yellow": theme.YELLOW,
        "grey": theme.GREY,
        "algorithms": dict(theme.PALETTE),
        "labels": dict(theme.LABELS),
        "estimators": dict(theme.ESTIMATOR_COLOURS),
        "markers": dict(theme.MARKERS),
        # The dashes, in units of the line's width; none for a solid line.
        "dashes": _dashes(theme.LINESTYLES),
        "readings": {name: _dashes(styles) for name, styles in theme.READING_STYLES.items()},
        "digits": list(DIGIT_COLOURS),
    }


def _dashes(styles: Mapping[str, str | tuple[int, tuple[float, ...]]]) -> dict[str, list[float]]:
    return {
        split: [] if isinstance(style, str) else list(style[1]) for split, style in styles.items()
    }


def write_palette(app: Sphinx, error: Exception | None) -> None:
    """Write the palette as a script beside the explorers."""
    if error or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / FOLDER / "palette.js"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"explorers.palette = {json.dumps(palette())};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", write_palette)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
