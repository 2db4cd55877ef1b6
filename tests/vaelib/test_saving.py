"""A model as one file: back to the bit, and every other file refused in a sentence."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from tests.helpers import rng
from vaelib import saving
from vaelib.errors import UserError
from vaelib.likelihood.probabilistic_pca import ProbabilisticPCA
from vaelib.model import DecoderKind, LogVariance, VariationalAutoencoder, build
from vaelib.networks import BernoulliMLP, GaussianMLP


def small(**settings: Any) -> VariationalAutoencoder:
    return build(n_pixels=4, n_hidden=3, n_latent=2, init_std=1.0, generator=rng(), **settings)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("decoder", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("log_variance", ["as the rest", "slow"])
def test_a_model_comes_back_to_the_bit(
    dtype: torch.dtype, decoder: DecoderKind, log_variance: LogVariance, tmp_path: Path
) -> None:
    model = small(decoder=decoder, encoder_log_variance=log_variance).to(dtype)
    state = torch.get_rng_state()
    model.save(tmp_path / "model.safetensors")
    again = VariationalAutoencoder.load(tmp_path / "model.safetensors")
    assert torch.equal(torch.get_rng_state(), state), "nobody's random numbers are used up"
    assert again.n_latent == 2
    assert [name for name, _ in again.named_parameters()] == [
        name for name, _ in model.named_parameters()
    ]
    for own, theirs in zip(again.parameters(), model.parameters(), strict=True):
        assert (own.dtype, own.requires_grad) == (dtype, True)
        assert torch.equal(own, theirs)
    x = torch.rand(5, 4, generator=rng(1)).to(dtype)
    assert torch.equal(again.encode(x).mean, model.encode(x).mean)
    assert torch.equal(again.encode(x).stddev, model.encode(x).stddev)
    assert torch.equal(again.decode(x[:, :2]).mean, model.decode(x[:, :2]).mean)


def test_equal_models_are_equal_files_in_the_usual_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        small().save(str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_weights_that_share_memory_or_lie_across_are_saved_as_they_are(tmp_path: Path) -> None:
    model = build(n_pixels=4, n_hidden=2, n_latent=2, init_std=1.0, generator=rng())
    decoder = model.decoder
    assert isinstance(decoder, BernoulliMLP)
    shared = torch.randn(2, 2, generator=rng(1))
    decoder.hidden.weight = nn.Parameter(shared.t())
    decoder.logits.weight = nn.Parameter(torch.randn(2, 4, generator=rng(2)).t())
    assert not decoder.hidden.weight.is_contiguous()
    decoder.hidden.bias = nn.Parameter(shared[0])
    model.save(tmp_path / "model")
    again = VariationalAutoencoder.load(tmp_path / "model")
    for own, theirs in zip(again.parameters(), model.parameters(), strict=True):
        assert torch.equal(own, theirs)


@pytest.mark.parametrize("kind", saving.DESCRIBED)
def test_every_argument_of_a_network_is_described(kind: type[nn.Module]) -> None:
    """One that is forgotten would come back as its default."""
    taken = set(inspect.signature(kind).parameters)
    assert saving.describe(kind(4, 3, 2)).keys() - {"class"} == taken


def test_an_argument_comes_back_as_it_was_given() -> None:
    network = GaussianMLP(4, 3, 2, mean_activation="sigmoid", log_variance_factor=0.3, n_layers=2)
    again = saving.rebuild(saving.describe(network))
    assert isinstance(again, GaussianMLP)
    assert (again.mean_activation, again.log_variance_factor) == ("sigmoid", 0.3)
    assert len(again.layers) == again.n_layers == 2


class Own(GaussianMLP):
    """It may compute anything."""


def with_another_layer() -> VariationalAutoencoder:
    model = small()
    assert isinstance(model.encoder, GaussianMLP)
    model.encoder.mean = nn.Linear(3, 2, bias=False)
    return model


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (lambda: VariationalAutoencoder(Own(4, 3, 2), BernoulliMLP(2, 3, 4), n_latent=2), "Own"),
        (lambda: VariationalAutoencoder(GaussianMLP(4, 3, 2), nn.Identity(), n_latent=2), "Identi"),
        (lambda: ProbabilisticPCA.example().exact_model(), ""),
        (with_another_layer, "GaussianMLP"),
    ],
    ids=["subclass", "other module", "linear", "exchanged layer"],
)
def test_networks_that_no_file_can_describe_are_refused(
    model: Callable[[], VariationalAutoencoder], kind: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=rf"no file can describe this {kind}.*state_dict\(\)"):
        model().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_two_dtypes_in_one_model_are_refused(tmp_path: Path) -> None:
    model = small()
    model.decoder.double()
    with pytest.raises(UserError, match="hold float32 and float64: bring them to one"):
        model.save(tmp_path / "model")


def test_halved_weights_come_back_in_their_own_dtype_and_rounded_to_eleven_bits() -> None:
    model = small()
    content = saving.pack(model.encoder, model.decoder, half=True, about={"run": "a", "b": None})
    stored = safetensors.torch.load(content)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    halved = saving.unpack(content, "half")
    assert halved.about == {"run": "a", "b": None}
    for own, theirs in zip(halved.encoder.parameters(), model.encoder.parameters(), strict=True):
        assert own.dtype == torch.float32
        assert torch.equal(own, theirs.half().float())


def changed(*, without: str = "", **entries: Any) -> bytes:
    """The file of a small model of which the header says something else."""
    content = saving.pack(small().encoder, small().decoder)
    size = int.from_bytes(content[:8], "little")
    known = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["vaelib"]) | entries
    known.pop(without, None)
    metadata = {"vaelib": json.dumps(known)}
    return safetensors.torch.save(safetensors.torch.load(content), metadata)


def network(kind: str = "BernoulliMLP", **sizes: Any) -> dict[str, Any]:
    return {"class": kind, "n_in": 2, "n_hidden": 3, "n_out": 4, **sizes}


TENSORS = {"encoder.hidden.weight": torch.zeros(3, 4)}
BAD_FILES = {
    "empty": (b"", "no safetensors file, or not a whole one"),
    "a zip, as torch.save writes": (b"PK\3\4" * 100, "no safetensors file"),
    "cut short": (changed()[:-5], "not a whole one"),
    "cut in the header": (changed()[:100], "not a whole one"),
    "longer": (changed() + b"more", "not a whole one"),
    "only tensors": (safetensors.torch.save(TENSORS), "does not say of which networks"),
    "other metadata": (safetensors.torch.save(TENSORS, {"format": "pt"}), "does not say of which"),
    "no JSON": (safetensors.torch.save(TENSORS, {"vaelib": "{"}), "describes no networks"),
    "a list": (safetensors.torch.save(TENSORS, {"vaelib": "[]"}), "describes no networks"),
    "a later format": (changed(format=2), r"\(format 2, not 1\): read it with the version that"),
    "no format": (changed(without="format"), r"\('format'\)"),
    "no decoder": (changed(without="decoder"), r"\('decoder'\)"),
    "another dtype": (changed(dtype="load"), r"\('load'\)"),
    "an unknown network": (changed(decoder=network("Transformer")), r"\('Transformer'\)"),
    "an unknown argument": (changed(decoder=network(gain=2)), "unexpected keyword argument 'gain'"),
    "no units": (changed(decoder=network(n_hidden=0)), "n_hidden is 0"),
    "sizes in words": (changed(decoder=network(n_hidden="3")), "n_hidden is '3'"),
    "more units than numbers": (changed(decoder=network(n_hidden=10**30)), "Overflow"),
    "other sizes": (
        changed(decoder=network(n_hidden=10**9)),
        r"describes decoder.hidden.bias as \(1000000000,\), but holds \(3,\)",
    ),
    "other layers": (
        changed(decoder=network("GaussianMLP")),
        r"describes decoder.log_variance.bias as \(4,\), but holds nothing",
    ),
}


@pytest.mark.parametrize(("content", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_of_another_kind_is_refused_in_a_sentence(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match=said) as refused:
        VariationalAutoencoder.load(path)
    assert str(refused.value).startswith(f"{path} ")
    assert "\n" not in str(refused.value)


def test_integers_are_no_weights(tmp_path: Path) -> None:
    tensors = safetensors.torch.load(changed())
    tensors["decoder.logits.bias"] = torch.zeros(4, dtype=torch.int64)
    size = int.from_bytes(changed()[:8], "little")
    metadata = json.loads(changed()[8 : 8 + size])["__metadata__"]
    with pytest.raises(UserError, match=r"decoder\.logits\.bias"):
        saving.unpack(safetensors.torch.save(tensors, metadata), "it")


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read \((No such file|Is a directory)"):
        VariationalAutoencoder.load(tmp_path / name)
    with pytest.raises(UserError, match="path is 3: give a path"):
        VariationalAutoencoder.load(3)  # type: ignore[arg-type]


def test_a_place_that_cannot_be_written_is_named_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").write_text("kept")
    with pytest.raises(UserError, match=r"cannot be written to .*folder \(Is a directory\)"):
        small().save(tmp_path / "folder")
    with pytest.raises(UserError, match=r"cannot be written to .*No such file or directory"):
        small().save(tmp_path / "missing" / "model")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "kept"]
