"""The manifold explorer and the drawing pad in Chromium: lazy, small, for any hand."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import torch
from exploring import ask, start
from playwright.sync_api import Browser, Page
from visiting import Visit

from vaelib import datasets

pytestmark = pytest.mark.browser

LIMIT = 3_000_000
# Page, explorer, and what it loads when it is touched.
PLACES = {
    "index": ("manifold", {"mnist_2_decoder.js"}),
    "a_visualisations": ("manifold", {"mnist_2_decoder.js"}),
    "s3_variational_autoencoder": (
        "draw",
        {"digits.js", "mnist_2_encoder.js", "mnist_2_decoder.js"},
    ),
}


@pytest.fixture(scope="module")
def folder(html: Path) -> Path:
    return html / "_static" / "explorers"


# Lazy and small


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_loaded_before_the_reader_touches_it(
    name: str, browser: Browser, address: str
) -> None:
    _, files = PLACES[name]
    with Visit(browser, f"{address}/book/{name}.html") as visit:
        page = visit.page
        page.mouse.wheel(0, 20_000)
        page.locator(".explorer-cover img").scroll_into_view_if_needed()
        page.locator(".explorer-cover img").hover(force=True)
        page.wait_for_timeout(300)
        assert loaded(visit) == set()
        assert page.locator(".explorer canvas").count() == 0
        start(page)
        assert loaded(visit) == files
        assert visit.complaints == []
        assert {urlsplit(url).hostname for url in visit.requests} <= {"127.0.0.1", None}


def loaded(visit: Visit) -> set[str]:
    """The explorers' data among the requests."""
    names = {Path(urlsplit(url).path).name for url in visit.requests}
    return {name for name in names if name.endswith("coder.js") or name == "digits.js"}


def test_other_pages_get_no_script_of_the_explorers(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/book/b_gaussian_kl.html") as visit:
        assert not [url for url in visit.requests if "/explorers/" in url]


def test_all_networks_together_stay_below_3_mb(folder: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.glob("*coder.js")}
    assert set(sizes) == {
        *(f"mnist_{n}_{part}.js" for n in (2, 20) for part in ("encoder", "decoder")),
        "frey_face_2_decoder.js",
    }
    assert sum(sizes.values()) + (folder / "digits.js").stat().st_size < LIMIT


def test_the_palette_is_that_of_the_figures(manifold: Visit) -> None:
    from companion.figures.theme import DIGIT_COLOURS, PALETTE

    palette = ask(manifold.page, "() => explorers.palette")
    assert palette["algorithms"] == dict(PALETTE)
    assert palette["digits"] == list(DIGIT_COLOURS)


# For any hand


def image_of(page: Page) -> str:
    """The decoded image, as bytes."""
    return str(ask(page, "() => document.querySelector('.explorer-image').toDataURL()"))


def test_the_plane_is_walked_by_keyboard(manifold: Visit) -> None:
    page = manifold.page
    place = page.locator(".explorer-place")
    page.keyboard.press("Home")  # the plane has the focus from the start
    assert place.inner_text().startswith("z = (0.00, 0.00)")
    middle = image_of(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert place.inner_text().startswith("z = (0.10, 0.50)")
    assert image_of(page) != middle
    page.keyboard.press("Home")
    page.keyboard.press("PageDown")
    assert not place.inner_text().startswith("z = (0.00, 0.00)")


def test_the_pointer_decodes_live(manifold: Visit) -> None:
    page = manifold.page
    box = page.locator("canvas[role=application]").bounding_box()
    assert box is not None
    seen = set()
    for share in (0.3, 0.5, 0.7):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.4 * box["height"])
        seen.add((page.locator(".explorer-place").inner_text(), image_of(page)))
    assert len(seen) == 3


def test_the_plane_turns_into_the_unit_square_and_to_faces(manifold: Visit) -> None:
    page = manifold.page
    page.get_by_label("unit square").check(force=True)
    page.wait_for_timeout(1000)
    page.locator("canvas[role=application]").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator(".explorer-place").inner_text() == "z = (0.05, 0.00)\nu = (0.52, 0.50)"
    page.get_by_label("faces").check(force=True)
    page.wait_for_function("document.querySelector('.explorer-image').height === 28")
    page.wait_for_function("document.querySelector('.explorer-image').width === 20")


def test_a_digit_is_drawn_by_mouse_and_by_keyboard(draw: Visit) -> None:
    page = draw.page
    said = page.locator(".explorer-sum")
    pad = page.locator("canvas[role=application]")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("document.querySelector('.explorer-sum').innerText.includes('Draw')")
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.explorer-sum').innerText.includes('nats')")
    by_mouse = said.inner_text()
    pad.focus()
    page.keyboard.press("Backspace")
    page.wait_for_function("document.querySelector('.explorer-sum').innerText.includes('Draw')")
    for key in ("Space", *["ArrowDown"] * 8, "Space"):
        page.keyboard.press(key)
    page.wait_for_function("document.querySelector('.explorer-sum').innerText.includes('nats')")
    assert said.inner_text() != by_mouse


def test_a_drawing_takes_mnist_s_form(draw: Visit) -> None:
    # An L in a corner of the pad, small.
    strokes = [[[0.1, 0.1], [0.1, 0.3], [0.2, 0.3]]]
    x = torch.tensor(ask(draw.page, "(s) => [...explorers.digit(s)]", strokes)).reshape(28, 28)
    rows, columns = (x.sum(axis) > 0.5 for axis in (1, 0))
    assert 19 <= int(rows.sum()) <= 21
    assert 10 <= int(columns.sum()) <= 12
    places = torch.arange(28) + 0.5
    assert float((x.sum(1) * places).sum() / x.sum()) == pytest.approx(14, abs=0.1)
    assert float((x.sum(0) * places).sum() / x.sum()) == pytest.approx(14, abs=0.1)
    assert 0 <= float(x.min()) <= float(x.max()) <= 1
    assert float(x.max()) > 0.9


def test_examples_are_the_test_images_and_20_dimensions_are_loaded_when_asked_for(
    draw: Visit, folder: Path
) -> None:
    page = draw.page
    data = datasets.load("mnist")
    text = (folder / "digits.js").read_text("utf-8")
    images = json.loads(text[text.index("{") : text.rindex("}") + 1])["images"]
    assert data.test_labels is not None
    for digit, image in enumerate(images):
        pixels = torch.frombuffer(bytearray(base64.b64decode(image)), dtype=torch.uint8)
        first = data.test[data.test_labels == digit][0]
        assert torch.equal(pixels, (first * 255).round().to(torch.uint8))
    page.get_by_label("Take a test image of a 3").focus()
    before = page.locator(".explorer-sum").inner_text()
    page.keyboard.press("Enter")
    changed = "(before) => document.querySelector('.explorer-sum').innerText !== before"
    page.wait_for_function(changed, arg=before)
    in_two = page.locator(".explorer-sum").inner_text()
    assert "mnist_20_encoder.js" not in loaded(draw)
    page.get_by_label("20", exact=True).check(force=True)
    page.wait_for_function(changed, arg=in_two)
    assert {"mnist_20_encoder.js", "mnist_20_decoder.js"} <= loaded(draw)


@pytest.mark.parametrize("name", PLACES)
def test_it_works_from_a_disk(name: str, browser: Browser, html: Path) -> None:
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto((html / "book" / f"{name}.html").as_uri())
    start(page)
    assert page.locator(".explorer-stage canvas").count() > 0
    assert errors == []
    page.close()


@pytest.mark.parametrize("name", PLACES)
def test_a_phone_shows_it_without_scrolling_sideways(
    name: str, browser: Browser, address: str
) -> None:
    with Visit(browser, f"{address}/book/{name}.html", width=390) as visit:
        start(visit.page)
        widths = ask(
            visit.page,
            "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]",
        )
        assert widths[0] <= widths[1]
        heights = ask(
            visit.page,
            "() => [...document.querySelectorAll('.explorer-controls label, .explorer-button')]"
            ".map((e) => e.getBoundingClientRect().height)",
        )
        assert min(heights) >= 24
        assert visit.complaints == []


@pytest.mark.parametrize("name", PLACES)
def test_an_open_explorer_has_words_of_its_own(name: str, browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}/book/{name}.html") as visit:
        caption = visit.page.locator(f".explorer-{PLACES[name][0]} .caption-text")
        still = caption.inner_text()
        start(visit.page)
        assert len(caption.inner_text()) > 40
        assert "training samples" in still
        assert "training samples" not in caption.inner_text()


@pytest.mark.parametrize("name", PLACES)
def test_without_javascript_a_picture_and_words_stand_there(
    name: str, browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/{name}.html")
    still = page.locator(f".explorer-{PLACES[name][0]} figure")
    assert still.locator("img").count() == 1
    assert len(still.locator("figcaption").inner_text()) > 40
    assert page.locator(".explorer button").count() == 0
    context.close()
