"""The manifold explorer and the drawing pad in Chromium: exact, lazy, small, for any hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor
from visiting import Visit

from vaelib import experiments, explorers
from vaelib.elbo import lower_bound
from vaelib.explorers import Trained
from vaelib.randomness import generator
from vaelib.store import RunStore

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
MANIFOLD, DRAW = "a_visualisations", "s3_variational_autoencoder"


@pytest.fixture(scope="module")
def folder(html: Path) -> Path:
    return html / "_static" / "explorers"


@pytest.fixture(scope="module")
def models() -> dict[tuple[str, int], Trained]:
    """The models behind the explorers of the book as it was built, by data set and n_latent."""
    store = RunStore.default()
    requests = experiments.explorers("quick")
    return {
        (r.config.dataset, r.config.n_latent): explorers.furthest(r, device="cpu", store=store)
        for r in requests
    }


@pytest.fixture
def manifold(browser: Browser, address: str) -> Iterator[Visit]:
    with Visit(browser, f"{address}/book/{MANIFOLD}.html") as visit:
        start(visit.page)
        yield visit
        assert visit.complaints == []


@pytest.fixture
def draw(browser: Browser, address: str) -> Iterator[Visit]:
    with Visit(browser, f"{address}/book/{DRAW}.html") as visit:
        start(visit.page)
        yield visit
        assert visit.complaints == []


def start(page: Page) -> None:
    """Accept the invitation, and wait until the explorer stands."""
    page.locator(".explorer-invitation").click()
    page.wait_for_selector(".explorer-stage[data-ready]")


def ask(page: Page, function: str, argument: Any = None) -> Any:
    """What an asynchronous function of JavaScript returns for an argument."""
    return page.evaluate(function, argument)


def in_javascript(page: Page, part: str, name: str, inputs: Tensor, call: str) -> Tensor:
    """Rows of `inputs` through a network of the file `name`; `part` is decoder or encoder."""
    rows = ask(
        page,
        f"async ([name, inputs]) => {{"
        f"  const network = explorers.{part}(await explorers.load(name));"
        f"  return inputs.map((input) => {call});"
        f"}}",
        [name, inputs.tolist()],
    )
    return torch.tensor(rows)


# Exact


@pytest.mark.parametrize(("data", "n_latent"), [("mnist", 2), ("mnist", 20), ("frey_face", 2)])
def test_the_decoder_agrees_with_torch(
    data: str, n_latent: int, manifold: Visit, models: dict[tuple[str, int], Trained]
) -> None:
    z = torch.randn(200, n_latent, generator=generator(1, "latents", n_latent))
    name = f"{data}_{n_latent}_decoder"
    found = in_javascript(manifold.page, "decoder", name, z, "[...network.mean(input)]")
    with torch.no_grad():
        mean = models[data, n_latent].model.decode(z).mean
    assert found.shape == mean.shape
    assert float(mean.std()) > 0.01
    assert float((found - mean).abs().max()) < 1e-3


@pytest.mark.parametrize("n_latent", [2, 20])
def test_the_encoder_agrees_with_torch(
    n_latent: int, draw: Visit, models: dict[tuple[str, int], Trained]
) -> None:
    model, _, data = models["mnist", n_latent]
    seen = explorers.lit_pixels(data.train)
    x = data.test[:100] * seen
    name = f"mnist_{n_latent}_encoder"
    call = "(({mean, deviation}) => [[...mean], [...deviation]])(network.encode(input))"
    found = in_javascript(draw.page, "encoder", name, x, call)
    with torch.no_grad():
        q = model.encode(x).base_dist
    assert float((found[:, 0] - q.mean).abs().max()) < 1e-2
    assert float((found[:, 0] - q.mean).abs().mean()) < 1e-3
    assert float((found[:, 1] - q.stddev).abs().max()) < 1e-3


def test_the_two_parts_of_the_bound_agree_with_torch(
    draw: Visit, models: dict[tuple[str, int], Trained]
) -> None:
    model, _, data = models["mnist", 2]
    x = (data.test[:5] * 255).round() / 255 * explorers.lit_pixels(data.train)
    found = ask(
        draw.page,
        """async (images) => {
            const encoder = explorers.encoder(await explorers.load("mnist_2_encoder"));
            const decoder = explorers.decoder(await explorers.load("mnist_2_decoder"));
            return images.map((x) => {
                const q = encoder.encode(x);
                const kl = explorers.divergence(q).reduce((a, b) => a + b);
                return [explorers.logLikelihood(x, decoder.logits(q.mean)), kl];
            });
        }""",
        x.tolist(),
    )
    with torch.no_grad():
        parts = lower_bound(model, x, torch.zeros(1, len(x), 2))
    expected = torch.stack([parts.reconstruction, parts.kl], -1)
    torch.testing.assert_close(torch.tensor(found), expected, rtol=1e-3, atol=1e-2)


def test_the_cdf_and_its_inverse_agree_with_torch(manifold: Visit) -> None:
    z = torch.linspace(-6, 6, 121, dtype=torch.float64)
    u = torch.linspace(0.001, 0.999, 101, dtype=torch.float64)
    found = ask(manifold.page, "(z) => z.map(explorers.cdf)", z.tolist())
    torch.testing.assert_close(
        torch.tensor(found).double(), torch.special.ndtr(z), atol=1e-6, rtol=0
    )
    found = ask(manifold.page, "(u) => u.map(explorers.quantile)", u.tolist())
    torch.testing.assert_close(
        torch.tensor(found).double(), torch.special.ndtri(u), atol=1e-6, rtol=0
    )


def test_the_noise_is_standard_normal_and_repeats(draw: Visit) -> None:
    several = (
        "(seed) => { const e = explorers.normal(seed); return Array.from({length: 20000}, e); }"
    )
    numbers = torch.tensor(ask(draw.page, several, 1))
    assert abs(float(numbers.mean())) < 0.03
    assert float(numbers.std()) == pytest.approx(1, abs=0.03)
    assert float(numbers.pow(4).mean()) == pytest.approx(3, abs=0.3)
    assert torch.equal(torch.tensor(ask(draw.page, several, 1)), numbers)
    assert not torch.equal(torch.tensor(ask(draw.page, several, 2)), numbers)


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
    from vaelib.figures import PALETTE
    from vaelib.figures.latent_space import DIGIT_COLOURS

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
    draw: Visit, models: dict[tuple[str, int], Trained], folder: Path
) -> None:
    page = draw.page
    data = models["mnist", 2].data
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
