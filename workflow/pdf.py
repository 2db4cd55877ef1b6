"""Print the built book as one PDF, with Chromium: outline, page numbers, figures as vectors.

    python -m workflow.pdf

The table of contents needs the pages on which the chapters begin. They are known only after
printing, so the book is printed twice.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Browser, Error, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from vaelib.errors import UserError
from workflow import joined, messages
from workflow.joined import PDF
from workflow.render import HTML
from workflow.stage import CONFIG

SUBTITLE = "A reproducible companion to the paper of D. P. Kingma and M. Welling, arXiv:1312.6114"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
FOOTER = (
    '<div style="width: 100%; font: 8pt sans-serif; color: #555; text-align: center">'
    '<span class="pageNumber"></span></div>'
)


def browser_path() -> str:
    """The Chromium of this machine.

    Raises:
        UserError: if there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise UserError(
            "Chromium is not there, which prints the book: install the package chromium"
        )
    return found


def print_document(browser: Browser, document: Path, target: Path) -> None:
    """Print an HTML file on A4, with an outline of its headings."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(document.resolve().as_uri(), wait_until="load", timeout=300_000)
    page.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        tagged=True,
        outline=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    page.close()


def first_pages(pdf: Path, book: joined.Joined) -> dict[str, int]:
    """The page on which each chapter begins."""
    reader = PdfReader(pdf)
    targets = reader.named_destinations
    numbers = {
        place.page: reader.get_destination_page_number(targets[f"/{joined.anchor(place.page)}"])
        for place in book.places
    }
    return {page: number + 1 for page, number in numbers.items() if number is not None}


def name_outline(pdf: Path, titles: list[str]) -> None:
    """Give the entries of the outline the titles of the headings.

    Chromium writes a title twice where a page ends next to its heading.
    """
    writer = PdfWriter(clone_from=pdf)
    entries = list(below(writer.root_object["/Outlines"].get_object()))
    for entry, title in zip(entries, titles, strict=True):
        entry[NameObject("/Title")] = TextStringObject(title)
    writer.write(pdf)


def below(entry: Any) -> Iterator[DictionaryObject]:
    """The entries of an outline below this one, as a reader meets them."""
    child = entry.get("/First")
    while child is not None:
        found = child.get_object()
        yield found
        yield from below(found)
        child = found.get("/Next")


def make(site: Path = HTML, target: Path = PDF) -> None:
    """Print the built pages; the former PDF stays until the new one is complete."""
    title = str(yaml.safe_load(CONFIG.read_text("utf-8"))["title"])
    target.parent.mkdir(parents=True, exist_ok=True)
    document, new = target.with_suffix(".html"), target.with_suffix(".new.pdf")
    base = os.path.relpath(site, target.parent) + "/"
    book = joined.Joined(site, joined.entries(), base=base, title=title, subtitle=SUBTITLE)
    document.write_text(book.document(), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=ARGUMENTS)
        print_document(browser, document, new)
        document.write_text(book.document(first_pages(new, book)), "utf-8")
        print_document(browser, document, new)
        browser.close()
    name_outline(new, book.headings)
    document.unlink()
    new.replace(target)


def main() -> int:
    start = time.perf_counter()
    # Chromium's trailer counts a few objects less than there are, which harms nobody.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        make()
    except (UserError, RuntimeError) as error:
        messages.fail("~pdf", str(error))
        return 1
    except Error as error:
        messages.fail("~pdf", f"Chromium could not print the book: {error.message.splitlines()[0]}")
        return 1
    pages = len(PdfReader(PDF).pages)
    messages.done("pdf", f"{pages} pages", time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
