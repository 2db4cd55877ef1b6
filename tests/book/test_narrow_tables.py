"""Wide tables are prepared to be cards on a narrow screen; what they say stays the same."""

from __future__ import annotations

import narrow_tables
import pytest
from bs4 import BeautifulSoup
from narrow_tables import prepared

HEADS = ["data", "hidden units", "training samples", "against the default", "measured by"]
ROW = ["MNIST", "500", "100 000", "−0.4 (−1.3 to 0.0)", "quadrature"]
N_Z = (
    '<mjx-container><mjx-math aria-hidden="true"><mjx-mi></mjx-mi></mjx-math><mjx-assistive-mml>'
    '<math><msub><mi data-is="29">N</mi><mi>z</mi></msub></math>'
    "</mjx-assistive-mml></mjx-container>"
)


def table(heads: list[str], *rows: list[str], first: str = "td", kind: str = "table") -> str:
    head = "".join(f'<th class="head"><p>{name}</p></th>' for name in heads)
    kinds = [first, *["td"] * (len(heads) - 1)]
    body = ""
    for row in rows:
        cells = [f"<{tag}>{cell}</{tag}>" for tag, cell in zip(kinds, row, strict=False)]
        body += f"<tr>{''.join(cells)}</tr>"
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<table class="{kind}">{head}<tbody>{body}</tbody></table>'


def test_a_cell_of_a_wide_table_has_the_name_of_its_column() -> None:
    found = BeautifulSoup(prepared(table(HEADS, ROW, ROW)), "html.parser")
    assert found.select("table.table.cards")
    for row in found.select("tbody tr"):
        assert [cell["data-label"] for cell in row.select("td")] == HEADS
        assert [cell.get_text() for cell in row.select("td")] == ROW
    assert not found.select("thead [data-label]")


def test_a_wide_table_and_its_parts_say_what_they_are() -> None:
    found = BeautifulSoup(prepared(table(HEADS, ROW, first="th")), "html.parser")
    roles = {tag.name: tag["role"] for tag in found.select("table, thead, tbody, tr, td")}
    groups = {"thead": "rowgroup", "tbody": "rowgroup"}
    assert roles == {"table": "table", **groups, "tr": "row", "td": "cell"}
    assert {tag["role"] for tag in found.select("thead th")} == {"columnheader"}
    assert [tag["role"] for tag in found.select("tbody th")] == ["rowheader"]


@pytest.mark.parametrize(
    ("caption", "role"),
    [
        ('Bounds<a class="headerlink" href="#x">#</a>', "table"),
        (f"Bounds by {N_Z}", None),
        ('As in <a class="reference" href="#y">Fig. 2</a>', None),
    ],
)
def test_a_caption_may_hold_what_a_table_in_words_may_not(caption: str, role: str | None) -> None:
    named = table(HEADS, ROW).replace("<thead>", f"<caption>{caption}</caption><thead>")
    assert BeautifulSoup(prepared(named), "html.parser").select("table")[0].get("role") == role


def test_a_formula_in_a_name_is_seen_and_not_read_out_again() -> None:
    heads = [HEADS[0], f"our {N_Z} &lt; 3", *HEADS[2:]]
    row = [ROW[0], f"<p>{ROW[1]}</p>", *ROW[2:]]
    found = BeautifulSoup(prepared(table(heads, row)), "html.parser")
    cell = found.select("tbody td")[1]
    assert cell["data-label"] == ""
    (label,) = cell.select("p:first-child > span.label")
    assert label["aria-hidden"] == "true"
    assert label.decode_contents() == "our <i>N</i><sub><i>z</i></sub> &lt; 3"


@pytest.mark.parametrize(
    ("mathml", "html"),
    [
        ("<msup><mn>10</mn><mn>6</mn></msup>", "10<sup>6</sup>"),
        ("<msqrt><mi>n</mi></msqrt>", "√<i>n</i>"),
        ("<mi>M</mi><mo>=</mo><mn>100</mn>", "<i>M</i>=100"),
    ],
)
def test_formulas_in_little_html(mathml: str, html: str) -> None:
    formula = f"<mjx-math>x</mjx-math><mjx-assistive-mml><math>{mathml}</math></mjx-assistive-mml>"
    assert narrow_tables.light(BeautifulSoup(formula, "html.parser")) == html


def test_what_says_nothing_has_no_name() -> None:
    found = BeautifulSoup(prepared(table(["", *HEADS[1:]], [*ROW[:4], ""])), "html.parser")
    first, *named, last = found.select("tbody td")
    assert not first.has_attr("data-label")
    assert all(cell.has_attr("data-label") for cell in named)
    assert not last.has_attr("data-label")


@pytest.mark.parametrize(
    "left",
    [
        table(["data", "bound"], ["MNIST", "−123.4"]),
        table(HEADS, ["1", "500", "100 000", "−0.4 (−1.3, 0.0)", "–"]),
        table(HEADS, ROW[:4]),
        table(HEADS, ROW).replace("</thead>", "<tr><th>in</th></tr></thead>"),
        f"<table><tbody><tr><td>{'long' * 20}</td></tr></tbody></table>",
    ],
    ids=["narrow", "numbers", "joined cells", "two rows of names", "no names"],
)
def test_other_tables_stay_as_they_are(left: str) -> None:
    assert prepared(left) == left


def test_small_letters_have_more_room() -> None:
    heads = ["run", "samples", "seconds", "code"]
    row = ["frey", "1 000 000", "4258", "db55478c" * 2]
    assert "cards" in prepared(table(heads, row))
    assert "cards" not in prepared(table(heads, row, kind="dataframe"))


def test_the_tables_of_a_page_are_prepared_and_nothing_else() -> None:
    context = {"body": f"<p>before</p>{table(HEADS, ROW)}<p>after</p>"}
    narrow_tables.mend(None, "page", "page.html", context, None)  # type: ignore[arg-type]
    assert context["body"].startswith("<p>before</p><table")
    assert "cards" in context["body"]
    narrow_tables.mend(None, "search", "search.html", empty := {}, None)  # type: ignore[arg-type]
    assert empty == {}


@pytest.mark.parametrize(("word", "cards"), [("a" * 6, []), ("a" * 8, [1])])
def test_what_unfolds_has_less_room(word: str, cards: list[int]) -> None:
    one = table(["part", "measured", "found"], ["a" * 12, "b" * 9, word])
    context = {"body": f"{one}<details><p>more</p>{one}</details>{one}"}
    narrow_tables.mend(None, "page", "page.html", context, None)  # type: ignore[arg-type]
    tables = BeautifulSoup(context["body"], "html.parser").select("table")
    assert [place for place, one in enumerate(tables) if "cards" in one["class"]] == cards
