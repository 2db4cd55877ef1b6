"""Execute a notebook with papermill: every cell ran to its end, or the chapter failed.

papermill takes `sys.exit(0)` for a success, and after a time-out it calls cells complete that never
ran. What counts here is the kernel's own reply to each cell.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07)|[\x00-\x08\x0b-\x1f\x7f]")
LONGEST = 300
NAME = "python3"
CONFIGURATION = """\
config = get_config()
config.IPKernelApp.log_level = "CRITICAL"
config.IPKernelApp.exec_PYTHONSTARTUP = False
"""
OUTPUT_TIMEOUT = 60
"""Seconds that a kernel on a busy machine has for the outputs of a cell that it has finished."""


class ChapterError(Exception):
    """A chapter that did not run to its end; the message names chapter, cell and cause."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class OwnKernel(AsyncKernelManager):
    """The kernel of this environment, whatever other kernels are installed under its name.

    In a `with` block, it is gone when the block ends, with all that it started.
    """

    def __init__(self) -> None:
        super().__init__(kernel_name=NAME, kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        self.channels: Any = None

    def client(self, **settings: Any) -> Any:
        self.channels = super().client(**settings)
        return self.channels

    def __enter__(self) -> OwnKernel:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        run_sync(self._leave)(now=kind is not None)

    async def _leave(self, now: bool) -> None:
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:  # for a kernel that will not answer any more
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self.channels is not None:
            self.channels.stop_channels()
        group = getattr(self.provisioner, "pgid", None)
        if self.has_kernel:
            await self.shutdown_kernel(now=now)
        if group is not None:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)  # what its cells started and left

    @property
    def end(self) -> str:
        """How the kernel ended, in words."""
        process = getattr(self.provisioner, "process", None)
        code = process.returncode if process is not None else None
        if code is None or code >= 0:
            return f"the kernel ended itself with exit code {code}"
        name = {number.value: number.name for number in signal.Signals}.get(
            -code, f"signal {-code}"
        )
        memory = "; perhaps the memory was full" if name == "SIGKILL" else ""
        return f"the kernel was ended by {name}{memory}"


@dataclass
class Witness:
    """What the kernel said of each cell, by its place in the notebook."""

    begun: int | None = None
    replies: dict[int, dict[str, Any]] = field(default_factory=dict)

    def begin(self, cell: NotebookNode, cell_index: int) -> None:
        self.begun = cell_index

    def reply(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        self.replies[cell_index] = execute_reply["content"]

    def failure(self) -> tuple[int, str] | None:
        """The first cell whose reply says that it did not run to its end, and why."""
        causes = ((place, self.cause(place)) for place in sorted(self.replies))
        return next(((place, cause) for place, cause in causes if cause), None)

    def cause(self, place: int) -> str:
        """Why a cell did not run to its end; empty if it did."""
        reply = self.replies.get(place)
        if reply is None:
            return "it never ran"
        if reply["status"] != "ok":
            return sentence(reply.get("ename", "the kernel refused it"), reply.get("evalue", ""))
        if any(message.get("source") == "ask_exit" for message in reply.get("payload", [])):
            return "it asks the kernel to exit, and a chapter ends with its last cell"
        return ""


def execute(notebook: NotebookNode, name: str, limit: int | None = None) -> NotebookNode:
    """Run all cells with this environment's own kernel, in the project's folder.

    Args:
        notebook: the chapter; it is left as it is.
        name: of the chapter, for messages.
        limit: seconds after which a cell is stopped; none for no limit.

    Raises:
        ChapterError: if a cell did not run to its end.
    """
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the error says it
    witness = Witness()
    with own_surroundings(), OwnKernel() as kernel:
        try:
            executed: NotebookNode = papermill.execute_notebook(
                notebook,
                None,
                kernel_name=NAME,
                km=kernel,
                cwd=Path.cwd(),
                progress_bar={"desc": name, "leave": False} if sys.stderr.isatty() else False,
                execution_timeout=limit,
                iopub_timeout=OUTPUT_TIMEOUT,
                force_raise_errors=True,
                on_cell_execute=witness.begin,
                on_cell_executed=witness.reply,
            )
        except PapermillExecutionError as error:
            told = error.cell_index, sentence(error.ename, error.evalue)
            place, cause = witness.failure() or told
            raise failed(notebook, name, place, cause, error.traceback) from None
        except DeadKernelError:
            where = witness.failure() or (witness.begun, kernel.end)
            raise failed(notebook, name, *where) from None
        except CellTimeoutError:
            cause = f"it was not done after {limit} s" if limit else "its outputs did not arrive"
            raise failed(notebook, name, witness.begun, cause) from None
        except (NoSuchKernel, RuntimeError) as error:
            raise failed(notebook, name, witness.begun, sentence("", str(error))) from error
    for place, cell in enumerate(executed.cells):
        if cell.cell_type == "code" and cell.source.strip() and (cause := witness.cause(place)):
            raise failed(notebook, name, place, cause)
    return executed


@contextmanager
def own_surroundings() -> Iterator[None]:
    """Let the kernel find this environment's programs, nobody's startup files, and no history."""
    with tempfile.TemporaryDirectory() as scratch:
        configuration = Path(scratch) / "profile_default" / "ipython_kernel_config.py"
        configuration.parent.mkdir()
        configuration.write_text(CONFIGURATION)
        os.environ["IPYTHONDIR"] = scratch
        os.environ["PATH"] = (
            f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        )
        yield


def failed(
    notebook: NotebookNode,
    name: str,
    place: int | None,
    cause: str,
    traceback: Iterable[str] = (),
) -> ChapterError:
    """The error of a cell, counted among the code cells from 1."""
    told = "\n".join(ESCAPE.sub("", part) for part in traceback)
    if place is None:
        return ChapterError(f"Chapter {name} failed before its first cell: {cause}", told)
    number = sum(cell.cell_type == "code" for cell in notebook.cells[: place + 1])
    line = notebook.cells[place].source.strip().splitlines()[0]
    return ChapterError(f"Chapter {name} failed in code cell {number} (`{line}`): {cause}", told)


def sentence(kind: str, message: str) -> str:
    """An error in one line: its kind, and the first line of its message."""
    lines = [line.strip() for line in ESCAPE.sub("", message).splitlines() if line.strip()]
    first = lines[0] if lines else ""
    if len(first) > LONGEST or len(lines) > 1:
        first = f"{first[:LONGEST]} …"
    return ": ".join(part for part in (kind, first) if part)
