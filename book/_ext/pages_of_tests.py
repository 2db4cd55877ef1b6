"""The tests as pages of the book: each test with its code and links to what it calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from cross_links import LINKS
from docutils import nodes
from sphinx.application import Sphinx


def collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each test file, each test with an anchor and the names that it calls."""
    if app.builder.format != "html":
        return
    objects = app.env.get_domain("py").objects  # type: ignore[attr-defined]
    called: dict[str, list[str]] = {}
    for name, entry in LINKS.table.entries.items():
        for test in entry.tests if name in objects else []:
            called.setdefault(test, []).append(name)
    highlight = app.builder.highlighter.highlight_block  # type: ignore[attr-defined]
    tests = LINKS.table.root / "tests"
    for path in sorted(tests.rglob("test_*.py")):
        file = path.relative_to(tests).as_posix()
        page = page_of(file)
        body = [f"<h1>{file}</h1>"]
        for test, code in pieces(path.read_text("utf-8")):
            shown = highlight(code, "python")
            if test:
                links = ", ".join(
                    f'<a href="{LINKS.uri(app, page, n)}"><code>{LINKS.short(n)}</code></a>'
                    for n in called.get(f"{file}::{test}", [])
                )
                calls = f"<p>Calls {links}.</p>" if links else ""
                title = escape(sentence(f"::{test}"))
                shown = f'<section id="{test}"><h2>{title}</h2>{calls}{shown}</section>'
            body.append(shown)
        yield page, {"parents": [], "title": file, "body": "\n".join(body)}, "page.html"


def test_role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A test, "file::function", as the sentence that its name is, with a link to its code."""
    return [nodes.reference(rawtext, sentence(text), internal=True, refuri=address(text))], []


def sentence(test: str) -> str:
    """A test's name as the sentence that it is."""
    words = test.partition("::")[2].removeprefix("test_")
    return re.sub(r"_s_", "’s ", words).replace("_", " ")


def address(test: str) -> str:
    """Where a test is shown, seen from a page of the book."""
    file, _, function = test.partition("::")
    return f"../{page_of(file)}.html#{function}"


def page_of(file: str) -> str:
    """The page of a file of tests, such as "vaelib/hmc/test_sampler.py"; none is below another."""
    return f"_tests/{file.removesuffix('.py').replace('/', '.')}"


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """A test file cut before each test: the test's name, or nothing, and the code."""
    lines = text.splitlines(keepends=True)
    start, name = 0, ""
    for node in ast.parse(text).body:
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if is_test or name:
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(d.lineno for d in decorators)]) - 1
            yield name, "".join(lines[start:first]).strip("\n") + "\n"
            start, name = first, node.name if isinstance(node, ast.FunctionDef) and is_test else ""
    yield name, "".join(lines[start:]).strip("\n") + "\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-collect-pages", collect)
    app.add_role("test", test_role)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
