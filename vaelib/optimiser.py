"""The update of section 5: Adagrad on the MAP objective, with the authors' warm-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaelib.checks.limits import Count, NotNegative, Positive, Whole, checked
from vaelib.checks.shapes import Float
from vaelib.checks.tensors import check_state
from vaelib.errors import UserError


@dataclass(frozen=True, eq=False)
class _Piece:
    """What one pass over memory updates: a parameter, or several that lie side by side."""

    values: Tensor
    sums: Tensor  # of squared gradients
    decay: float


class MAPAdagrad:
    """Adagrad (Duchi, Hazan and Singer, 2011) on a per-datapoint loss and the prior p(θ) = N(0, I).

    The prior enters with its true weight, 1/N per datapoint: for the loss −(1/M) Σ L(x), the
    gradient of −log N(θ; 0, 1/precision)/N is added. As in the authors' code it stands on weights
    and not on biases. In the first `warmup` steps squared gradients accumulate and nothing moves,
    so that the first real steps are not of full size; that, too, is in the authors' code.

    Args:
        parameters: (name, parameter) pairs, as `module.named_parameters()` gives.
        stepsize: the global stepsize, chosen from {0.01, 0.02, 0.1} in section 5.
        n_datapoints: N, the size of the training set.
        warmup: steps that only accumulate.
        prior_precision: 1 for N(0, I); 0 switches the prior off.
        prior_on_biases: whether the prior is on the biases too.

    Raises:
        UserError: for a number that is none of these, or no parameters.

    >>> theta = nn.Parameter(torch.tensor([4.0]))
    >>> adagrad = MAPAdagrad([("weight", theta)], stepsize=0.5, n_datapoints=1, warmup=0)
    >>> for _ in range(3):
    ...     adagrad.zero_grad()
    ...     (theta - 1.0).square().sum().backward()
    ...     adagrad.step()
    >>> theta.data
    tensor([2.9274])
    """

    @checked
    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        *,
        stepsize: Positive,
        n_datapoints: Count,
        warmup: Whole = 100,
        prior_precision: NotNegative = 1.0,
        prior_on_biases: bool = False,
    ) -> None:
        self._parameters = dict(parameters)
        if not self._parameters:
            raise UserError("there are no parameters to learn: pass module.named_parameters()")
        precision = prior_precision / n_datapoints
        decays = [
            precision * (prior_on_biases or not name.endswith("bias")) for name in self._parameters
        ]
        groups = [
            {
                "params": [
                    p
                    for p, own in zip(self._parameters.values(), decays, strict=True)
                    if own == decay
                ],
                "weight_decay": decay,
            }
            for decay in sorted(set(decays))
        ]
        # Made once: a tensor takes longer to make than to use.
        self._still = torch.tensor(0.0, dtype=torch.float64)
        self._moving = torch.tensor(stepsize, dtype=torch.float64)
        self._warmup = warmup
        self._steps = 0
        on_cpu = all(p.device.type == "cpu" for p in self._parameters.values())
        # The fused update is one pass over memory; PyTorch has it for CPU only.
        self._adagrad = torch.optim.Adagrad(groups, lr=stepsize, fused=on_cpu)
        self._pieces = [
            _Piece(p, self._adagrad.state[p]["sum"], decay)
            for p, decay in zip(self._parameters.values(), decays, strict=True)
        ]

    @property
    def steps(self) -> int:
        """Steps taken so far, those of the warm-up among them."""
        return self._steps

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self._adagrad.zero_grad()

    def step(self) -> None:
        """Take one step, or only accumulate while warming up."""
        self._take(self.advance())

    def advance(self) -> Float[Tensor, ""]:
        """Count a step, for `apply` to take; return its stepsize, 0-d: 0 while warming up."""
        self._steps += 1
        return self._still if self._steps <= self._warmup else self._moving

    def join(self, parameters: Sequence[nn.Parameter]) -> Float[Tensor, "n_rows *rest"]:
        """Lay parameters side by side in one tensor, which a compiled `apply` takes as one.

        They become views of it, and so do their sums.

        Args:
            parameters: weights or biases that differ in their first dimension only.

        Returns:
            the tensor; its gradient stands where that of the first parameter stood.
        """
        pieces = [next(piece for piece in self._pieces if piece.values is p) for p in parameters]
        values = _side_by_side([piece.values for piece in pieces])
        sums = _side_by_side([piece.sums for piece in pieces])
        place = self._pieces.index(pieces[0])
        self._pieces = [piece for piece in self._pieces if piece not in pieces]
        self._pieces.insert(place, _Piece(values, sums, pieces[0].decay))
        return values

    def apply(self, gradients: list[Float[Tensor, "..."]], stepsize: Float[Tensor, ""]) -> None:
        """Take the step that `advance` counted. Where this is compiled, it is one fused pass.

        Args:
            gradients: one for each parameter, in order.
            stepsize: what `advance` returned.
        """
        if not torch.compiler.is_compiling():
            for parameter, gradient in zip(self._parameters.values(), gradients, strict=True):
                parameter.grad = gradient
            self._take(stepsize)
            return
        for piece, gradient in zip(self._pieces, gradients, strict=True):
            whole = gradient + piece.decay * piece.values if piece.decay else gradient
            piece.sums.add_(whole.square())
            piece.values.sub_(
                stepsize * whole / (piece.sums.sqrt() + self._adagrad.defaults["eps"])
            )

    def _take(self, stepsize: Tensor) -> None:
        for group in self._adagrad.param_groups:
            group["lr"] = stepsize.item()
        self._adagrad.step()

    def state_dict(self) -> dict[str, Tensor]:
        """The sums of squared gradients by parameter name, and the number of steps taken."""
        sums = {name: self._adagrad.state[p]["sum"] for name, p in self._parameters.items()}
        return {**sums, "steps": torch.tensor(self._steps)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave.

        Raises:
            UserError, DivergedError: as `check_state`; nothing is changed then.
        """
        check_state(type(self).__name__, self.state_dict(), state)
        self._steps = int(state["steps"])
        for name, parameter in self._parameters.items():
            own = self._adagrad.state[parameter]
            own["sum"].copy_(state[name])
            own["step"].fill_(self._steps)


def _side_by_side(tensors: Sequence[Tensor]) -> Tensor:
    """One tensor with the given ones as its blocks of rows; they become views of it."""
    whole = torch.cat([tensor.detach() for tensor in tensors])
    for tensor, block in zip(tensors, whole.split([len(t) for t in tensors]), strict=True):
        tensor.data = block
    return whole
