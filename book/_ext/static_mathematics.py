"""Typeset the mathematics while the book is built, so that a page shows it without a script.

MathJax runs here, in the engine that the wheel mini-racer carries; a page gets its output: HTML
for the eye, MathML for a screen reader, one style sheet for the book, and the fonts it names. So a
page neither waits for mathematics nor moves when it comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any

import notation
from docutils import nodes
from fontTools import subset
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

WHEEL = "sphinx-mathjax-offline"
MODULES = (
    *("loader", "core", "adaptors/liteDOM", "input/tex-full"),
    *("output/chtml", "output/chtml/fonts/tex", "a11y/assistive-mml"),
)
STYLES = "mathematics.css"
FONTS = "mathematics"
WOFF = "output/chtml/fonts/woff-v2"
logger = logging.getLogger(__name__)


def mathjax_folder() -> Path:
    """Where the wheel keeps MathJax."""
    entry = next(f for f in files(WHEEL) or [] if f.name == "tex-chtml.js")
    return Path(str(entry.locate())).parent


class Typesetter:
    """MathJax with the book's macros."""

    def __init__(self, macros: dict[str, Any]) -> None:
        self.engine = MiniRacer()
        self.engine.eval("var window = globalThis, global = globalThis, MathJax = {};")
        for name in MODULES:
            self.engine.eval((mathjax_folder() / f"{name}.js").read_text("utf-8"))
        own = Path(__file__).with_name("typeset.js").read_text("utf-8")
        self.engine.eval(f"const MACROS = {json.dumps(macros)}, FONTS = {json.dumps(FONTS)};{own}")

    def key(self, tex: str) -> str:
        """The structure of a symbol, by which it is found in formulas."""
        return str(self.engine.eval(f"key({json.dumps(tex)})"))

    def formula(self, tex: str, *, display: bool, known: Mapping[str, int] | None = None) -> str:
        """The HTML of a formula.

        Args:
            tex: the formula.
            display: whether it stands in a line of its own.
            known: numbers of symbols by their structure; `data-is` marks them with it.

        Raises:
            ValueError: if it is not TeX that MathJax knows.
        """
        given = ", ".join(map(json.dumps, (tex, display, known or {})))
        answer = self.engine.eval(f"typeset({given})")
        html, fault = json.loads(str(answer))
        if fault:
            raise ValueError(f"{fault} in {tex}")
        return str(html)

    def styles(self) -> str:
        """The rules for all formulas so far."""
        return str(self.engine.eval("styles()"))


@cache
def symbols(app: Sphinx, page: str) -> dict[str, int]:
    """The symbols that a page explains, by their structure."""
    engine = typesetter(app)
    rows = notation.read(Path(app.srcdir) / notation.TABLE)
    return {engine.key(rows[number].symbol): number for number in notation.meant_on(page, rows)}


@cache
def typesetter(app: Sphinx) -> Typesetter:
    config: dict[str, Any] = app.config.mathjax3_config or {}
    return Typesetter(config.get("tex", {}).get("macros", {}))


def append(writer: HTML5Translator, node: nodes.Node, tex: str, *, display: bool) -> None:
    app = writer.builder.app
    known = symbols(app, writer.docnames[0].rpartition("/")[2])
    try:
        html = typesetter(app).formula(tex, display=display, known=known)
    except ValueError as error:
        logger.warning("mathematics that cannot be typeset: %s", error, location=node)
        html = writer.encode(tex)
    writer.body.append(html)


def visit_inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    append(writer, node, node.astext(), display=False)
    writer.body.append("</span>")
    raise nodes.SkipNode


def visit_block(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, _("Link to this equation"))
        writer.body.append("</span>")
    tex = node.astext()
    if not node["nowrap"] and r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    append(writer, node, tex, display=True)
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def write_styles(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet, and of each font the characters that the book shows."""
    if error or app.builder.format != "html":
        return
    styles = typesetter(app).styles()
    target = Path(app.outdir) / "_static"
    (target / STYLES).write_text(styles, "utf-8")
    (target / FONTS).mkdir(parents=True, exist_ok=True)
    characters = shown(styles)
    for name in sorted(set(re.findall(rf"{FONTS}/([\w-]+\.woff)", styles))):
        write_subset(mathjax_folder() / WOFF / name, target / FONTS / name, characters)


def shown(styles: str) -> set[int]:
    """The code points that a style sheet puts on the page."""
    strings = re.findall(r'content: "([^"]*)"', styles)
    escaped = (re.findall(r"\\([0-9A-F]+)|(.)", string) for string in strings)
    return {int(code, 16) if code else ord(char) for pairs in escaped for code, char in pairs}


def write_subset(source: Path, target: Path, characters: set[int]) -> None:
    """Write a font with those of these characters that it has, or with one of its own.

    A browser complains of a font without a character.
    """
    options = subset.Options(flavor="woff", notdef_outline=True)
    chosen = subset.Subsetter(options)
    with subset.load_font(str(source), options, lazy=False) as font:
        known = font.getBestCmap().keys()
        chosen.populate(unicodes=characters & known or {min(known)})
        chosen.subset(font)
        subset.save_font(font, str(target), options)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_html_math_renderer("static", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "static"
    app.add_css_file(STYLES)
    app.connect("build-finished", write_styles)
    # One engine knows which characters the style sheet must hold.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
