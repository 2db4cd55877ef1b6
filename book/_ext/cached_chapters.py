"""A plain `jupyter-book build .` executes a chapter anew once what it shows may be another.

jupyter-cache knows a chapter by its cells and its kernel. What a chapter depends on besides, the
modules that it imports, the data, the packages, is in the key that `make book` uses; here that key
is made a part of the kernel's description. In the staged book nothing is executed, and this does
nothing.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def keys(root: Path) -> dict[str, str]:
    """The key of every chapter of the book in this folder, by document, for a chapter's settings
    as they are written."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    from workflow import plan, settings

    with contextlib.chdir(root):
        book = plan.make(settings.Settings("quick", "cpu", 0))
        return {f"book/{name}": book.chapter_key(name) for name in book.chapters}


def with_key(text: str, key: str) -> str:
    """The chapter with the key in its header, and every line where it was."""
    import yaml

    _, header, rest = text.split("---\n", 2)
    known: dict[str, Any] = yaml.safe_load(header)
    known["kernelspec"] = {**known["kernelspec"], "companion": key}
    return f"---\n{json.dumps(known)}{header.count(chr(10)) * chr(10)}---\n{rest}"


def start(app: Sphinx) -> None:
    """Find the keys, where chapters are executed."""
    executed = app.config.nb_execution_mode == "cache"
    app.companion_keys = keys(Path(app.srcdir)) if executed else {}  # type: ignore[attr-defined]


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """The chapters whose key is another than when they were read."""
    found: dict[str, str] = app.companion_keys  # type: ignore[attr-defined]
    former: dict[str, str] = getattr(env, "companion_keys", {})
    env.companion_keys = found  # type: ignore[attr-defined]
    return [name for name, key in found.items() if former.get(name) != key]


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """Give the reader of the chapter its key."""
    if key := app.companion_keys.get(name):  # type: ignore[attr-defined]
        source[0] = with_key(source[0], key)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", start)
    app.connect("env-get-outdated", outdated)
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
