"""The mathematics and the experiments of *Auto-Encoding Variational Bayes*."""

from __future__ import annotations

__version__ = "0.1.0"
