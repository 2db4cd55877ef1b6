"""Docstrings on their way to the reference, and tests cut into pieces for their pages."""

from __future__ import annotations

from typing import Any

import pytest
from places import ROOT

from book._ext.cross_links import own_tests
from book._ext.docstring_links import (
    LIMITS,
    LINKED,
    list_fields,
    phrases,
    shorten_signature,
    skip_foreign,
    words,
)
from book._ext.pages_of_tests import address, pieces, sentence
from companion.drawing.drawn_figure import DrawnFigure
from vaelib.checks import limits
from vaelib.elbo import Bound


@pytest.mark.parametrize(
    ("words", "linked"),
    [
        ("Eq. 6 and more", "Eq. :eq:`eq-6` and more"),
        ("Eqs 1 to 3", "Eqs :eq:`eq-1`, :eq:`eq-2`, :eq:`eq-3`"),
        ("in section 2.3.", "in :ref:`section 2.3 <sec-2-3>`."),
        ("Appendix C.1", ":ref:`Appendix C.1 <app-c>`"),
        ("Fig. 4", ":ref:`Fig. 4 <fig-4a>`"),
        ("Algorithm 1", ":prf:ref:`alg-1`"),
        # Another work's sections are not the paper's.
        ("Neal (2011), section 5.2", "Neal (2011), section 5.2"),
        ("section 6.3", "section 6.3"),
        ("p(z|x) * 2", r"p(z\|x) \* 2"),
    ],
)
def test_words_about_the_paper_become_links(words: str, linked: str) -> None:
    assert phrases(words) == linked


def test_an_example_stays_as_it_is() -> None:
    assert words(["Eq. 6.", "", "    >>> 2 * 3", "    6", "", "More."]) == [0, 1, 4, 5]


def test_fields_that_would_be_read_as_types_are_written_out() -> None:
    lines = [
        *("What.", "", "Attributes:", "    a, b: two.", "        More.", ""),
        *("Returns:", "    a table: one row.", "    And more.", ""),
        *("Raises:", "    UserError: if so."),
    ]
    assert list_fields(lines) == [
        *("What.", "", ".. rubric:: Attributes", "", "- ``a, b``: two.", "      More.", ""),
        *(":returns: a table: one row.", "    And more.", ""),
        *("Raises:", "    UserError: if so."),
    ]


def test_what_another_package_puts_into_a_class_is_left_out() -> None:
    def skipped(obj: object) -> bool | None:
        return skip_foreign(None, "class", "", obj, False, None)  # type: ignore[arg-type]

    assert skipped(Bound.kl)
    assert skipped(DrawnFigure.set)
    assert not skipped(0.5)
    assert not skipped(DrawnFigure)
    assert LINKED == {}


def test_a_test_file_is_cut_before_each_test() -> None:
    text = (
        "import a\n\n\ndef helper():\n    pass\n\n\n@mark\ndef test_one():\n    pass\n\n\n"
        "def test_two():\n    pass\n\n\nLAST = 1\n"
    )
    assert list(pieces(text)) == [
        ("", "import a\n\n\ndef helper():\n    pass\n"),
        ("test_one", "@mark\ndef test_one():\n    pass\n"),
        ("test_two", "def test_two():\n    pass\n"),
        ("", "LAST = 1\n"),
    ]


def test_a_test_is_shown_as_its_sentence() -> None:
    name = "vaelib/test_sgvb.py::test_estimators_are_the_paper_s_sums"
    assert sentence(name) == "estimators are the paper’s sums"
    assert address(name) == "../_tests/vaelib.test_sgvb.html#test_estimators_are_the_paper_s_sums"


def test_a_module_s_own_tests_lie_where_it_lies() -> None:
    assert own_tests("vaelib.hmc.sampler.leapfrog") == "vaelib/hmc/test_sampler.py"
    assert own_tests("companion.runs.store.RunStore.read") == "companion/runs/test_store.py"


def test_the_limits_of_arguments_go_by_names_that_the_reference_explains() -> None:
    page = (ROOT / "book" / "api_tools.md").read_text("utf-8")
    assert {"Count", "Positive"} <= LIMITS.keys()
    for name, written in LIMITS.items():
        rule = limits.rule_of(getattr(limits, name))
        assert rule is not None
        remedy = f"{rule.remedy[0].upper()}{rule.remedy[1:]}."
        assert f".. py:type:: {name}\n\n   {remedy}\n" in page
        unused: Any = None
        found = shorten_signature(unused, "", "f", None, None, f"(n: {written} | None = 1)", "")
        assert found == (f"(n: ~vaelib.checks.limits.{name} | None = 1)", "")
