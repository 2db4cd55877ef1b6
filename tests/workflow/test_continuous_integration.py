"""The workflows run what the project calls its checks, and leave it the time that it takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from places import ROOT

from workflow import checks, environment

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FILES}
REPORT = ".github/report_failure.sh"
# What stands in the place of GitHub's program: it notes its words, and knows one open issue.
GH = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["NOTED"], "a") as noted:
    noted.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["issue", "list"] and f'"{os.environ["OPEN"]}"' in sys.argv[-1]:
    print(7)
"""


def jobs_that_run(command: str) -> list[tuple[str, dict[str, Any]]]:
    """The jobs with a step that is this command, each with the name of its workflow."""
    return [
        (name, job)
        for name, workflow in WORKFLOWS.items()
        for job in workflow["jobs"].values()
        if command in [step.get("run") for step in job["steps"]]
    ]


def test_every_change_is_checked_within_the_limit_of_the_checks_themselves() -> None:
    ((name, job),) = jobs_that_run("bash .ci/run")
    # "on" is a truth value in YAML 1.1.
    assert {"push", "pull_request"} <= WORKFLOWS[name][True].keys()
    assert job["timeout-minutes"] > checks.MINUTES["change"]


def test_thorough_checks_are_scheduled_with_every_python() -> None:
    ((name, job),) = jobs_that_run("make thorough")
    assert WORKFLOWS[name][True]["schedule"]
    assert job["timeout-minutes"] > checks.MINUTES["thorough"]
    (pythons,) = (
        step["with"]["python-version"].split()
        for step in job["steps"]
        if "setup-python" in step.get("uses", "")
    )
    assert set(pythons) == {"{}.{}".format(*version) for version in environment.SUITED}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(path: Path) -> None:
    uses = re.findall(r"^.*uses:(.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert uses
    for used in uses:
        assert re.fullmatch(r" [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_an_action_has_one_version_everywhere() -> None:
    text = "".join(path.read_text("utf-8") for path in FILES)
    pins = set(re.findall(r"uses: ([\w/-]+)@([0-9a-f]+ # \S+)", text))
    assert len(pins) == len(dict(pins)) > 5


def test_what_comes_from_outside_is_checked_on_schedule_and_an_issue_tells() -> None:
    scheduled = WORKFLOWS["scheduled"]
    assert scheduled[True]["schedule"]
    commands = {
        name: [step.get("run", "") for step in job["steps"]]
        for name, job in scheduled["jobs"].items()
    }
    assert 'python workflow/environment.py newest "$NEWEST"' in commands["newest"]
    assert any("workflow.build --profile quick" in command for command in commands["newest"])
    assert commands["links"][-3:-1] == ["make book", "make links"]
    titles = set()
    for job in scheduled["jobs"].values():
        *_, last = job["steps"]
        assert last["if"] == "failure()"
        assert last["env"] == {"GH_TOKEN": "${{ github.token }}"}
        assert job["permissions"] == {"contents": "read", "issues": "write"}
        titles.add(re.fullmatch(rf"bash {REPORT} '([^'\"]+)'", last["run"])[1])  # type: ignore[index]
    assert len(titles) == 2


def test_the_job_of_the_newest_packages_does_what_the_thorough_checks_do() -> None:
    job = WORKFLOWS["scheduled"]["jobs"]["newest"]
    told = {"NEWEST": checks.NEWEST_FOLDER, "LOCKED": checks.LOCKED}
    assert told.items() <= job["env"].items()
    file, _, test = checks.LOCKED.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text("utf-8")
    install, tests = (step.command for step in checks.NEWEST)
    assert install.endswith(f" workflow/environment.py newest {checks.NEWEST_FOLDER}")
    assert f"--deselect {checks.LOCKED}" in tests


@pytest.mark.parametrize("is_open", [False, True])
def test_a_job_that_failed_opens_one_issue(is_open: bool, tmp_path: Path) -> None:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "NOTED": str(tmp_path / "noted"),
        "OPEN": "It broke" if is_open else "Something else",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "you/fork",
        "GITHUB_RUN_ID": "12",
    }
    subprocess.run(["bash", ROOT / REPORT, "It broke"], env=environment, check=True)
    asked, said = map(json.loads, (tmp_path / "noted").read_text().splitlines())
    assert asked[:4] == ["issue", "list", "--state", "open"]
    assert said[-1].endswith("https://github.com/you/fork/actions/runs/12")
    assert said[:3] == (["issue", "comment", "7"] if is_open else ["issue", "create", "--title"])
