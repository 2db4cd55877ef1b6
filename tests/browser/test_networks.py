"""The networks of the explorers in Chromium: what they compute is what torch computes."""

from __future__ import annotations

import pytest
import torch
from exploring import ask
from playwright.sync_api import Page
from torch import Tensor
from visiting import Visit

from companion.experiments import paper_grid
from companion.pages import explorers
from companion.pages.explorers import Trained
from companion.runs.store import RunStore
from vaelib.elbo import lower_bound
from vaelib.randomness import generator

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def models() -> dict[tuple[str, int], Trained]:
    """The models behind the explorers of the book as it was built, by data set and n_latent."""
    store = RunStore.default()
    requests = paper_grid.explorers("quick")
    return {
        (r.config.dataset, r.config.n_latent): explorers.furthest_network(
            r, device="cpu", store=store
        )
        for r in requests
    }


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
    assert float((found[:, 0] - q.mean).abs().max()) < 1e-3
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
