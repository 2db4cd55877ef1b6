"""The plan of a build: pages, runs, and the key of each; the Snakefile turns it into rules."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from companion.experiments.paper_grid import explorers, groups
from companion.runs.config import RunRequest
from vaelib.errors import UserError
from workflow import chapters, keys, stage, stamps
from workflow.chapters import BOOK, Page
from workflow.joined import PDF
from workflow.render import HTML
from workflow.settings import Settings

RENDERING = (
    "requirements.lock",
    "workflow/render.py",
    "workflow/soundness.py",
    "vaelib",
    "companion",
    "tests",
)
PRINTING = ("workflow/pdf.py", "workflow/joined.py", "workflow/print.css")


@dataclass(frozen=True)
class Product:
    """What a step makes.

    Attributes:
        key: of all that it is made from, also by the steps before it.
        files: what it leaves; folders count with all that they hold.
        needs: the stamps of the steps before it.
    """

    key: str
    files: tuple[Path, ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that a build with these settings needs, computed from the files as they are."""

    settings: Settings
    pages: tuple[Page, ...]

    @cached_property
    def chapters(self) -> dict[str, Page]:
        """The pages that compute, by name."""
        return {page.name: page for page in self.pages if page.computes}

    @cached_property
    def plain(self) -> list[Page]:
        """The pages that are copied as they are."""
        return [page for page in self.pages if not page.computes]

    @cached_property
    def groups(self) -> dict[str, list[RunRequest]]:
        return groups(self.settings.profile, seed=self.settings.seed)

    @cached_property
    def run_keys(self) -> dict[str, str]:
        """The key of every run, by slug; a run that several figures share is as long as the
        longest request."""
        longest: dict[str, RunRequest] = {}
        for request in (request for group in self.groups.values() for request in group):
            slug = request.config.slug
            if slug not in longest or longest[slug].samples < request.samples:
                longest[slug] = request
        return {
            slug: keys.run(request, self.settings, self.data_key(request.config.dataset))
            for slug, request in longest.items()
        }

    @cached_property
    def _data_keys(self) -> dict[str, str]:
        return {}

    def data_key(self, dataset: str) -> str:
        if dataset not in self._data_keys:
            self._data_keys[dataset] = keys.data(dataset)
        return self._data_keys[dataset]

    def runs_of(self, name: str) -> dict[str, str]:
        """The runs that a chapter reads: key by slug.

        Raises:
            UserError: if its header names a group that is not there.
        """
        slugs = []
        for group in self.chapters[name].runs:
            if group not in self.groups:
                raise UserError(
                    f"chapter {name} asks for runs {group!r}: use {', '.join(self.groups)}"
                )
            slugs += [request.config.slug for request in self.groups[group]]
        return {slug: self.run_keys[slug] for slug in sorted(set(slugs))}

    @cached_property
    def network_runs(self) -> dict[str, str]:
        """The runs whose networks are written for the explorers: key by slug; none if no page
        holds an explorer that loads them."""
        if not any(page.loads_networks for page in self.pages):
            return {}
        requests = explorers(self.settings.profile, seed=self.settings.seed)
        return {request.config.slug: self.run_keys[request.config.slug] for request in requests}

    def networks_key(self) -> str:
        """The key of the explorers' files."""
        return keys.networks(self.settings, runs=sorted(self.network_runs.values()))

    def chapter_key(self, name: str) -> str:
        page = self.chapters[name]
        own = keys.chapter(
            page,
            self.settings,
            runs=sorted(self.runs_of(name).values()),
            datasets=[self.data_key(dataset) for dataset in page.data],
        )
        before = [self.chapter_key(other) for other in self.before(name)]
        return keys.digest(own, before) if before else own

    def before(self, name: str) -> list[str]:
        """The chapters that must be there before this one: none, or all that do not wait."""
        if not self.chapters[name].comes_last:
            return []
        return [other for other, page in self.chapters.items() if not page.comes_last]

    @cached_property
    def run_stamps(self) -> dict[str, str]:
        """The stamps of the runs that are read: slug by name."""
        wanted = [self.network_runs, *(self.runs_of(name) for name in self.chapters)]
        return {run_stamp(slug, key): slug for runs in wanted for slug, key in runs.items()}

    def has_run(self, name: str) -> bool:
        """Whether the run of that stamp lies where the stamp says, in the store of now."""
        from companion.runs.store import RunStore

        record = Path(stamps.path(name).read_text(encoding="utf-8").strip())
        store = RunStore.default(self.settings.device)
        return record.is_file() and store.root.resolve() in record.resolve().parents

    @cached_property
    def products(self) -> dict[str, Product]:
        """What the steps make but for the runs, by the name of the stamp, in an order to make it.

        Keys hold keys, so that one changes with all that lies before it.
        """
        found = {}
        for name in sorted(self.chapters, key=lambda name: self.chapters[name].comes_last):
            runs = (run_stamp(slug, key) for slug, key in self.runs_of(name).items())
            found[f"chapters/{name}"] = Product(
                self.chapter_key(name),
                (stage.STAGE / BOOK / f"{name}.ipynb", stamps.RECORDS / f"{name}.json"),
                (*runs, *(f"chapters/{other}" for other in self.before(name))),
            )
        if self.network_runs:
            runs = (run_stamp(slug, key) for slug, key in self.network_runs.items())
            found["networks"] = Product(
                self.networks_key(), (stage.STAGE / stage.NETWORKS,), tuple(runs)
            )
        sources = stage.sources()
        code = keys.files(Path("workflow/stage.py"), Path("workflow/chapters.py"))
        found["stage"] = Product(
            keys.digest(code, keys.files(*sources)), tuple(stage.STAGE / path for path in sources)
        )
        # The reference is made from docstrings, and links to the tests.
        rendering = keys.files(*map(Path, RENDERING))
        before = [product.key for product in found.values()]
        found["book"] = Product(keys.digest(rendering, before), (HTML,), tuple(found))
        printing = keys.files(*map(Path, PRINTING))
        found["pdf"] = Product(keys.digest(printing, found["book"].key), (PDF,), ("book",))
        return found


def run_stamp(slug: str, key: str) -> str:
    """The name of a run's stamp."""
    return f"runs/{slug}.{key}"


def make(settings: Settings) -> Plan:
    """Plan a build of the book in the current folder.

    Raises:
        UserError: if a file lies there that would change every figure.
    """
    # matplotlib looks in the current folder first, whatever MATPLOTLIBRC says.
    if os.path.lexists("matplotlibrc"):
        raise UserError(
            "the project's folder holds a matplotlibrc, which would change every figure: "
            "move it elsewhere"
        )
    return Plan(settings, tuple(chapters.pages()))
