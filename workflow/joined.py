"""The built pages as one HTML document, in the reader's order, for printing."""

from __future__ import annotations

import html
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from workflow import messages
from workflow.chapters import TOC

PDF = messages.BUILD / "pdf" / "auto-encoding-variational-bayes.pdf"
STYLE = Path(__file__).with_name("print.css")
# What serves a screen only, and code that a page folds away.
LEFT_OUT = ".headerlink, script, mjx-assistive-mml, details.hide, .screen-only"
HEADINGS = ["h1", "h2", "h3", "h4", "h5"]


@dataclass(frozen=True)
class Entry:
    """A page in the table of contents; `part` is the caption that stands before it."""

    page: str
    depth: int
    part: str | None = None


def entries(root: Path = Path()) -> list[Entry]:
    """The pages with their places in the table of contents, which need not have parts."""
    toc = yaml.safe_load((root / TOC).read_text(encoding="utf-8"))
    found = [Entry(toc["root"], 0)]
    for part in toc.get("parts") or [toc]:
        caption = part.get("caption")
        for entry in below(part.get("chapters") or part.get("sections") or [], 0):
            found.append(Entry(entry.page, entry.depth, caption))
            caption = None
    return found


def below(nodes: list[dict[str, Any]], depth: int) -> Iterator[Entry]:
    """The pages of these nodes and of the sections in them."""
    for node in nodes:
        if "file" in node:  # others lead out of the book
            yield Entry(node["file"], depth)
        yield from below(node.get("sections") or [], depth + 1)


class Joined:
    """All pages in one document, whose links lead within it.

    Args:
        site: the folder of the built pages.
        base: the address of that folder, as seen from the document.
        title: of the book, for the first page.
        subtitle: a line below it.
    """

    def __init__(
        self, site: Path, places: list[Entry], *, base: str, title: str, subtitle: str
    ) -> None:
        self.base, self.title, self.subtitle = base, title, subtitle
        self.places = places
        self.names = {place.page for place in places}
        self.styles: list[str] = []
        self.titles: dict[str, str] = {}
        self.headings: list[str] = []
        self.chapters = [self.chapter(site, place) for place in places]

    def chapter(self, site: Path, place: Entry) -> str:
        """The article of a page, its names made its own and its headings put in their place."""
        page = BeautifulSoup((site / f"{place.page}.html").read_text("utf-8"), "html.parser")
        article = page.select_one("article.bd-article")
        if article is None:
            raise RuntimeError(f"the page {place.page} has no article: render the book anew")
        self.styles = self.styles or [
            str(link["href"]) for link in page.select('link[rel="stylesheet"]')
        ]
        for tag in article.select(LEFT_OUT):
            tag.decompose()
        for tag in article.select("[id]"):
            tag["id"] = anchor(place.page, str(tag["id"]))
        for tag in article.select("a[href]"):
            target = self.target(str(tag["href"]), place.page)
            if target is None:
                tag.unwrap()
            else:
                tag["href"] = target
        for tag in article.select("img[src]"):
            tag["src"] = self.base + posixpath.normpath(
                posixpath.join(posixpath.dirname(place.page), str(tag["src"]))
            )
            tag["loading"] = "eager"
        for tag in article.select("details"):
            tag["open"] = ""
        headings = [tag for tag in article.find_all(HEADINGS) if isinstance(tag, Tag)]
        texts = [" ".join(tag.get_text().split()) for tag in headings]
        self.titles[place.page] = texts[0]
        self.headings += texts
        for tag in headings if place.depth else []:
            tag["class"] = f"was-{tag.name}"
            tag.name = f"h{int(tag.name[1]) + place.depth}"
        return (
            f'<article class="bd-article chapter" id="{anchor(place.page)}">'
            f"{article.decode_contents()}</article>"
        )

    def target(self, address: str, page: str) -> str | None:
        """Where a link of this page leads from the document; None for what is printed nowhere."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return address
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
        name = path.removesuffix(".html") if parts.path else page
        if name not in self.names:
            return None
        return "#" + anchor(name, unquote(parts.fragment))

    def document(self, pages: dict[str, int] | None = None) -> str:
        """The whole document; with the number of the page on which each chapter begins."""
        styles = [posixpath.normpath(f"book/{style.split('?')[0]}") for style in self.styles]
        links = "".join(f'<link rel="stylesheet" href="{self.base}{style}">' for style in styles)
        return (
            f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
            f"<title>{html.escape(self.title)}</title>{links}"
            f"<style>{STYLE.read_text('utf-8')}</style></head><body>"
            f'<div class="book-cover"><p class="title">{html.escape(self.title)}</p>'
            f"<p>{html.escape(self.subtitle)}</p></div>"
            f'<nav class="book-contents"><p class="title">Contents</p>'
            f"{self.contents(pages or {})}</nav>"
            f"{''.join(self.chapters)}</body></html>"
        )

    def contents(self, pages: dict[str, int]) -> str:
        """The table of contents."""
        lines = []
        for place in self.places:
            if place.part:
                lines.append(f'<p class="part">{html.escape(place.part)}</p>')
            lines.append(
                f'<a class="line depth-{place.depth}" href="#{anchor(place.page)}">'
                f"<span>{html.escape(self.titles[place.page])}</span><span></span>"
                f"<span>{pages.get(place.page, 999)}</span></a>"
            )
        return "".join(lines)


def anchor(page: str, name: str = "") -> str:
    """A name that no other page uses."""
    return f"{page.replace('/', '-')}--{name}" if name else page.replace("/", "-")
