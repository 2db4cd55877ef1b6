"""Below each figure, folded: what it was drawn from, and the figure as SVG, CSV and notebook.

A figure brings its data and its provenance along in the executed notebook; here they are taken out
again. The table becomes a file of its own, so that a page weighs no more for it.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import yaml
from cross_links import LINKS
from docutils import nodes
from sphinx.application import Sphinx

from companion.drawing.drawn_figure import TRAVELLING
from companion.wording import number, varying

FIGURE = re.compile(r"^`{3,}\{glue:figure\} (\S+)\n:name: (\S+)$", re.MULTILINE)
HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
PARAMETER = re.compile(r"^(profile|device|seed) *= *\"?([^\"\s#]+)", re.MULTILINE)
FOLDER = "_downloads/figures"


class Notebook:
    """What an executed chapter knows of its figures.

    Attributes:
        keys: the name under which each labelled figure was glued.
        glued: what travelled with each figure, its provenance and its table, by that name.
        settings: profile, device and seed.
    """

    def __init__(self, path: Path) -> None:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        self.keys: dict[str, str] = {}
        self.glued: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, str] = {}
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                self.keys |= {label: key for key, label in FIGURE.findall(source)}
            if "parameters" in cell["metadata"].get("tags", []):
                self.settings = dict(PARAMETER.findall(source))
            for output in cell.get("outputs", []):
                known = output.get("metadata", {})
                if "scrapbook" in known and TRAVELLING in known:
                    self.glued[known["scrapbook"]["name"]] = known[TRAVELLING]


def add_folds(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Put the fold below each figure that an executed notebook drew."""
    path = Path(app.env.doc2path(docname))
    if app.builder.format != "html" or path.suffix != ".ipynb":
        return
    notebook = Notebook(path)
    for figure in list(document.findall(nodes.figure)):
        label = next((name for name in figure["ids"] if name in notebook.keys), "")
        found = notebook.glued.get(notebook.keys.get(label, ""))
        image = next(iter(figure.findall(nodes.image)), None)
        if found is None or image is None:
            continue
        number = app.env.toc_fignumbers.get(docname, {}).get("figure", {}).get(label)
        title = f"Fig. {'.'.join(map(str, number))}" if number else "This figure"
        links = [
            (f"../_images/{app.env.images[image['uri']][1]}", f"{label}.svg", "SVG"),
            (f"../_sources/{docname}.ipynb", path.name, "executed notebook"),
        ]
        if table := found["csv"]:
            file = Path(app.outdir) / FOLDER / f"{label}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(table, "utf-8")
            links.insert(1, (f"../{FOLDER}/{file.name}", file.name, "data as CSV"))
        fold = _fold(title, links, _facts(app, docname, label, notebook, found["provenance"]))
        fold += _runs(found["provenance"]["runs"]) + "</details>"
        above: nodes.Element = figure
        while "explorer" in above.parent["classes"]:  # which takes the figure's place
            above = above.parent
        above.parent.insert(above.parent.index(above) + 1, nodes.raw("", fold, format="html"))


def _fold(title: str, links: list[tuple[str, str, str]], facts: dict[str, str]) -> str:
    downloads = ", ".join(
        f'<a href="{escape(href)}" download="{escape(name)}">{text}</a>'
        for href, name, text in links
    )
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value)
    return (
        f'<details class="provenance"><summary>{title}: data and provenance</summary>'
        f"<dl><dt>download</dt><dd>{downloads}</dd>{rows}</dl>"
    )


def _facts(
    app: Sphinx, docname: str, label: str, notebook: Notebook, known: dict[str, Any]
) -> dict[str, str]:
    """What stands in the fold, as HTML, by name."""
    page = docname.rpartition("/")[2]
    source = (LINKS.table.root / f"{docname}.md").read_text("utf-8")
    header = HEADER.match(source)
    reads = (yaml.safe_load(header[1]) or {}).get("companion", {}) if header else {}
    data = "; ".join(
        f"{escape(found['name'])}{', a stand-in' if found['stand_in'] else ''}, SHA-256 "
        f"<code>{found['sha256'][:16]}…</code>"
        for found in known["data"]
    )
    return {
        "drawn by": ", ".join(
            f'<a href="{LINKS.uri(app, docname, name)}"><code>{LINKS.short(name)}</code></a>'
            for name, entry in LINKS.table.entries.items()
            if entry.figures.get(label) == page
        ),
        "settings": ", ".join(f"{name} {value}" for name, value in notebook.settings.items()),
        "versions": ", ".join(f"{name} {value}" for name, value in known["versions"].items()),
        "threads": str(known["threads"]),
        "data": data,
        "runs": "" if known["runs"] or reads.get("runs") else "none of this build",
        "this page reads": ", ".join([*reads.get("data", []), *reads.get("runs", [])]),
    }


def _runs(runs: list[dict[str, Any]]) -> str:
    """The runs as a table that scrolls within itself, and below it what they have in common."""
    if not runs:
        return ""
    rows, common = varying(
        [
            {
                "run": f"<code>{escape(run['id'])}</code>",
                "training samples": number(run["samples"])
                + (f", shown to {number(run['shown'])}" if run["shown"] < run["samples"] else ""),
                "seconds": f"{run['seconds']:.0f}",
                **{name: ", ".join(map(str, run[name])) for name in ("threads", "device", "torch")},
                "code": f"<code>{run['source']}</code>",
            }
            for run in runs
        ],
        keep=("run", "training samples", "seconds"),
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row.values())}</tr>" for row in rows
    )
    return (
        '<div class="runs" tabindex="0" role="region" aria-label="The runs of this figure">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        + (f"<p>All runs: {common}.</p>" if common else "")
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-resolved", add_folds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
