"""The variational auto-encoder of section 3: a prior, an encoder and a decoder."""

from __future__ import annotations

from typing import Literal, Self, cast

import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from vaelib import saving
from vaelib.checks.limits import Count, Positive, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_data, check_like, check_pixels, on_cpu
from vaelib.errors import UserError
from vaelib.files import AnyPath
from vaelib.networks import (
    BernoulliMLP,
    Gaussian,
    GaussianMLP,
    Likelihood,
    MeanActivation,
    check_intensities,
    draw,
    initialise,
)

DecoderKind = Literal["bernoulli", "gaussian", "unbounded gaussian"]
StartOf = Literal["as the rest", "from zero"]
LogVariance = Literal[StartOf, "slow"]
# What the authors' library multiplies the weights of its wake-sleep encoder's log σ² by.
SLOW = 0.1


class VariationalAutoencoder(nn.Module):
    """p(z) = N(0, I), the decoder p_θ(x|z) and the recognition model q_φ(z|x), section 3.

    Args:
        encoder: maps `(..., n_pixels)` to a diagonal Gaussian over `(..., n_latent)`.
        decoder: maps `(..., n_latent)` to a distribution over `(..., n_pixels)`.
        n_latent: dimension of z, the paper's N_z.

    >>> from vaelib import generator
    >>> encoder, decoder = GaussianMLP(4, 3, 2), BernoulliMLP(2, 3, 4)
    >>> model = VariationalAutoencoder(encoder, decoder, n_latent=2)
    >>> x = torch.rand(8, 4)
    >>> model.encode(x).mean.shape, model.log_joint(x, torch.zeros(8, 2)).shape
    (torch.Size([8, 2]), torch.Size([8]))
    >>> model.generate(5, generator=generator(0)).shape
    torch.Size([5, 4])
    """

    @checked
    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, n_latent: Count) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.n_latent = n_latent

    def prior(self) -> Gaussian:
        """p(z) = N(0, I) over `(n_latent,)`, on the device and in the dtype of the parameters."""
        like = next(self.parameters())
        zeros = torch.zeros(self.n_latent, device=like.device, dtype=like.dtype)
        return Independent(
            Normal(zeros, torch.ones_like(zeros), validate_args=False), 1, validate_args=False
        )

    def encode(self, x: Float[Tensor, "*batch n_pixels"]) -> Gaussian:
        """The approximate posterior q(z|x), Eq. 9, for x of shape `(..., n_pixels)`.

        Raises:
            UserError: if x is not in the dtype and on the device of the parameters, or the encoder
                has another number of latent dimensions than the model; on a CPU also if x is not
                finite, or outside [0, 1] before a Bernoulli decoder.
        """
        like = next(self.parameters(), None)
        if like is not None:
            check_like(x, like)
        if on_cpu(x):
            check_data(x, n_dimensions=x.ndim)
            if isinstance(self.decoder, BernoulliMLP):
                check_intensities(x)
        q = cast(Gaussian, self.encoder(x))
        if q.event_shape[-1:] != (self.n_latent,):
            raise UserError(
                f"the encoder gives {tuple(q.event_shape)} latent dimensions, but the model has "
                f"n_latent {self.n_latent}: let them agree"
            )
        return q

    def decode(self, z: Float[Tensor, "*batch n_latent"]) -> Likelihood:
        """The likelihood p(x|z) for z of shape `(..., n_latent)`."""
        if z.shape[-1] != self.n_latent:
            raise UserError(
                f"z has {z.shape[-1]} latent dimensions, but the model has {self.n_latent}: "
                "pass z of shape (..., n_latent)"
            )
        return cast(Likelihood, self.decoder(z))

    def log_joint(
        self, x: Float[Tensor, "*#batch n_pixels"], z: Float[Tensor, "*#batch n_latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(x, z) = log p(z) + log p(x|z), in nats.

        Args:
            x: `(..., n_pixels)`, broadcast against z.
            z: `(..., n_latent)`.

        Returns:
            the broadcast leading shape `(...)`.
        """
        return log_standard_normal(z) + self.log_likelihood(x, z)

    def log_likelihood(
        self, x: Float[Tensor, "*#batch n_pixels"], z: Float[Tensor, "*#batch n_latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(x|z), in nats; shapes as `log_joint`.

        Raises:
            UserError: if x has not the decoder's number of pixels.
        """
        likelihood = self.decode(z)
        check_pixels(x, likelihood.event_shape[-1])
        log_likelihood: Tensor = likelihood.log_prob(x)
        return log_likelihood

    @checked
    def generate(self, n: Count, *, generator: torch.Generator) -> Float[Tensor, "n n_pixels"]:
        """The means of p(x|z) for n draws of z from the prior, `(n, n_pixels)`, as in Fig. 5."""
        prior = self.prior().expand((n,))
        with torch.no_grad():
            return self.decode(draw(prior, generator=generator)).mean

    def save(self, path: AnyPath) -> None:
        """Write the model to one file, weights and the networks they belong to; see `load`.

        Raises:
            UserError: if the networks are not Appendix C's, or the file cannot be written; a file
                that was there before stays.
        """
        saving.write(path, saving.pack(self.encoder, self.decoder))

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """The model that `save` wrote, to the bit and in its dtype, on the CPU.

        The file is safetensors: reading one runs no code, whoever wrote it.

        Raises:
            UserError: if the file cannot be read, or is of another kind.

        >>> import tempfile
        >>> from vaelib import generator
        >>> model = build(n_pixels=4, n_hidden=3, n_latent=2, generator=generator(0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model.safetensors")
        ...     again = VariationalAutoencoder.load(f"{folder}/model.safetensors")
        >>> again.n_latent, torch.equal(model.encoder.hidden.weight, again.encoder.hidden.weight)
        (2, True)
        """
        saved = saving.read(path)
        return cls(saved.encoder, saved.decoder, n_latent=saved.n_latent)


def log_standard_normal(z: Float[Tensor, "*batch n_latent"]) -> Float[Tensor, "*batch"]:
    """log N(z; 0, I) summed over the last dimension: `(..., n_latent)` to `(...)`.

    >>> log_standard_normal(torch.zeros(3, 2))
    tensor([-1.8379, -1.8379, -1.8379])
    """
    log_density: Tensor = Normal(0.0, 1.0, validate_args=False).log_prob(z)
    return log_density.sum(-1)


@checked
def build(
    *,
    n_pixels: Count,
    n_hidden: Count,
    n_latent: Count,
    decoder: DecoderKind = "bernoulli",
    init_std: Positive = 0.01,
    encoder_log_variance: LogVariance = "as the rest",
    output_bias: StartOf = "as the rest",
    decoder_layers: Count = 1,
    generator: torch.Generator,
) -> VariationalAutoencoder:
    """The paper's model: one tanh layer each way, every parameter from N(0, init_std²).

    Args:
        n_pixels: dimension of x; 784 for MNIST, 560 for Frey Face.
        n_hidden: tanh units in encoder and decoder; 500 for MNIST, 200 for Frey Face.
        n_latent: dimension of z.
        decoder: "bernoulli" (MNIST), "gaussian" with sigmoid means (Frey Face), or "unbounded
            gaussian" with any means, for x that is not confined to [0, 1].
        init_std: standard deviation of the initial parameters.
        encoder_log_variance: how the layer of log σ² of q(z|x) begins. "from zero" and "slow" are
            the authors' library's, for AEVB and for wake-sleep: it begins at zero, and if slow
            its weights move at a tenth of the speed.
        output_bias: how the biases of the decoder's last layer begin.
        decoder_layers: tanh layers of the decoder; more than one for a Gaussian only, where the
            authors' library has two for wake-sleep.
        generator: a CPU generator, so that every device starts from the same numbers.

    Raises:
        UserError: for an unknown decoder or start, a size or deviation that none has, or a
            Bernoulli decoder of more than one layer.

    >>> from vaelib import generator
    >>> mnist = build(n_pixels=784, n_hidden=500, n_latent=20, generator=generator(0))
    >>> sum(parameter.numel() for parameter in mnist.parameters())
    815824
    """
    network: BernoulliMLP | GaussianMLP
    if decoder != "bernoulli":
        activation: MeanActivation = "sigmoid" if decoder == "gaussian" else "identity"
        network = GaussianMLP(
            n_latent, n_hidden, n_pixels, mean_activation=activation, n_layers=decoder_layers
        )
    elif decoder_layers == 1:
        network = BernoulliMLP(n_latent, n_hidden, n_pixels)
    else:
        raise UserError(
            f"decoder_layers is {decoder_layers}, but a Bernoulli decoder has one tanh layer: "
            "use 1, or decoder 'gaussian'"
        )
    slow = encoder_log_variance == "slow"
    encoder = GaussianMLP(n_pixels, n_hidden, n_latent, log_variance_factor=SLOW if slow else 1.0)
    model = VariationalAutoencoder(encoder, network, n_latent=n_latent)
    initialise(model, std=init_std, generator=generator)
    zeros = [] if output_bias == "as the rest" else [head.bias for head in network.heads]
    if encoder_log_variance != "as the rest":
        zeros += [*encoder.log_variance.parameters()]
    for parameter in zeros:
        nn.init.zeros_(parameter)
    return model
