"""Number the paper's equations as the paper does, in front of the reader and in references.

A source says `\\tag{3}` and labels the equation `eq-3`: the tag serves readers of the notebook,
and the label references. Sphinx would show its own number beside the tag and refer to that one;
here the label decides both.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

LABEL = re.compile(r"eq-(\d+)")
TAG = re.compile(r"\s*\\tag\{(\d+)\}")
logger = logging.getLogger(__name__)


def take_tags(app: Sphinx, document: nodes.document) -> None:
    """Take the tag out of each labelled equation; warn where it is not the label's number."""
    for equation in document.findall(nodes.math_block):
        label = LABEL.fullmatch(equation.get("label") or "")
        if label is None:
            continue
        text = equation.astext()
        if TAG.findall(text) != [label[1]]:
            logger.warning("equation %s needs \\tag{%s}, once", label[0], label[1])
        equation.children = []
        equation += nodes.Text(TAG.sub("", text))


def number(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give each equation with a label of the paper the paper's number."""
    for name, (page, _) in env.get_domain("math").data["objects"].items():
        label = LABEL.fullmatch(name)
        numbers = env.toc_fignumbers.get(page, {}).get("displaymath", {})
        if label and f"equation-{name}" in numbers:
            numbers[f"equation-{name}"] = (int(label[1]),)
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx; the numbers come after its own."""
    app.connect("doctree-read", take_tags)
    app.connect("env-get-updated", number, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
