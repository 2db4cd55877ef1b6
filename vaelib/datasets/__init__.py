"""MNIST and Frey Face: `datasets.load` gives tensors, wherever the files come from."""

from vaelib.datasets.availability import Status, locate
from vaelib.datasets.loading import Dataset, Pixels, binarise, load
from vaelib.datasets.standins import StandInWarning

__all__ = ["Dataset", "Pixels", "StandInWarning", "Status", "binarise", "load", "locate"]
