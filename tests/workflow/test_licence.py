"""The licences are there, say what they are, and travel with the package and the book."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from places import ROOT

CODE, TEXT = "LICENSE", "LICENSE-CC-BY-4.0"
ADDRESSES = (
    "https://opensource.org/license/mit",
    "https://creativecommons.org/licenses/by/4.0/",
)


def test_the_project_and_its_package_say_the_same(tmp_path: Path) -> None:
    """In the metadata that a wheel is given, with both texts beside it."""
    for name in ("pyproject.toml", "README.md", CODE, TEXT):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "vaelib", tmp_path / "vaelib")
    build = "from setuptools.build_meta import prepare_metadata_for_build_wheel as prepare"
    done = subprocess.run(
        [sys.executable, "-c", f"{build}; prepare('.')"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("*.dist-info")
    metadata = email.message_from_string((made / "METADATA").read_text("utf-8"))
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert metadata["License-Expression"] == declared["license"] == "MIT AND CC-BY-4.0"
    assert metadata.get_all("License-File") == declared["license-files"] == [CODE, TEXT]
    for name in (CODE, TEXT):
        assert (made / "licenses" / name).read_bytes() == (ROOT / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        (CODE, "MIT License\n", "OTHER DEALINGS IN THE\nSOFTWARE.\n"),
        (
            TEXT,
            "Attribution 4.0 International\n",
            "Creative Commons may be contacted at creativecommons.org.\n",
        ),
    ],
)
def test_the_texts_are_whole(name: str, first: str, last: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert text.startswith(first)
    assert text.rstrip("\n").endswith(last.rstrip("\n"))


def test_the_text_of_cc_by_has_all_its_sections() -> None:
    text = (ROOT / TEXT).read_text("utf-8")
    places = [text.find(f"\nSection {number} -- ") for number in range(1, 9)]
    assert places == sorted(places)
    assert min(places) > 0
    assert "ShareAlike" not in text


def test_the_citation_and_the_readme_name_them() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for address in ADDRESSES:
        assert address in (ROOT / "book" / "cite.md").read_text("utf-8")
    assert all(f"]({name})" in readme for name in (CODE, TEXT))
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["license"] == "MIT"


@pytest.mark.book
def test_every_page_names_them(html: Path) -> None:
    pages = sorted((html / "book").glob("*.html"))
    assert len(pages) > 30
    for page in pages:
        footer = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one(".extra_footer")
        assert footer is not None, page.name
        assert [link["href"] for link in footer.select("a")] == list(ADDRESSES), page.name
