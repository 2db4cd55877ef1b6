"""The PDF that `make pdf` prints: all chapters, an outline, page numbers, figures as vectors."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from places import ROOT
from pypdf import PageObject, PdfReader

from workflow import joined, pdf

pytestmark = pytest.mark.browser

ENTRIES = joined.entries(ROOT)


@pytest.fixture(scope="module")
def reader(html: Path, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    # In a process of its own: this one's Playwright may be in use by other tests.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(pdf.make, html, target).result()
    return PdfReader(target)


def starts(reader: PdfReader) -> list[int]:
    """The page, from zero, on which each chapter begins."""
    targets = reader.named_destinations
    found = [
        reader.get_destination_page_number(targets[f"/{joined.anchor(entry.page)}"])
        for entry in ENTRIES
    ]
    return [number for number in found if number is not None]


def title(text: str) -> str:
    return " ".join(text.split())


def test_every_chapter_begins_a_page_in_the_reader_s_order(reader: PdfReader) -> None:
    begins = starts(reader)
    assert len(begins) == len(ENTRIES) >= 25
    assert begins == sorted(set(begins))
    assert len(reader.pages) > 80


def test_the_outline_holds_the_chapters_and_their_sections(reader: PdfReader) -> None:
    top = [item for item in reader.outline if not isinstance(item, list)]
    assert [reader.get_destination_page_number(item) for item in top] == [
        begin for begin, entry in zip(starts(reader), ENTRIES, strict=True) if entry.depth == 0
    ]
    titles = [title(str(item.title)) for item in top]
    assert "2. Method" in titles
    assert "F. Full VB" in titles
    below = reader.outline[reader.outline.index(top[titles.index("2. Method")]) + 1]
    assert isinstance(below, list)
    assert [title(str(item.title)) for item in below if not isinstance(item, list)][-4:] == [
        "2.1. Problem scenario",
        "2.2. The variational bound",
        "2.3. The SGVB estimator and the AEVB algorithm",
        "2.4. The reparameterization trick",
    ]


def test_pages_are_numbered_and_the_contents_name_the_right_ones(reader: PdfReader) -> None:
    for number, page in enumerate(reader.pages[:20], start=1):
        assert page.extract_text().split()[-1] == str(number)
    named = re.findall(r"(\d+)\s*$", contents(reader), re.MULTILINE)
    assert [int(number) for number in named][: len(ENTRIES)] == [
        begin + 1 for begin in starts(reader)
    ]


def contents(reader: PdfReader) -> str:
    """The lines of the contents, without the number at the foot of each of their pages."""
    first = starts(reader)[0]
    pages = (page.extract_text().rstrip() for page in reader.pages[1:first])
    return "\n".join(text.removesuffix(text.split()[-1]) for text in pages)


def pages_of(reader: PdfReader, name: str) -> list[PageObject]:
    begins = [*starts(reader), len(reader.pages)]
    place = [entry.page for entry in ENTRIES].index(f"book/{name}")
    return list(reader.pages[begins[place] : begins[place + 1]])


def test_curves_are_vectors(reader: PdfReader) -> None:
    pages = pages_of(reader, "s5_1_lower_bound")
    assert not [image for page in pages for image in page.images]
    # Letters of a figure are outlines too, so that Fig. 2 takes thousands of lines and curves.
    strokes = re.compile(rb" [lc]$", re.MULTILINE)
    assert max(len(strokes.findall(drawing(page))) for page in pages) > 3000


def drawing(page: PageObject) -> bytes:
    """What draws a page, with the forms that it places."""
    forms = page["/Resources"].get_object().get("/XObject", {}).values()
    contents = page.get_contents()
    assert contents is not None
    return b"\n".join([contents.get_data(), *(form.get_object().get_data() for form in forms)])


def test_fonts_travel_with_the_book(reader: PdfReader) -> None:
    fonts = [
        font.get_object()
        for page in reader.pages
        for font in page["/Resources"].get_object().get("/Font", {}).values()
    ]
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        if inner["/Subtype"] != "/Type3":
            assert any(key.startswith("/FontFile") for key in inner["/FontDescriptor"])


def test_links_lead_within_the_book_or_out_of_it_never_into_this_machine(
    reader: PdfReader,
) -> None:
    inside = 0
    for page in reader.pages:
        for link in page.get("/Annots", []):
            action = link.get_object().get("/A", {})
            if "/URI" in action:
                assert str(action["/URI"]).startswith(("https://", "http://", "mailto:"))
            else:
                inside += 1
    assert inside > 100
