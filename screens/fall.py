"""The fall line: a chain drawn as a waterfall that lands on the entry that would serve now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.snapshot import Chain, EntryLimits
from screens.line import Line
from screens.symbols import Symbols
from screens.themes import Role

Place = Literal["passed", "landing", "dry"]


@dataclass(frozen=True, slots=True)
class Fall:
    """Where each entry of a chain stands. `dried_up`: nothing can serve, so it ends in a pool."""

    places: tuple[Place, ...]
    dried_up: bool

    @property
    def ink(self) -> Role:
        return "low" if self.dried_up else "flow"


def fall_of(entries: Sequence[str], landing: str | None) -> Fall:
    """The fall past `entries` to the one where it lands, None if there is none."""
    if landing is None or landing not in entries:
        return Fall(("passed",) * len(entries), dried_up=True)
    at = entries.index(landing)
    places = tuple[Place, ...](
        "passed" if place < at else "landing" if place == at else "dry"
        for place in range(len(entries))
    )
    return Fall(places, dried_up=False)


def put_ledge(line: Line, column: int, fall: Fall, symbols: Symbols) -> None:
    """The ledge beside a chain's name: two cells from `column`."""
    line.put(column, symbols.ledge, fall.ink, "b")


def put_rail(
    line: Line,
    column: int,
    place: Place,
    sign: tuple[str, Role],
    fall: Fall,
    symbols: Symbols,
) -> None:
    """The line beside an entry, three cells from `column`: `┠─×`, `┗━▶`, `┊ ▲`."""
    match place:
        case "landing":
            line.put(column, symbols.landing, fall.ink, "b")
        case "passed":
            line.put(column, symbols.passed[0], fall.ink, "b")
            line.put(column + 1, symbols.passed[1], "faint")
            line.put(column + 2, *sign)
        case "dry":
            line.put(column, symbols.dry, "faint")
            line.put(column + 2, *sign)


def usable_share(chain: Chain, limits: Mapping[str, EntryLimits]) -> tuple[int, int]:
    """`(usable, all)` entries of a chain."""
    good = sum(
        1
        for entry in chain.entries
        if (known := limits.get(entry)) and known.state in ("available", "tracking")
    )
    return good, len(chain.entries)
