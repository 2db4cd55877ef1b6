"""Numbers as text for people: a true minus sign, thousands set apart, and no line break inside."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

GAP = "\u202f"  # the narrow space at which no line is broken
RAISED_SIGNS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED = str.maketrans("-0123456789", RAISED_SIGNS)
# In ASCII; what Unicode itself decomposes, such as "½" and "é", is not listed.
PLAIN = str.maketrans(
    {"−": "-", "⁻": "-", "–": "-", "—": "-", "·": "*", "×": "x", "±": "+/-", "⁄": "/"}
    | {"≈": "~", "≤": "<=", "≥": ">=", "→": "->", "∞": "inf", "√": "sqrt", "…": "..."}
    | {"‘": "'", "’": "'", "“": '"', "”": '"'}
)
# Not the hyphen of "1e-05" or "C-3".
HYPHEN = re.compile(r"(?<![\w-])-(?=\d)")


def number(value: float, places: int = 0, *, sign: bool = False) -> str:
    """With so many decimals: −1234.56 to one is "−1 234.6"; one that is missing (NaN) is "–".

    Args:
        value: any number, or a tensor that holds one.
        places: decimals; what rounds to zero has no sign of its own.
        sign: whether a positive number shows its sign too.
    """
    value = float(value)
    if math.isnan(value):
        return "–"
    text = f"{round(value, places) + 0.0:{'+' if sign else ''},.{places}f}"
    return text.replace(",", GAP).replace("-", "−")


def significant(value: float, digits: int = 3) -> str:
    """With so many significant digits: 12345.6 to three is "12 300", and −0.01234 "−0.0123"."""
    rounded = float(f"{float(value):.{digits}g}")
    if abs(rounded) >= 1000:
        return number(rounded)
    return f"{rounded:g}".replace("-", "−")


def power_of_ten(exponent: int) -> str:
    """As in "10⁻⁵"."""
    return f"10{str(exponent).translate(RAISED)}"


def scientific(value: float) -> str:
    """With one digit and a power of ten: 0.000042 is "4 · 10⁻⁵"."""
    digit, exponent = f"{float(value):.0e}".split("e")
    return f"{digit.replace('-', '−')}{GAP}·{GAP}{power_of_ten(int(exponent))}"


def with_minus_signs(text: str) -> str:
    """A text or table with a true minus sign before each of its negative numbers."""
    return HYPHEN.sub("−", text)


def plain(sign: str) -> str:
    """A sign in ASCII: "−" is "-", "é" is "e", "θ" is "theta"; one without a likeness its code."""
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK SMALL LETTER"):
        return name.split()[3].lower()
    if name.startswith("GREEK CAPITAL LETTER"):
        return name.split()[3].capitalize()
    parts = unicodedata.normalize("NFKD", sign).translate(PLAIN).encode("ascii", "ignore")
    return (parts or sign.encode("ascii", "backslashreplace")).decode()


def varying(
    rows: Sequence[Mapping[str, str]], *, keep: Collection[str] = ()
) -> tuple[list[dict[str, str]], str]:
    """A table without the columns in which nothing varies, and what these say, in words.

    Args:
        rows: a table's rows, all with the same columns; a single row keeps all of them.
        keep: columns that stay in any case.
    """
    names = list(rows[0]) if rows else []
    constant = [
        name
        for name in names
        if len(rows) > 1 and name not in keep and len({row[name] for row in rows}) == 1
    ]
    left = [{name: row[name] for name in names if name not in constant} for row in rows]
    return left, ", ".join(f"{name} {rows[0][name]}" for name in constant if rows[0][name])
