"""What the ledger says of an entry: the same words and times for routing and for every face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from proxy.limits.buckets import ROUNDING
from proxy.limits.cells import Cell
from proxy.limits.subjects import Subject
from proxy.model import Dimension, Kind, Source, Window

LIMIT_REASONS = frozenset(
    ("rpm", "rph", "rpd", "rpmo", "tpm", "tph", "tpd", "tpmo", "concurrent", "cooldown")
)
"""Reasons that time cures: what DESIGN A4 calls "out by a limit or cooldown"."""

State = Literal["available", "tracking", "exhausted", "cooling", "down", "off"]


class Verdict(NamedTuple):
    """Why an entry may not take a request now. `until` None: nobody can say."""

    reason: str
    until: float | None
    guess: bool = False
    """Only unconfirmed preset sizes stand in the way."""
    circuit: bool = False
    """Only an open circuit does."""

    @property
    def by_limit(self) -> bool:
        return self.reason in LIMIT_REASONS


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit, as an interface shows it. `resets_at` in `Clock.now()` seconds."""

    scope: Literal["account", "pool", "model"]
    pool: str
    dimension: Dimension
    window: Window | None
    kind: Kind
    limit: int
    remaining: int
    resets_at: float | None
    source: Source
    guess: bool


@dataclass(frozen=True, slots=True)
class EntryStatus:
    """An entry's state for the smallest request, and its gauges."""

    state: State
    reason: str
    until: float | None
    gauges: tuple[Gauge, ...]


def state_of(verdict: Verdict | None, gauges: tuple[Gauge, ...]) -> State:
    """The word of DESIGN A6 for a verdict (None: it may go)."""
    if verdict is None:
        return "tracking" if gauges else "available"
    if verdict.reason == "cooldown":
        return "cooling"
    if verdict.reason == "down":
        return "down"
    return "exhausted" if verdict.by_limit else "off"


def gauge_of(subject: Subject, cell: Cell, now: float) -> Gauge:
    """A limit of a known size as it stands."""
    scope = subject.scope
    return Gauge(
        scope=scope if scope in ("pool", "model") else "account",
        pool=subject.name if scope == "pool" else "",
        dimension=cell.dimension,
        window=cell.window_name,
        kind=cell.kind,
        limit=int(cell.size),
        # A unit that is short by a rounding is there: a request gets it.
        remaining=0 if cell.closed_until > now else int(cell.room(now) + ROUNDING),
        resets_at=cell.resets_at(now),
        source=cell.source,
        guess=cell.guess,
    )
