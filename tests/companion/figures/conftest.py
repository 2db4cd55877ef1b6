"""Every figure is drawn in the theme, and none is left to pyplot."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from companion.figures.theme import use_theme


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with mpl.rc_context():
        use_theme()
        yield
    assert plt.get_fignums() == []
