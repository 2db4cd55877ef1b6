r"""Number the paper's equations, figures and algorithms as the paper does, in text and references.

What is labelled `eq-7`, `fig-4a` or `alg-2` is the paper's and takes the number in its label; the
book's own figures, tables and algorithms are counted by chapter, without gaps. A source says
`\tag{7}` as well: the tag serves readers of the notebook, and Sphinx would show its own number
beside it, so it is taken out here.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

EQUATION = re.compile(r"eq-(\d+)")
PAPERS = re.compile(r"(?:equation-eq|fig|alg)-(\d+[a-z]?)")
TAG = re.compile(r"\s*\\tag\{(\d+)\}")
logger = logging.getLogger(__name__)


def take_tags(app: Sphinx, document: nodes.document) -> None:
    """Take the tag out of each labelled equation; warn where it is not the label's number."""
    for equation in document.findall(nodes.math_block):
        label = EQUATION.fullmatch(equation.get("label") or "")
        if label is None:
            continue
        text = equation.astext()
        if TAG.findall(text) != [label[1]]:
            logger.warning("equation %s needs \\tag{%s}, once", label[0], label[1])
        equation.children = []
        equation += nodes.Text(TAG.sub("", text))


def number(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Replace Sphinx's numbers by the paper's, and close the gaps that this leaves.

    A figure on a page without a number, such as the landing page, loses its own: "Fig. 1" is the
    paper's.
    """
    counts: Counter[tuple[Any, ...]] = Counter()
    for kinds in env.toc_fignumbers.values():
        for kind, numbers in kinds.items():
            for identifier, own in list(numbers.items()):
                if label := PAPERS.fullmatch(identifier):
                    numbers[identifier] = (label[1],)  # type: ignore[assignment]
                elif kind == "figure" and len(own) == 1:
                    del numbers[identifier]
                elif own:
                    counts[kind, *own[:-1]] += 1
                    numbers[identifier] = (*own[:-1], counts[kind, *own[:-1]])
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx; the numbers come after its own."""
    app.connect("doctree-read", take_tags)
    app.connect("env-get-updated", number, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
