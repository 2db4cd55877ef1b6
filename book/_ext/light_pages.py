"""Keep pages light: of style sheets, icons and figures, write only what a page can show.

The theme brings rules for every component and icon that a site may have. After the build a rule
stays if all its classes are words of a page or of a script; the icon font keeps the icons that are
left; a figure's coordinates are rounded to a hundredth of a point, and the pictures in it packed
better, without loss.
"""

from __future__ import annotations

import base64
import io
import re
import shutil
from itertools import pairwise
from pathlib import Path

import tinycss2
from fontTools import subset
from PIL import Image
from sphinx.application import Sphinx
from tinycss2 import ast

TEMPLATES = Path(__file__).with_name("templates")
ICONS = Path("vendor/fontawesome/webfonts")
UNUSED = ("locales", "scripts/fontawesome.js", "**/*.map")
WORD = re.compile(r"[\w-]+")
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
ESCAPED = re.compile(r"\\([ef][0-9a-f]{3})")
METADATA = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
INDENTATION = re.compile(r">\s+<")
COORDINATES = re.compile(r'(?<=[\s"])(d|x|y|points)="([^"]*)"|translate\([^)]*\)', re.DOTALL)
PICTURE = re.compile(r"data:image/png;base64,([^\"]+)")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def used_rules(rules: list[ast.Node], words: set[str]) -> list[ast.Node]:
    """The rules that can apply to some page, those within media queries as well."""
    kept = []
    for rule in rules:
        if isinstance(rule, ast.QualifiedRule):
            if selectors := used_selectors(rule.prelude, words):
                rule.prelude = selectors
                kept.append(rule)
        elif isinstance(rule, ast.AtRule) and rule.lower_at_keyword in {"media", "supports"}:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if rest := used_rules(inner, words):
                rule.content = rest
                kept.append(rule)
        else:
            kept.append(rule)
    return kept


def used_selectors(prelude: list[ast.Node], words: set[str]) -> list[ast.Node]:
    """Of a list of selectors those whose classes all occur; what stands in `:not()` may lack."""
    kept: list[ast.Node] = []
    selector: list[ast.Node] = []
    for token in [*prelude, None]:
        if token is not None and token != ",":
            selector.append(token)
            continue
        if classes_of(selector) <= words:
            kept += [ast.LiteralToken(0, 0, ","), *selector] if kept else selector
        selector = []
    return kept


def classes_of(selector: list[ast.Node]) -> set[str]:
    """The words in the names of its classes."""
    pairs = pairwise(selector)
    names = [name.value for dot, name in pairs if dot == "." and isinstance(name, ast.IdentToken)]
    return {word for name in names for word in WORD.findall(name)}


def words_of(folder: Path) -> set[str]:
    """All words of the pages and the scripts."""
    paths = [*folder.rglob("*.html"), *(folder / "_static").rglob("*.js")]
    # Numbers packed as characters hold no word: an explorer's networks are no UTF-8.
    return {word for path in paths for word in WORD.findall(path.read_text("utf-8", "ignore"))}


def lighten_styles(folder: Path) -> None:
    """Write each style sheet again with the rules that are used, and then the icons' font."""
    static = folder / "_static"
    words = words_of(folder)
    icons: set[int] = set()
    for path in static.rglob("*.css"):
        text = path.read_text("utf-8")
        rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        text = tinycss2.serialize(used_rules(rules, words))
        # The small fonts that are written below are the only ones of their kind.
        text = re.sub(r"url\([^)]*\.woff2\) format\(\"woff2\"\), ?(?=url\([^)]*\.ttf)", "", text)
        path.write_text(text, "utf-8")
        icons |= {ord(icon) for icon in PRIVATE_USE.findall(text)}
        icons |= {int(code, 16) for code in ESCAPED.findall(text)}
    lighten_fonts(static / ICONS, icons)


def lighten_fonts(folder: Path, icons: set[int]) -> None:
    """Write each font again with those of the icons that it draws; one that draws none goes."""
    for path in sorted(folder.glob("*.ttf")):
        with subset.load_font(str(path), subset.Options(), lazy=False) as font:
            path.unlink()
            if drawn := icons & font.getBestCmap().keys():
                chosen = subset.Subsetter()
                chosen.populate(unicodes=drawn)
                chosen.subset(font)
                font.save(path)
    for path in sorted(folder.glob("*.woff2")):
        path.unlink()


def lighter_figure(svg: str) -> str:
    """The same drawing in fewer letters."""
    svg = INDENTATION.sub("><", PICTURE.sub(packed, METADATA.sub("", svg)))
    return COORDINATES.sub(lambda found: LONG_NUMBER.sub(rounded, found[0]), svg)


def rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def packed(picture: re.Match[str]) -> str:
    """A picture as WebP, every pixel as it was."""
    webp = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(picture[1]))) as image:
        image.save(webp, "WEBP", lossless=True, exact=True)
    return f"data:image/webp;base64,{base64.b64encode(webp.getvalue()).decode()}"


def lighten(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    for path in [path for name in UNUSED for path in (folder / "_static").glob(name)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    lighten_styles(folder)
    for path in (folder / "_images").glob("*.svg"):
        path.write_text(lighter_figure(path.read_text("utf-8")), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after all that writes style sheets."""
    app.config.templates_path.append(str(TEMPLATES))
    app.connect("build-finished", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
