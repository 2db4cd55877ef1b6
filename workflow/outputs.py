"""What a cell leaves on its page: without what differs from one execution to the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"
# A progress bar, from its carriage return to the brackets with the elapsed time; or, where it shows
# no time, to its per cent, and to the end of what the next carriage return overwrites.
BAR = re.compile(
    r"\r(?:[^\r\n]*?\[\d+:\d\d(?:[^][\r\n]|\[[^]\r\n]*\])*\]"
    r"|[^\r\n]*?\d+%[^\r\n]*(?=\r)"
    r"|[^\r\n]*?\d+%(?:\|[^|\r\n]*\|)?) *"
)
CURSOR = re.compile(r"\x1b\[A")
STAND_IN = re.compile(r"^[^\n]*StandInWarning: [^\n]*\n?(?:  [^\n]*\n?)?", re.MULTILINE)


def clean(notebook: NotebookNode) -> NotebookNode:
    """Remove times, progress bars and addresses.

    The warning about a stand-in goes too: the banner says it, without a path of this machine.
    """
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "tags" in cell.metadata and not cell.metadata["tags"]:
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs = joined(kept(joined(cell.outputs)))
    return notebook


def kept(outputs: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """The outputs without progress bars, as text or as widgets, and warnings of stand-ins."""
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            text = STAND_IN.sub("", without_bars(output.text))
            if text.strip():
                yield NotebookNode({**output, "text": text})
        elif WIDGET not in output.get("data", {}):
            yield output


def without_bars(text: str) -> str:
    """What was written on stderr, without progress bars and the blank lines that they leave."""
    if "\r" not in (text := text.replace("\r\n", "\n")):
        return text
    rest = re.split(r"[\r\n]", BAR.sub("\r", CURSOR.sub("", text)))
    return "".join(f"{line.rstrip()}\n" for line in rest if line.strip())


def joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """The outputs, with what was printed in pieces in one: where it breaks is a matter of time."""
    found: list[NotebookNode] = []
    for output in outputs:
        last = found[-1] if found else None
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            found[-1] = NotebookNode({**last, "text": last.text + output.text})
        else:
            found.append(output)
    return found
