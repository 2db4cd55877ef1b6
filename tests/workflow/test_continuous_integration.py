"""The workflows run what the project calls its checks, and leave it the time that it takes."""

from __future__ import annotations

from typing import Any

import yaml
from places import ROOT

from workflow import checks, environment

WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in (ROOT / ".github" / "workflows").glob("*.yml")
}


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
