"""What the reader chooses for a build: profile, device and seed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from companion.pages.opening import check_settings


@dataclass(frozen=True)
class Settings:
    """Checked values; see `read` for how they come about."""

    profile: str
    device: str
    seed: int

    @property
    def options(self) -> str:
        """The same as options of a command line."""
        return f"--profile {self.profile} --device {self.device} --seed {self.seed}"

    def __str__(self) -> str:
        return f"profile {self.profile}, device {self.device}, seed {self.seed}"


def read(profile: str, device: str, seed: str | int) -> Settings:
    """Check what was given.

    Raises:
        UserError: for an unknown profile, a device that is not there, a seed that is no whole
            number.
    """
    check_settings(profile, device, seed)
    return Settings(profile, device, int(seed))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the three options."""
    parser.add_argument("--profile", default="quick", help="quick, standard or paper")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--seed", default="0", help="a whole number from 0")
