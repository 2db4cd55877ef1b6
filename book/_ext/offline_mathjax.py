"""Serve MathJax from the book itself: the few files that pages need, out of an installed wheel."""

from __future__ import annotations

import shutil
from importlib.metadata import files
from pathlib import Path

from sphinx.application import Sphinx

WHEEL = "sphinx-mathjax-offline"
NEEDED = ("tex-chtml.js", "output/chtml", "input/tex/extensions")
FOLDER = "_static/mathjax"


def mathjax_folder() -> Path:
    """Where the wheel keeps MathJax."""
    entry = next(f for f in files(WHEEL) or [] if f.name == NEEDED[0])
    return Path(str(entry.locate())).parent


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy what pages load: the combined script, its fonts, and TeX extensions on demand."""
    if error or app.builder.format != "html":
        return
    for name in NEEDED:
        source, target = mathjax_folder() / name, Path(app.outdir) / FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
