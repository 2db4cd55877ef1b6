"""Keep long numbers whole: in prose, the space between two groups of digits breaks no line."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

from companion.wording import GAP

# Groups of three that nothing numerical touches: "1 000 000", and not the years in "2013 2014".
LONG_NUMBER = re.compile(r"(?<![\d.,] )(?<![\d.,])\d{1,3}(?: \d{3})+(?! ?\d)")
AS_WRITTEN = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def unbroken(text: str) -> str:
    """The text with such spaces made narrow and unbreakable."""
    return LONG_NUMBER.sub(lambda found: found[0].replace(" ", GAP), text)


def keep_whole(app: Sphinx, document: nodes.document) -> None:
    """Do so in all text but code and formulas."""
    for text in list(document.findall(nodes.Text)):
        if not isinstance(text.parent, AS_WRITTEN) and (whole := unbroken(text)) != text:
            text.parent.replace(text, nodes.Text(whole))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", keep_whole)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
