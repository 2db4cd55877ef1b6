"""What tells strangers what this is agrees in every file; what tells contributors how, is true."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import yaml
from places import ROOT

from companion.claims import scoreboard
from companion.experiments import paper_grid, reference

CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CODEMETA: dict[str, Any] = json.loads((ROOT / "codemeta.json").read_text("utf-8"))
ZENODO: dict[str, Any] = json.loads((ROOT / ".zenodo.json").read_text("utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def test_every_file_names_the_same_work() -> None:
    words = " ".join(CITATION["abstract"].split())
    authors = [author["name"] for author in CITATION["authors"]]
    assert PROJECT["version"] == CITATION["version"] == CODEMETA["version"] == ZENODO["version"]
    assert CITATION["title"] == CODEMETA["name"] == ZENODO["title"]
    assert words == CODEMETA["description"] == ZENODO["description"]
    assert CITATION["license"] == ZENODO["license"]
    assert CODEMETA["license"] == f"https://spdx.org/licenses/{CITATION['license']}"
    assert authors == [author["name"] for author in CODEMETA["author"]]
    assert authors == [creator["name"] for creator in ZENODO["creators"]]
    assert CITATION["keywords"] == CODEMETA["keywords"] == ZENODO["keywords"]
    (paper,) = CITATION["references"]
    assert paper["title"] == CODEMETA["referencePublication"]["name"]
    assert paper["url"] == CODEMETA["referencePublication"]["url"]
    assert paper["identifiers"][0]["value"] == ZENODO["related_identifiers"][0]["identifier"]
    assert CODEMETA["identifier"] == PROJECT["name"]


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    entries = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE)
    assert entries[0][0] == PROJECT["version"]
    versions = [tuple(map(int, version.split("."))) for version, _ in entries]
    assert versions == sorted(versions, reverse=True)
    assert [date for _, date in entries] == sorted((date for _, date in entries), reverse=True)
    kinds = set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_each_recipe_is_short_and_names_what_is_there() -> None:
    recipes = re.split(r"^## (.+)$", CONTRIBUTING, flags=re.MULTILINE)[1:]
    assert recipes[::2] == ["A run", "A claim", "A chapter"]
    for recipe in recipes[1::2]:
        assert 4 <= len(re.findall(r"^\d+\. ", recipe, re.MULTILINE)) <= 10
    named = set(re.findall(r"`((?:companion|book|tests)/[\w./]+|_toc\.yml)`", CONTRIBUTING))
    assert len(named) > 10
    for path in named - {"book/NAME.md"}:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    ("where", "name"),
    [(paper_grid, "GROUPS"), (scoreboard, "CLAIMS"), (reference, "plan"), (scoreboard, "Claim")],
)
def test_each_recipe_names_what_the_code_calls_it(where: Any, name: str) -> None:
    assert re.search(rf"`{name}(\(\))?`", CONTRIBUTING)
    assert hasattr(where, name)


def test_the_landing_page_has_the_table_that_a_claim_is_entered_in() -> None:
    landing = (ROOT / "book" / "index.md").read_text("utf-8")
    assert ":name: tab-score-short" in landing
    assert all(f"score-{claim.id}:s" in landing for claim in scoreboard.CLAIMS)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_a_form_and_asks_for_the_report(path: Any) -> None:
    form = yaml.safe_load(path.read_text("utf-8"))
    if path.stem == "config":
        assert form == {"blank_issues_enabled": True}
        return
    assert form.keys() >= {"name", "description", "body"}
    fields = {field["id"]: field for field in form["body"]}
    assert len(fields) == len(form["body"])
    assert "vaelib status --report" in fields["report"]["attributes"]["label"]
    assert ("validations" in fields["report"]) == (path.stem == "bug")
    for field in fields.values():
        assert field["type"] in {"input", "textarea", "dropdown", "checkboxes"}
        assert field["attributes"]["label"]
