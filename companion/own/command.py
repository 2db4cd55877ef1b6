"""The command `vaelib train`."""

from __future__ import annotations

import argparse
from typing import Any

from companion.console import say
from companion.wording import number
from vaelib.errors import UserError

EPILOG = """\
FILE is a file of one array (.npy, .npz, .mat, .csv, .parquet, or IDX as MNIST's, also .gz), a
folder of PNG or JPEG images, or one array of several, as in faces.mat:ff. A row is a datapoint.
"""


def add_train(commands: Any) -> None:
    """Add the command to the others."""
    command: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="train on data of your own, and write a report",
        description="Train on data of your own, and write OUT/report.html.",
        epilog=EPILOG,
    )
    command.add_argument("file", metavar="FILE", help="the data")
    command.add_argument("--out", required=True, metavar="OUT", help="a new folder, or this run's")
    command.add_argument("--n-latent", required=True, type=int, help="dimensions of z")
    command.add_argument("--samples", type=int, default=1_000_000, help="to reach (default 10⁶)")
    command.add_argument("--n-hidden", type=int, help="tanh units each way (default 500)")
    command.add_argument("--likelihood", help="bernoulli or gaussian (default: what fits)")
    command.add_argument("--scale", type=float, help="what all values are divided by")
    command.add_argument("--shape", help="of the images that lie flat in rows, such as 28x20")
    command.add_argument(
        "--columns", action="store_true", help="the last dimension counts the datapoints"
    )
    command.add_argument("--networks", help="FILE.py:FUNCTION for networks of your own")
    command.add_argument("--stepsize", help="of Adagrad (default: section 5's choice)")
    command.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    command.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(command=train_command)


def train_command(options: argparse.Namespace) -> int:
    """Train, and print what came of it."""
    # What draws and reads is loaded for this command alone.
    from companion.own.networks import networks_in
    from companion.own.training import train

    trained = train(
        options.file,
        n_latent=options.n_latent,
        out=options.out,
        samples=options.samples,
        n_hidden=options.n_hidden,
        likelihood=options.likelihood,
        scale=options.scale,
        image_shape=None if options.shape is None else sizes_of(options.shape),
        columns=options.columns,
        networks=None if options.networks is None else networks_in(options.networks),
        stepsize="auto" if options.stepsize is None else _stepsize(options.stepsize),
        seed=options.seed,
        device=options.device,
        progress=not options.quiet,
        say=say,
    )
    found = trained.found
    for name, mean in (
        ("bound, training", found.train_bound),
        ("bound, held out", found.test_bound),
        ("log p(x), held out", found.log_likelihood),
    ):
        say(
            f"{name:19}{number(mean.value, 2)} nats (95 %: {number(mean.low, 2)} to "
            f"{number(mean.high, 2)}, {number(mean.n)} datapoints)"
        )
    say(f"{'latent dimensions':19}{found.n_active} of {len(found.kl)} used")
    for warning in trained.warnings:
        say(f"warning: {warning}")
    say(f"{'report':19}{trained.report}")
    return 0


def sizes_of(text: str) -> list[int]:
    """The numbers of "28x20".

    Raises:
        UserError: if these are no two or three whole numbers.
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() for part in parts):
        raise UserError(f"--shape is {text!r}: give rows x columns, such as 28x20")
    return [int(part) for part in parts]


def _stepsize(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"--stepsize is {text!r}: give a number, such as 0.02") from None
