"""Generators that are functions of a seed and a purpose, so that no stream depends on another."""

from __future__ import annotations

import hashlib

import torch

from vaelib.checks.limits import Whole, checked
from vaelib.errors import UserError


@checked
def generator(
    seed: Whole, *purpose: str | int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A fresh generator for (seed, purpose): equal arguments give equal streams.

    Args:
        seed: the run's seed.
        purpose: what the stream is for, such as ("evaluation", 100000).
        device: where the numbers are drawn; streams of different devices differ.

    Raises:
        UserError: for a seed that is no whole number from 0, or a device that is not there.

    >>> first, again = (torch.rand(2, generator=generator(0, "noise", 7)) for _ in range(2))
    >>> bool((first == again).all()), bool((first == torch.rand(2, generator=generator(1))).any())
    (True, False)
    """
    key = "/".join(map(str, (seed, *purpose))).encode()
    # 63 bits, because manual_seed takes a signed 64-bit number.
    number = int.from_bytes(hashlib.sha256(key).digest()[:8], "big") >> 1
    try:
        return torch.Generator(device=device).manual_seed(number)
    except RuntimeError:
        raise UserError(f"device {str(device)!r} has no generator here: use 'cpu'") from None
