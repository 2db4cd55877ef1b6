"""The command `vaelib`, also `python -m companion`: where it begins, and what it may lack."""

from __future__ import annotations

import sys


def command() -> int:
    """Run the command line; one sentence and exit code 2 where only the mathematics is installed.

    Raises:
        ModuleNotFoundError: for a module of the packages themselves, which is a fault of theirs.
    """
    try:
        from companion import cli
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("companion", "vaelib"):
            raise
        print(
            f"vaelib: the command needs {error.name}: pip install 'vaelib[companion]'",
            file=sys.stderr,
        )
        return 2
    return cli.main()


if __name__ == "__main__":
    sys.exit(command())
