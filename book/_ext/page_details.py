"""Details of a page that Sphinx and its theme leave out: sizes of images, names for a reader of
screens. Without the sizes a page moves when its images come.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagesize
from docutils import nodes
from sphinx.application import Sphinx

IMAGE = re.compile(r'<img (?![^>]*\bwidth=)(?=[^>]*\bsrc="[^"]*_images/([^"/]+)")([^>]*)>')
# A hundredth of the size in points of a line of text that matplotlib draws as paths.
TEXT_SCALE = re.compile(r"scale\((0\.\d+) -\1\)")
PIXELS_PER_POINT = 96 / 72
LEGIBLE = 9  # pixels
# A list whose entries are no list items is none to a screen reader.
ROLES = re.compile(r' role="(?:list|doc-biblioentry)"')
SECTION = re.compile(r">([^<>]+)</a><details([^>]*)><summary>")


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Complete the text of a page and its table of contents."""
    if "body" in context:
        sources = {name: Path(app.srcdir) / path for path, name in images(app).items()}
        body = IMAGE.sub(lambda found: sized(found, sources), context["body"])
        context["body"] = ROLES.sub("", body)
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = named(context["generate_toctree_html"])


def images(app: Sphinx) -> dict[str, str]:
    """The name in the built book of each image, by its path."""
    return dict(app.builder.images)


def sized(found: re.Match[str], sources: dict[str, Path]) -> str:
    """The image with its size, in a box that scrolls where a screen is too narrow for its text.

    It is loaded when the reader comes near.
    """
    source = sources[found[1]]
    width, height = imagesize.get(source)
    size = f'width="{width:.0f}" height="{height:.0f}"'
    if source.suffix == ".svg":
        size += f' style="--legible: {legible_width(source.read_text("utf-8"), width)}px"'
    return f'<span class="picture"><img {size} loading="lazy" {found[2]}></span>'


def legible_width(svg: str, width: float) -> int:
    """How wide in pixels a figure must be shown for its smallest text; its exponents may be less.

    Args:
        svg: the figure as matplotlib writes it.
        width: its own width in pixels.
    """
    sizes = [100 * float(scale) * PIXELS_PER_POINT for scale in TEXT_SCALE.findall(svg)]
    return math.ceil(min(1, LEGIBLE / min(sizes)) * width) if sizes else 0


def named(contents: Callable[..., Any]) -> Callable[..., Any]:
    """The theme's table of contents, its buttons with names."""

    def with_names(kind: str, **options: Any) -> Any:
        html = contents(kind=kind, **options)
        if kind != "sidebar":
            return html
        return SECTION.sub(r'>\1</a><details\2><summary aria-label="Parts of \1">', str(html))

    return with_names


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after the theme."""
    app.connect("html-page-context", mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
