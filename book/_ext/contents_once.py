"""The contents beside the pages of source code are made once.

A page of source code stands nowhere in the contents, so what Sphinx lists beside it depends only on
how deep its folder is. Made anew for each, they take as long as all the rest of the book.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sphinx.application import Sphinx


class Contents:
    """What Sphinx listed, by the page, or by its depth, and by what the theme asked for."""

    def __init__(self) -> None:
        self.listed: dict[tuple[object, ...], str] = {}

    def share(
        self, app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
    ) -> None:
        """Let a page take what is there: its own, or that of another of its depth."""
        place = page if page in app.env.all_docs else page.count("/")
        toctree: Callable[..., str] = context["toctree"]

        def listed(**asked: object) -> str:
            key = (place, *sorted(asked.items()))
            if key not in self.listed:
                self.listed[key] = toctree(**asked)
            return self.listed[key]

        context["toctree"] = listed


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, before the theme, which asks already when it chooses its templates."""
    app.connect("html-page-context", Contents().share, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
