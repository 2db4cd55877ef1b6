"""The error that a user can cause, and the one that a model can."""

from __future__ import annotations


class UserError(ValueError):
    """A bad input; its message is one sentence that names the thing, its value and the remedy.

    The command line prints the message and exits with code 2; a chapter fails with it.
    """


class DivergedError(UserError):
    """A model whose numbers are no longer numbers, most often by training with a large stepsize."""
