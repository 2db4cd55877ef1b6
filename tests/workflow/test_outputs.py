"""What of a cell's outputs reaches the page: all that was said, and no progress bar."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from tqdm import tqdm

from companion.runs import progress
from workflow import outputs

WARNING = "/book/x.py:3: UserWarning: careful\n  warnings.warn('careful')\n"
BAR = "\r 50%|█████     | 1/2 [00:00<00:00, 20.3it/s]"
DONE = "\r100%|██████████| 2/2 [00:00<00:00, 20.3it/s, loss=[1, 2]]"
COUNT = "\rname: 1.20k samples [01:02:03, 70.8k samples/s]"
CLEARED = f"\r{' ' * 60}\r"
STAND_IN = "/book/y.py:1: StandInWarning: mnist is replaced by the stand-in x\n  load('mnist')\n"


def shown(*texts: str, name: str = "stderr") -> str:
    """What is left on the page of these pieces of a stream."""
    pieces = [new_output("stream", name=name, text=text) for text in texts]
    cleaned = outputs.clean(new_notebook(cells=[new_code_cell("f()", outputs=pieces)]))
    assert len(cleaned.cells[0].outputs) <= 1
    return "".join(output.text for output in cleaned.cells[0].outputs)


@pytest.mark.parametrize(
    "texts",
    [
        [WARNING + BAR + DONE + "\n"],
        [WARNING, BAR, DONE, "\n"],
        [BAR + WARNING + DONE + "\n"],
        [BAR + " " + WARNING + DONE],
        [BAR, WARNING, DONE],
        [BAR + DONE + "\n" + WARNING],
        [BAR[:9], BAR[9:] + WARNING[:5], WARNING[5:] + DONE],
        [BAR + CLEARED + WARNING + BAR + CLEARED],
        [COUNT + WARNING + COUNT + "\n"],
        [f"\router: {BAR[1:]}\n\rinner: {DONE[1:]}\x1b[A\n{CLEARED}\x1b[A" + WARNING],
        ["\r 50%\r100%" + WARNING],
        ["\r3 MB of 6 MB, 50% done\r6 MB of 6 MB, 100% done\r" + WARNING],
        [WARNING.replace("\n", "\r\n")],
        [BAR + STAND_IN + BAR + WARNING],
        [STAND_IN, WARNING],
        [WARNING],
    ],
)
def test_what_is_said_beside_a_progress_bar_stays(texts: list[str]) -> None:
    assert shown(*texts) == WARNING


@pytest.mark.parametrize("text", [BAR, DONE + "\n", COUNT, CLEARED, "\r 50%\r100%", STAND_IN, "\n"])
def test_a_progress_bar_or_a_stand_in_s_warning_alone_leaves_nothing(text: str) -> None:
    assert shown(text) == ""


def draw(bar: Callable[..., Any], stream: io.StringIO) -> None:
    """A bar that is redrawn at every step, beside which two things are said."""
    with bar(range(3), file=stream, mininterval=0) as steps:
        for step in steps:
            if step == 1:
                stream.write(WARNING)
            if step == 2:
                tqdm.write("written", file=stream)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"leave": False},
        {"desc": "AEVB, 3", "unit": " samples", "unit_scale": True},
        {"total": float("inf")},
        {"ascii": True, "colour": "green"},
        {"position": 1},
        {"postfix": {"bound": "[-1, 2]"}},
        {"bar_format": "{l_bar}{bar}|"},
    ],
)
@pytest.mark.parametrize("bar", [tqdm, progress.Bar])
def test_bars_as_tqdm_draws_them_are_known(bar: type, settings: dict[str, Any]) -> None:
    stream = io.StringIO()
    draw(lambda *given, **more: bar(*given, **more, **settings), stream)
    assert "\r" in stream.getvalue()
    assert shown(stream.getvalue()) == WARNING + "written\n"


def test_what_is_printed_in_pieces_is_shown_in_one() -> None:
    printed = [new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n")]
    warning = new_output("stream", name="stderr", text="careful\n")
    cell = new_code_cell("f()", outputs=[*printed, warning, printed[0]])
    cleaned = outputs.clean(new_notebook(cells=[cell])).cells[0].outputs
    assert [output.text for output in cleaned] == ["one\ntwo\n", "careful\n", "one\n"]


def test_a_bar_as_a_widget_and_papermill_s_times_do_not_reach_the_page() -> None:
    bar = new_output("display_data", data={outputs.WIDGET: {}, "text/plain": "0%"})
    figure = new_output("display_data", data={"text/plain": "figure"})
    metadata = {"papermill": {"duration": 1}, "execution": {}, "tags": []}
    cell = new_code_cell("f()", outputs=[bar, figure], metadata=metadata)
    cleaned = outputs.clean(new_notebook(cells=[cell], metadata={"papermill": {}}))
    assert cleaned.cells[0].outputs == [figure]
    assert (cleaned.cells[0].metadata, cleaned.metadata) == ({}, {})


def test_on_stdout_every_character_stays() -> None:
    assert shown("a\rb 50%\n\n", name="stdout") == "a\rb 50%\n\n"


def test_text_without_a_carriage_return_keeps_its_blank_lines_and_per_cents() -> None:
    assert shown("50% of\n\n  all [00:12]\n") == "50% of\n\n  all [00:12]\n"
