"""The book's own Sphinx extensions: mathematics is typeset, and pages are made light, exactly."""

from __future__ import annotations

import base64
import io
import math
import re
import shutil
from pathlib import Path

import figure_colours
import light_pages
import numpy as np
import page_details
import pydata_sphinx_theme
import pytest
import tinycss2
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image
from static_mathematics import WOFF, Typesetter, mathjax_folder, shown, write_subset
from unbroken_numbers import unbroken

from companion.figures import theme


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter({"KL": "D_{KL}"})


def test_a_formula_is_html_for_the_eye_and_mathml_for_the_ear(typesetter: Typesetter) -> None:
    page = BeautifulSoup(typesetter.formula(r"\frac{a}{b}", display=True), "html.parser")
    assert page.select_one('mjx-math[aria-hidden="true"] mjx-mfrac') is not None
    spoken = page.select_one("mjx-assistive-mml math mfrac")
    assert spoken is not None
    assert [part.get_text() for part in spoken.select("mi")] == ["a", "b"]


def test_a_formula_knows_the_book_s_macros(typesetter: Typesetter) -> None:
    def spoken(tex: str) -> str:
        return BeautifulSoup(typesetter.formula(tex, display=False), "html.parser").get_text()

    assert spoken(r"\KL") == spoken("D_{KL}") == "DKL"


@pytest.mark.parametrize("tex", [r"\unknown", r"\frac{a", r"\begin{nothing}x\end{nothing}"])
def test_what_is_no_tex_is_named(typesetter: Typesetter, tex: str) -> None:
    with pytest.raises(ValueError, match=re.escape(tex)):
        typesetter.formula(tex, display=False)


def test_the_style_sheet_shows_the_characters_of_the_formulas(typesetter: Typesetter) -> None:
    typesetter.formula(r"\theta + 7", display=False)
    assert {ord("θ"), ord("7")} <= shown(typesetter.styles())


def used(css: str, *words: str) -> str:
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return str(tinycss2.serialize(light_pages.used_rules(rules, set(words)))).replace(" ", "")


def test_every_font_keeps_the_icons_that_it_draws(tmp_path: Path) -> None:
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    for path in (theme / "vendor" / "fontawesome" / "webfonts").iterdir():
        shutil.copy(path, tmp_path)
    github, search = 0xF09B, 0xF002  # a brand, which the solid font has not; and a solid icon
    light_pages.lighten_fonts(tmp_path, {github, search})
    drawn = {}
    for path in tmp_path.iterdir():
        with TTFont(path) as font:
            drawn[path.name] = set(font.getBestCmap())
    assert drawn == {"fa-brands-400.ttf": {github}, "fa-solid-900.ttf": {search}}


def test_no_font_of_mathematics_is_without_a_character(tmp_path: Path) -> None:
    source = mathjax_folder() / WOFF / "MathJax_Zero.woff"
    with TTFont(source) as font:
        known = set(font.getBestCmap())
    for asked in (set(), {0x1F600}, known):
        write_subset(source, tmp_path / "font.woff", asked)
        with TTFont(tmp_path / "font.woff") as font:
            left = set(font.getBestCmap())
        assert len(left) == 1 if asked != known else left == known


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".here{a:b}", ".here{a:b}"),
        (".gone{a:b}", ""),
        (".here.gone{a:b}", ""),
        (".gone,.here{a:b}", ".here{a:b}"),
        ("p,.gone{a:b}", "p{a:b}"),
        (".here:not(.gone){a:b}", ".here:not(.gone){a:b}"),
        ("@media print{.gone{a:b}.here{c:d}}", "@mediaprint{.here{c:d}}"),
        ("@media print{.gone{a:b}}", ""),
        ("@font-face{src:url(x)}", "@font-face{src:url(x)}"),
    ],
)
def test_a_rule_stays_while_its_classes_occur(css: str, left: str) -> None:
    assert used(css, "here") == left


def test_a_lighter_figure_is_the_same_drawing() -> None:
    svg = (
        '<svg viewBox="0 0 9 9">\n <metadata>words</metadata>\n <g transform="scale(0.015625)">\n'
        '  <path d="M 1.234567 -8.9996 L 3 4.5"/>\n </g>\n</svg>'
    )
    assert light_pages.lighter_figure(svg) == (
        '<svg viewBox="0 0 9 9"><g transform="scale(0.015625)">'
        '<path d="M 1.23 -9 L 3 4.5"/></g></svg>'
    )


def test_a_picture_in_a_figure_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    coded = base64.b64encode(png.getvalue()).decode()
    found = re.search(
        r"data:image/webp;base64,([^\"]*)",
        light_pages.lighter_figure(f'<image href="data:image/png;base64,{coded}"/>'),
    )
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert (np.asarray(image.convert("RGBA")) == pixels).all()


def test_a_figure_says_how_wide_it_must_be_for_nine_pixels() -> None:
    svg = '<g transform="translate(3 4) scale(0.08 -0.08)"><use transform="scale(0.7)"/></g>'
    svg += '<g transform="scale(0.12 -0.12)"/>'
    # Eight points in seven inches are 10⅔ pixels in 672.
    assert page_details.legible_width(svg, 672) == math.ceil(672 * 9 / (8 * 96 / 72))
    assert page_details.legible_width(svg.replace("0.08", "0.06"), 672) == 672
    assert page_details.legible_width("<svg/>", 672) == 0


def test_a_figure_takes_ground_and_ink_of_a_dark_page_and_its_images_stay() -> None:
    svg = '<svg width="1"><path style="fill: #ffffff; stroke: #0072b2"/>'
    svg += '<path style="fill: #123456"/><image href="#ffffff"/></svg>'
    found = figure_colours.themed(svg)
    rules, drawing = found.split("<style>")[1].split("</style>")
    ground, line = "var(--c1)", "var(--c0)"
    assert drawing.startswith(f'<path style="fill: {ground}; stroke: {line}"/>')
    assert drawing.endswith(svg[svg.index('<path style="fill: #123456"') :])
    light, dark = rules.split("@media(prefers-color-scheme:dark)")
    assert light == "svg{--c0:#0072b2;--c1:#ffffff;}"
    assert f"--c1:{theme.DARK[theme.GROUND].lower()};" in dark
    assert "#0072b2" not in dark
    assert figure_colours.themed('<svg><path style="fill: #123456"/></svg>').count("style") == 1


def test_buttons_of_the_contents_have_names() -> None:
    def contents(kind: str) -> str:
        return '<a href="x">2. Method</a><details open=""><summary>v</summary></details>'

    named = page_details.named(contents)
    assert '<summary aria-label="Parts of 2. Method">' in named(kind="sidebar")
    assert named(kind="raw") == contents("raw")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("after 1 000 000 samples", "after 1_000_000 samples"),
        ("all 50 000.", "all 50_000."),
        ("(2 000)", "(2_000)"),
        ("-1 234.5 nats", "-1_234.5 nats"),
        ("in 2013 100 people", "in 2013 100 people"),
        ("the 5 500 000", "the 5_500_000"),
        ("3, 5, 10 200", "3, 5, 10 200"),
        ("of 20 digits", "of 20 digits"),
        ("1 0000", "1 0000"),
    ],
)
def test_a_long_number_is_kept_on_one_line(text: str, whole: str) -> None:
    assert unbroken(text) == whole.replace("_", "\u202f")
