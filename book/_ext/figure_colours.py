"""Figures in the page's own colours, light and dark, from one file.

The colours of a figure become variables of CSS that the figure sets itself, for light and for dark.
Shown as an image it takes the `color-scheme` of the page around it. Where a browser gives it the
reader's general choice instead, it still reads: its ground is its own.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

from companion.figures.theme import colours, on_dark

PAINT = re.compile(r"(?<=(?:fill|roke): )#[0-9a-f]{6}\b")
OPENING = re.compile(r"<svg\b[^>]*>")


def themed(svg: str) -> str:
    """The same drawing, which is also drawn for a dark page; colours of images stay."""
    known = {colour.lower() for colour in colours()}
    used = sorted(known.intersection(PAINT.findall(svg)))
    if not used:
        return svg
    names = {colour: f"--c{place}" for place, colour in enumerate(used)}
    svg = PAINT.sub(lambda found: f"var({names[found[0]]})" if found[0] in names else found[0], svg)
    light = "".join(f"{name}:{colour};" for colour, name in names.items())
    dark = "".join(f"{name}:{on_dark(colour).lower()};" for colour, name in names.items())
    rules = f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"
    return OPENING.sub(lambda found: f"{found[0]}<style>{rules}</style>", svg, count=1)


def write(app: Sphinx, error: Exception | None) -> None:
    """Give the figures of the built book their colours."""
    if error or app.builder.name != "html":
        return
    for path in (Path(app.outdir) / "_images").glob("*.svg"):
        path.write_text(themed(path.read_text("utf-8")), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
