"""Hybrid (Hamiltonian) Monte Carlo: `hmc.sample`, and the transition it is made of."""

from vaelib.hmc.log_density import LogDensity
from vaelib.hmc.sampler import (
    Diagnostics,
    HasTransition,
    HMCInfo,
    HMCState,
    init,
    kernel,
    leapfrog,
    propose_and_accept,
    sample,
)

__all__ = [
    "Diagnostics",
    "HMCInfo",
    "HMCState",
    "HasTransition",
    "LogDensity",
    "init",
    "kernel",
    "leapfrog",
    "propose_and_accept",
    "sample",
]
