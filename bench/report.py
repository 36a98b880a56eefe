"""Results: medians of interleaved rounds, as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

Pairs = Sequence[tuple[float, float]]
"""A round each: the reference's value and the product's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. Lower is better, but where the name says otherwise."""

    name: str
    unit: str
    product: float
    reference: float | None = None
    ratio: float | None = None
    """The median of the rounds' ratios: noise that both of a round had is not in it."""
    budget: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a request costs as something grows: `(how many, CPU s per 1,000 requests)`."""

    name: str
    costs: tuple[tuple[int, float], ...]

    @property
    def factor(self) -> float:
        """The last cost in first ones."""
        return self.costs[-1][1] / self.costs[0][1]


def compare(name: str, unit: str, pairs: Pairs, budget: str = "") -> Row:
    """A row of the medians; the ratio only where the reference is above zero in every round."""
    ratios = [product / reference for reference, product in pairs if reference > 0]
    return Row(
        name,
        unit,
        median(product for _, product in pairs),
        median(reference for reference, _ in pairs),
        median(ratios) if len(ratios) == len(pairs) else None,
        budget,
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Between 1 and 99."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
    }


def as_json(rows: Sequence[Row], growth: Sequence[Growth], about: dict[str, Any]) -> dict[str, Any]:
    return {
        "machine": about,
        "measures": [asdict(row) for row in rows],
        "growth": [{**asdict(one), "factor": one.factor} for one in growth],
    }


def table(rows: Sequence[Row], growth: Sequence[Growth]) -> str:
    """For a terminal; a growth table stands below."""
    head = ("measure", "unit", "reference", "429chain", "ratio", "budget")
    cells = [head, *((row.name, row.unit, *_values(row), row.budget) for row in rows)]
    lines = _aligned(cells)
    for one in growth:
        lines += ["", f"{one.name} (CPU s per 1,000 requests), x {one.factor:.2f} at the end"]
        lines += [f"  {number:>9,}  {cost:.3f}" for number, cost in one.costs]
    return "\n".join(lines) + "\n"


def _values(row: Row) -> tuple[str, str, str]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return _number(row.reference), _number(row.product), ratio


def _number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if 2 <= index <= 4 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
