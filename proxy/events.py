"""What happened: frozen, slotted, in the past tense. Holds no prompt text and no key.

Times: `at` is seconds since the epoch, `*_ms` are milliseconds since the request came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Outcome = Literal["ok", "interrupted", "left", "failed"]
"""Of a request: served; broken after its first event; its client left; nobody served."""


class Attempt(NamedTuple):
    """One upstream request of ours."""

    entry: str
    """`provider/model`."""
    outcome: str
    """A word of `x-429chain-trail`: ok, 429, timeout, unreachable, broken, ..."""
    status: int | None
    started_ms: float
    duration_ms: float
    first_token_ms: float | None
    """From the attempt's own start; None where no token came."""
    detail: str
    """Redacted, at most 200 characters."""


class RequestFinished(NamedTuple):
    """A client's request came to its end, whatever that was."""

    id: str
    at: float
    client: str
    agent: str
    """First product of its User-Agent."""
    chain: str
    entry: str | None
    """The one that served."""
    outcome: Outcome
    status: int
    stream: bool
    attempts: tuple[Attempt, ...]
    trail: tuple[tuple[str, str], ...]
    """`(entry, WORD)` in chain order."""
    tokens_in: int
    tokens_out: int
    estimated: bool
    """No usage came from upstream: the tokens are our estimate."""
    duration_ms: float
    first_token_ms: float | None
    client_closed: bool


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """The ledger learned something of an account. State, not a delta: losing one is harmless."""

    account: str
    urgent: bool
    """A refusal: to be saved at once, not with the next batch."""


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    version: int
    error: str | None
    """`file:line: message (hint)` when the edit was refused and the last good one stays."""


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """A part of the process got worse or better (log rows dropped, database unusable, ...)."""

    part: str
    healthy: bool
    detail: str


Event = RequestFinished | LimitsChanged | ConfigChanged | HealthChanged
