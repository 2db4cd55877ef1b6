"""A claim as a line of the scoreboard: a mark for the verdict, its parts as a picture, and words.

MyST with small inline pictures. A mark differs from the others in shape as well as in colour, and
what a picture shows is also said: in its label, and in the table below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from companion.claims.claim import Claim, World
from companion.claims.parts_in_words import findings_counted, with_its_interval
from companion.claims.sources import listing
from companion.claims.verdict import (
    MOSTLY,
    MOSTLY_NOT,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    TIED,
    Part,
    Verdict,
)
from companion.wording import significant, varying

# On a canvas of 24 by 24; the style sheet has the colours.
_MARKS = {
    REPRODUCED: '<circle cx="12" cy="12" r="10"/>',
    MOSTLY: '<path d="M12 1 23 22 1 22Z"/>',
    MOSTLY_NOT: '<path d="M12 23 23 2 1 2Z"/>',
    NOT_REPRODUCED: '<path d="M3 3 21 21M21 3 3 21" class="stroke"/>',
    TIED: '<path d="M2 8 22 8M2 16 22 16" class="stroke"/>',
    NOT_JUDGED: '<circle cx="12" cy="12" r="9" class="hollow"/>',
}
_WIDTH, _ROW, _LOWEST, _TALLEST, _RADIUS = 160.0, 7.0, 18.0, 42.0, 2.6
_NAMES = {"N_z": "$N_z$", "frey_face": "Frey Face", "mnist": "MNIST"}


def line(claim: Claim[Any], verdict: Verdict, worlds: Iterable[tuple[World[Any], Verdict]]) -> str:
    """The claim as a line that opens, as MyST.

    Args:
        claim, verdict: what is claimed, and what was found.
        worlds: those of the claim, each with the verdict on it.
    """
    title = (
        f"{mark(verdict.verdict)} <span>{claim.id}</span> <span>{verdict.verdict}</span> "
        f'<span class="statement">{typeset(claim.statement)}</span> {picture(verdict.parts)}'
    )
    refuted = [f"| {world.words} | {world.kind} | {found.verdict} |" for world, found in worlds]
    if refuted:
        refuted = ["| what if … | the claim is then | verdict |", "|---|---|---|", *refuted]
    inside = [
        f"{verdict.evidence[:1].upper()}{verdict.evidence[1:]} "
        f"({{numref}}`{claim.figure}`; in the paper: {claim.where}).",
        table(verdict.parts) if verdict.parts else "",
        "\n".join(refuted),
    ]
    body = "\n\n".join(typeset(part) for part in inside if part)
    code = f":::{{dropdown}} The check, and its tests\n{listing(claim)}\n:::"
    label = f"(check-{claim.id.lower()})="
    return f"{label}\n::::{{dropdown}} {title}\n:class-container: claim\n\n{body}\n\n{code}\n::::"


def typeset(text: str) -> str:
    """Names as the book has them."""
    for name, shown in _NAMES.items():
        text = text.replace(name, shown)
    return text


def mark(verdict: str) -> str:
    """The verdict as a small picture in one line of HTML; the word stands beside it."""
    name = verdict.replace(" ", "-")
    return (
        f'<svg class="verdict-mark {name}" viewBox="0 0 24 24" aria-hidden="true">'
        f"{_MARKS[verdict]}</svg>"
    )


def picture(parts: Sequence[Part]) -> str:
    """The parts, one below the other, in one line of HTML: dots with their 95 % intervals.

    The line in the middle is the threshold, and the claim's side is always the right one. Parts in
    one unit share a scale, on which the furthest end of an interval touches the edge. What was not
    measured is left out.
    """
    if not parts:
        return ""
    row = min(_ROW, _TALLEST / len(parts))
    height, middle = max(_LOWEST, row * len(parts) + 4), _WIDTH / 2
    above = (height - row * len(parts)) / 2
    scale = _scales(parts)
    drawn = [f'<path d="M{middle:g} 0V{height:.4g}" class="threshold"/>']
    for place, part in enumerate(parts):
        y = above + row * (place + 0.5)
        if any(map(math.isnan, (part.low, part.effect, part.high))):
            continue
        low, at, high = (
            middle + (middle - _RADIUS) * _place(value, part, scale[part.unit])
            for value in (part.low, part.effect, part.high)
        )
        drawn.append(f'<path d="M{low:.4g} {y:.4g}H{high:.4g}" class="{part.found}"/>')
        drawn.append(
            f'<circle cx="{at:.4g}" cy="{y:.4g}" r="{min(_RADIUS, row / 2):.3g}" '
            f'class="{part.found}"/>'
        )
    return (
        f'<svg class="parts" viewBox="0 0 {_WIDTH:g} {height:.4g}" role="img" '
        f'aria-label="{escape(findings_counted(parts, "parts"))}">{"".join(drawn)}</svg>'
    )


def table(parts: Iterable[Part]) -> str:
    """The parts as a table in MyST, the smallest effect that each would have seen at its end.

    What all of them have in common stands below the table.
    """
    rows, common = varying(
        [
            {
                "part": part.what,
                "measured": f"{with_its_interval(part)} {part.unit}; {part.over}",
                "the claim says": f"{'below' if part.below else 'above'} "
                f"{significant(part.threshold)}",
                "found": part.found,
                "would have seen": _seen(part),
            }
            for part in parts
        ],
        keep=("part", "measured"),
    )
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return text + (f"\n\nAll parts have in common: {common}." if common else "")


def _seen(part: Part) -> str:
    return f"{significant(part.seen)} off" if math.isfinite(part.seen) else "nothing"


def _place(value: float, part: Part, scale: float) -> float:
    """Where a value lies between −1 and 1, the claim's side above 0."""
    away = (value - part.threshold) * (-1 if part.below else 1)
    return max(-1.0, min(1.0, away / scale))


def _scales(parts: Iterable[Part]) -> dict[str, float]:
    """By unit, the furthest that the end of an interval is from its threshold."""
    furthest: dict[str, float] = {}
    for part in parts:
        for value in (part.low, part.effect, part.high):
            away = abs(value - part.threshold)
            if math.isfinite(away):
                furthest[part.unit] = max(furthest.get(part.unit, 0.0), away)
    return {part.unit: furthest.get(part.unit, 0.0) or 1.0 for part in parts}
