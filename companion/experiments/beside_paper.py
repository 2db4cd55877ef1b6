"""Where our curves lie beside the paper's, in words."""

from __future__ import annotations

import pandas as pd

from companion.wording import number, significant


def beside_by_decade(table: pd.DataFrame) -> str:
    """How far ours lie above or below the paper's after each number of samples, in one line.

    Args:
        table: rows of `curve_reading.bounds_by_decade`; those without a value of the paper's are
            passed over.

    >>> rows = {"samples": [1e6, 1e6, 1e7, 1e7], "difference": [94.4, 320.6, -6.3, 17.1]}
    >>> beside_by_decade(pd.DataFrame(rows))
    'after 1 million samples 94 to 321 nats above, after 10 million 6 nats below to 17 above'
    """
    differences = table.dropna(subset="difference").groupby("samples")["difference"]
    parts: list[str] = []
    for samples, (low, high) in differences.agg(["min", "max"]).iterrows():
        unit = "" if parts else " samples"
        millions = significant(float(str(samples)) / 1e6)
        parts.append(f"after {millions} million{unit} {_between(low, high)}")
    return ", ".join(parts)


def _between(low: float, high: float) -> str:
    if low < 0 < high:
        return f"{number(-low)} nats below to {number(high)} above"
    near, far = sorted((abs(low), abs(high)))
    return f"{number(near)} to {number(far)} nats {'above' if low >= 0 else 'below'}"
