"""Runs that are kept, taken up and carried further: `runs.ensure` gives those one asks for."""

from companion.runs.requested import MissingRuns, curves, ensure, stored

__all__ = ["MissingRuns", "curves", "ensure", "stored"]
