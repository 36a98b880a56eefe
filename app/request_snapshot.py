"""Read models of requests: the log, its statistics, and a prompt that a person tries."""

from __future__ import annotations

from dataclasses import dataclass

from app.snapshot import Instant, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    id: str
    time: Instant
    client: str
    agent: str
    chain: str
    entry: str | None
    status: int | None
    outcome: Outcome | None
    """None while it runs."""
    stream: bool
    trail: tuple[tuple[str, str], ...]
    """`(entry, WORD)` in chain order, the words of `x-429chain-trail`; while one is asked,
    `trying`."""
    tokens_in: int
    tokens_out: int
    estimated: bool
    duration_ms: float
    first_token_ms: float | None
    saved_usd: float | None
    client_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(_Facts):
    """A row of the request log. `attempts` is how many upstream requests it took."""

    attempts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One upstream request. `started_ms` counts from when the client's request came."""

    entry: str
    outcome: str
    status: int | None
    started_ms: float
    duration_ms: float
    first_token_ms: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class Bodies:
    """What the client sent and what it got, redacted. Of a long one the beginning, then `cut`."""

    request: str
    request_cut: bool
    answer: str
    answer_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDetail(_Facts):
    """A request with all its attempts, in the order they were made."""

    attempts: tuple[Attempt, ...]
    bodies: Bodies | None = None
    """Of the last 200 requests since the start, if `log.bodies` is "memory"; else None."""
    bodies_kept: bool = False
    """Whether the instance keeps bodies now: None then means that these are gone."""


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Requests, newest first. `next` is the `before` of the next page, None on the last."""

    items: tuple[Request, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Landed:
    """Where requests came down: on the first entry, the second, a later one, nowhere."""

    first: int
    second: int
    later: int
    nobody: int


@dataclass(frozen=True, slots=True)
class StatsRow:
    """Totals of one provider, model, chain, client, day or hour, named by `key`.

    `requests` were served by it; `attempts`, of them `refused` (429) and `failed`, are upstream
    requests to it; `waterfalled` of the requests passed at least one entry; `unserved` ones nobody
    served. Days are those of the instance's zone (`2026-11-22`, `2026-11-22T13`).
    """

    key: str
    requests: int
    unserved: int
    interrupted: int
    attempts: int
    refused: int
    failed: int
    waterfalled: int
    tokens_in: int
    tokens_out: int
    mean_ms: float | None
    p95_ms: float | None
    saved_usd: float | None
    landed: Landed | None
    """By day and hour only."""


@dataclass(frozen=True, slots=True)
class Step:
    """Event `step` of a test prompt: an entry's last word. `trying` while it is asked."""

    entry: str
    outcome: str
    detail: str
    retry_at: Instant | None


@dataclass(frozen=True, slots=True)
class Text:
    """Event `text` of a test prompt: a piece of the answer."""

    content: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A test prompt's end (event `done`): the answer and the way it took.

    `error` says why nobody served, or what broke the stream.
    """

    id: str
    chain: str
    entry: str | None
    status: int
    outcome: Outcome
    content: str
    reasoning: str
    error: str | None
    trail: tuple[Step, ...]
    attempts: tuple[Attempt, ...]
    tokens_in: int
    tokens_out: int
    estimated: bool
    duration_ms: float
    first_token_ms: float | None
