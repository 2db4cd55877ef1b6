"""The parts of a verdict in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from companion.claims.verdict import Finding, Part
from companion.wording import significant

_SAID: dict[Finding, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "tied": ("is tied", "are tied"),
    "open": ("is open", "are open"),
    "fails": ("fails", "fail"),
}


def findings_counted(parts: Sequence[Part], what: str) -> str:
    """As in "of 9 panels 5 hold and 4 are open"; `what` is the plural of what a part is."""
    count = Counter(part.found for part in parts)
    listed = [f"{count[found]} {_SAID[found][count[found] > 1]}" for found in _SAID if count[found]]
    joined = " and ".join([", ".join(listed[:-1]), listed[-1]] if listed[1:] else listed)
    return f"of {len(parts)} {what} {joined}"


def with_its_interval(part: Part) -> str:
    """As in "5.9 (1.2 to 10.6)"; where no seeds tell of an interval, "5.9"."""
    if math.isnan(part.effect):
        return "not computed"
    if math.isinf(part.high):
        return significant(part.effect)
    return f"{significant(part.effect)} ({significant(part.low)} to {significant(part.high)})"


def what_would_be_seen(parts: Sequence[Part]) -> str:
    """What has to lie beyond the threshold to be found in 80 % of repetitions, over the parts."""
    seen = [part.seen for part in parts if math.isfinite(part.seen)]
    if not seen:
        return "without seeds to compare, none would be seen"
    low, high = significant(min(seen), 2), significant(max(seen), 2)
    return f"{low if low == high else f'{low} to {high}'} {parts[0].unit} would be seen"
