"""The contents beside the pages of source code are made once.

A page of source code stands nowhere in the contents, so what the theme draws beside it depends
only on how deep its folder is. Made anew for each, they take longer than all the rest of a page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup
from sphinx.application import Sphinx


class Contents:
    """What the theme drew, by the depth of the page and by what the template asked for."""

    def __init__(self) -> None:
        self.drawn: dict[tuple[object, ...], Markup] = {}

    def share(
        self, app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
    ) -> None:
        """Let a page outside the contents take what another of its depth has."""
        if page in app.env.all_docs:
            return
        draw: Callable[..., object] = context["generate_toctree_html"]

        def drawn(kind: str = "sidebar", **asked: object) -> Markup:
            key = (page.count("/"), kind, *sorted(asked.items()))
            if key not in self.drawn:
                self.drawn[key] = Markup(str(draw(kind=kind, **asked)))
            return self.drawn[key]

        context["generate_toctree_html"] = drawn


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after the theme has put its own function there."""
    app.connect("html-page-context", Contents().share, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
