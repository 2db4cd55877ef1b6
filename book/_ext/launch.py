"""No launch button without a repository to launch from."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.config import Config


def drop_dead_buttons(app: Sphinx, config: Config) -> None:
    """Where `repository.url` is not set, a button would lead nowhere."""
    if not config.html_theme_options.get("repository_url"):
        config.html_theme_options["launch_buttons"] = {}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx; the theme reads the settings when it makes a page."""
    app.connect("config-inited", drop_dead_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
