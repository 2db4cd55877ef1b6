"""All checks, in two tiers, each in the order in which its steps are cheap.

python3.11 -m workflow.checks change      what `bash .ci/run` does, for every change
python3.11 -m workflow.checks thorough    what takes too long for that: `make thorough`
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from workflow import environment, steps
from workflow.steps import Step

# On two cores a change takes about half of it.
MINUTES = {"change": 75, "thorough": 340}
MAKE = "make --no-print-directory"
PYTEST = ".venv/bin/python -m pytest"

CHROMIUM = """\
command -v chromium >/dev/null && command -v g++ >/dev/null && exit
[ "$(id -u)" = 0 ] && as_root= || as_root=sudo
$as_root apt-get update -qq >/dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq \\
  chromium fonts-dejavu-core g++ >/dev/null
"""
SECOND_BUILD = f"""\
{MAKE} book | tee _build/second.log
grep -q 'Nothing to do' _build/second.log
"""
KILLS = f"""\
for _ in $(seq 10); do
  {PYTEST} -q -m slow tests/companion/runs/test_harm.py -k fifty_kills
done
"""
NEWEST_FOLDER = "_build/python/newest"
# It holds what is installed against the lock file.
LOCKED = "tests/workflow/test_environment.py::test_the_tests_run_with_what_the_lock_pins"
NEWEST = [
    Step(
        "Environment with the newest packages",
        f"{shlex.quote(sys.executable)} workflow/environment.py newest {NEWEST_FOLDER}",
    ),
    Step(
        "Quick tests with the newest packages",
        f"PYTEST_ADDOPTS='--deselect {LOCKED}' {MAKE} test BIN={NEWEST_FOLDER}/bin",
    ),
]
CHANGE = [
    Step("Chromium and fonts for the browser tests, a compiler for the compiled step", CHROMIUM),
    Step("Environment", f"{MAKE} .venv/ready", share=0.05),
    Step("ruff, imports and mypy", f"{MAKE} lint", share=0.02),
    Step("Quick and slow tests", f"{MAKE} test-all", share=0.31),
    Step("The book, quick profile", f"{MAKE} book", share=0.32),
    Step("A second build has nothing to do", SECOND_BUILD, share=0.02),
    Step("The built pages, as files and in Chromium", f"{MAKE} pages", share=0.28),
]


def thorough() -> list[Step]:
    """The second tier."""
    others = [version for version in environment.SUITED if version != sys.version_info[:2]]
    return [
        *(step for version in others for step in on_another_python(version)),
        *NEWEST,
        Step(
            "Tests that are too long for every change",
            f"{PYTEST} -m 'thorough and not gpu' -o faulthandler_timeout=3600",
        ),
        Step("Fifty kills, ten times in a row", KILLS),
        Step(
            "False alarms of the statistical tests with other seeds",
            ".venv/bin/python -m benchmarks.false_alarms --repetitions 20 --workers 2",
        ),
    ]


def on_another_python(version: tuple[int, int]) -> list[Step]:
    """The quick tests on that version, in an environment of its own that is kept."""
    name = "{}.{}".format(*version)
    python = find_python(name)
    why_not = "" if python else f"python{name} is not there"
    folder = f"_build/python/{name}"
    install = f"{shlex.quote(str(python))} workflow/environment.py {folder}"
    return [
        Step(f"Environment on Python {name}", install, why_not),
        Step(f"Quick tests on Python {name}", f"{MAKE} test BIN={folder}/bin", why_not),
    ]


def find_python(name: str) -> Path | None:
    """An interpreter of that version: on the PATH, or the newest that pyenv has installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(
        pyenv.glob(f"versions/{name}.*/bin/python"),
        key=lambda path: [int(number) for number in re.findall(r"\d+", path.parts[-3])],
        reverse=True,
    )
    on_path = shutil.which(f"python{name}")
    for candidate in ([on_path] if on_path else []) + installed:
        # pyenv puts a name on the PATH also for a version that it does not run.
        answer = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.stdout.strip() == name:
            return Path(candidate)
    return None


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in MINUTES:
        print(f"give one of {', '.join(MINUTES)}", file=sys.stderr)
        return 2
    if os.name != "posix":
        print("The checks need Linux or macOS: on Windows use WSL.", file=sys.stderr)
        return 2
    (tier,) = arguments
    if tier == "change":
        return steps.run(CHANGE, minutes=MINUTES[tier])
    return steps.run(thorough(), minutes=MINUTES[tier], keep_going=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
