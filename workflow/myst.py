"""MyST text as the workflow reads it: its code cells, its prose, and the notebook that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from vaelib.errors import UserError

if TYPE_CHECKING:
    from nbformat import NotebookNode

CODE_CELL = "{code-cell}"
OPENING = re.compile(r" {0,3}(?:(`{3,})([^`]*)|(~{3,})(.*))")
# What stands in these is shown as it is, or is not MyST.
LITERAL = re.compile(r"(?!\{)|\{(?:code|code-block|code-cell|eval-rst|raw|sourcecode)\}")
CELL_BREAK = re.compile(r" {0,3}\+{3,}\s*([^\s{+].*)")

# A cell that another program reads, and a line that IPython does.
FOREIGN = re.compile(r"\A%%(?!capture|prun|time)(?:.|\n)*")
MAGIC = re.compile(r"^([ \t]*)[%!](.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A code cell: the line of its opening fence, its options, its code."""

    line: int
    options: dict[str, Any]
    code: str


class Block(NamedTuple):
    """A line of text, or a whole fence if `info` is not None, and whether that is closed."""

    line: int
    info: str | None
    lines: list[str]
    closed: bool = True


def blocks(lines: list[str], first: int = 1) -> Iterator[Block]:
    """The outermost fences and the lines between them; the first line has the number `first`."""
    place = 0
    while place < len(lines):
        opening = OPENING.fullmatch(lines[place])
        if opening is None:
            yield Block(first + place, None, [lines[place]])
            place += 1
            continue
        fence, info = opening[1] or opening[3], opening[2] or opening[4] or ""
        closing = re.compile(rf" {{0,3}}{fence[0]}{{{len(fence)},}}\s*")
        rest = range(place + 1, len(lines))
        end = next((i for i in rest if closing.fullmatch(lines[i])), None)
        body = lines[place + 1 : end]
        yield Block(first + place, info.strip(), body, closed=end is not None)
        place = len(lines) if end is None else end + 1


def prose(lines: list[str], first: int = 1) -> Iterator[tuple[int, str]]:
    """The lines that are not code, with their numbers."""
    for block in blocks(lines, first):
        if block.info is None:
            yield block.line, block.lines[0]
        elif not LITERAL.match(block.info):
            yield from prose(block.lines, block.line + 1)


def code_cells(text: str, name: str) -> list[Cell]:
    """The code cells of a chapter.

    Raises:
        UserError: if one is not closed, or has options that cannot be read.
    """
    return [
        _code_cell(block, f"chapter {name}, line {block.line}")
        for block in blocks(text.splitlines())
        if block.info is not None and block.info.startswith(CODE_CELL)
    ]


def _code_cell(block: Block, place: str) -> Cell:
    if not block.closed or any(CODE_CELL in line for line in block.lines):
        raise UserError(f"{place}: the code cell is not closed: end it with a line of backticks")
    lines = list(block.lines)
    if lines and lines[0].startswith("---"):
        end = next((i for i, line in enumerate(lines[1:], 1) if line.startswith("---")), len(lines))
        written, lines = "\n".join(lines[1:end]), lines[end + 1 :]
    else:
        n = next((i for i, line in enumerate(lines) if not line.startswith(":")), len(lines))
        written, lines = "\n".join(line[1:] for line in lines[:n]), lines[n:]
    options = mapping(written, f"{place}: the options of the code cell")
    tags = options.get("tags", [])
    if not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise UserError(f"{place}: the tags {tags!r} are not a list: write `:tags: [hide-input]`")
    return Cell(block.line, options, "\n".join(lines).strip("\n"))


def without_magic(code: str) -> str:
    """The lines of a cell that are Python, with its other lines passed over."""
    return MAGIC.sub(r"\1pass", FOREIGN.sub("", code))


def words_of_magic(code: str) -> set[str]:
    """What the other lines may name."""
    lines = FOREIGN.findall(code) or [line for _, line in MAGIC.findall(code)]
    return {word for line in lines for word in re.findall(r"\w+", line)}


def mapping(written: str, what: str) -> dict[str, Any]:
    """YAML that must hold names and values.

    Raises:
        UserError: if it does not; the message begins with `what`.
    """
    try:
        read = yaml.safe_load(written) or {}
    except yaml.YAMLError as error:
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UserError(f"{what} are not YAML ({why}): write them as `name: value`") from None
    if not isinstance(read, dict):
        raise UserError(f"{what} are {read!r}: write them as `name: value`")
    return read


def lost_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines of prose that MyST takes for a break between cells, so that no reader sees them."""
    for line, content in prose(text.splitlines()):
        if CELL_BREAK.fullmatch(content):
            yield line, content.strip()


def notebook(text: str, name: str, cells: Iterable[Cell]) -> NotebookNode:
    """The notebook that a chapter is; `cells` are those of `code_cells`.

    Raises:
        UserError: if jupytext cannot read it, or finds other code cells in it.
    """
    import jupytext
    from jupytext.myst import MystMetadataParsingError
    from nbformat import ValidationError

    for line, content in lost_lines(text):
        raise UserError(
            f"chapter {name}, line {line}: {content!r} begins with +++, which MyST takes for a "
            "break between cells: put it into a code fence"
        )
    try:
        made: NotebookNode = jupytext.reads(text, fmt="md:myst")
    except (MystMetadataParsingError, ValidationError, yaml.YAMLError) as error:
        why = str(getattr(error, "message", error)).splitlines()[0]
        raise UserError(f"chapter {name} cannot be read as a notebook: {why}") from None
    found = [cell.source.strip() for cell in made.cells if cell.cell_type == "code"]
    if found != [cell.code.strip() for cell in cells]:
        raise UserError(
            f"chapter {name}: jupytext finds other code cells in it than stand there, "
            f"{len(found)} of them: begin and end each with three backticks on lines of their own"
        )
    return made
