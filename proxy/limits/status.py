"""What the ledger says of an entry: the same words and times for routing and for every face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from proxy.model import Dimension, Kind, Source, Window

LIMIT_REASONS = frozenset(
    ("rpm", "rph", "rpd", "rpmo", "tpm", "tph", "tpd", "tpmo", "concurrent", "cooldown")
)
"""Reasons that time cures: what DESIGN A4 calls "out by a limit or cooldown"."""

State = Literal["available", "tracking", "exhausted", "cooling", "down", "off"]


@dataclass(frozen=True, slots=True)
class Verdict:
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
