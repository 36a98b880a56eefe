"""What the faces are shown: read models, the same for the terminal, the web page and scripts.

A field's name is the one in the JSON of the admin API. Instants are aware datetimes in UTC here and
ISO 8601 with milliseconds on the wire; durations end in `_ms` or `_s`; None is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import PlainSerializer, WithJsonSchema

State = Literal["available", "tracking", "exhausted", "cooling", "down", "off"]
Scope = Literal["account", "pool", "model"]
Dimension = Literal["requests", "tokens", "concurrent"]
Window = Literal["minute", "hour", "day", "month"]
Kind = Literal["rolling", "clock", "bucket"]
Source = Literal["header", "refusal", "manual", "preset"]
Outcome = Literal["ok", "interrupted", "left", "failed"]


def iso(instant: datetime) -> str:
    """`2026-11-22T13:00:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit that holds for an entry."""

    scope: Scope
    pool: str
    dimension: Dimension
    window: Window | None
    kind: Kind
    limit: int
    remaining: int
    resets_at: Instant | None
    source: Source
    guess: bool
    """A preset's size that no answer has confirmed."""


@dataclass(frozen=True, slots=True)
class Health:
    """Upstream requests of the last hour. `error_rate` is a share, of those not refused."""

    attempts: int
    refused: int
    failed: int
    error_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    first_token_p50_ms: float | None


@dataclass(frozen=True, slots=True)
class EntryLimits:
    """An entry's state in the words that routing uses, for the smallest request."""

    entry: str
    state: State
    reason: str | None
    until: Instant | None
    gauges: tuple[Gauge, ...]
    health: Health


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of the moment and of the instance's day."""

    in_flight: int
    waiting: int
    requests_per_minute: int
    requests_today: int
    failed_today: int
    tokens_today: int
    tokens_out_today: int
    saved_today_usd: float | None
    waterfalled_share: float | None
    entries: int
    entries_out: int
    config_version: int


@dataclass(frozen=True, slots=True)
class Status:
    """The instance as a whole."""

    version: str
    time: Instant
    uptime_s: float
    pid: int
    base_url: str
    """Of the OpenAI-compatible API, as programs on this machine reach it."""
    config_path: str | None
    config_error: str | None
    """`file:line: message (hint)`, a line each, of the edit that is not in force."""
    config_warnings: tuple[str, ...]
    restart_needed: bool
    restart_keys: tuple[str, ...]
    """Keys of the config whose edit waits for the next start."""
    default_chain: str
    counts: Counts
    loop_lag_ms: float
    """The longest of the last ten seconds."""
    log_healthy: bool
    log_rows_lost: int
    today: str = ""
    """The day in the instance's zone (`2026-11-22`), by which the statistics count."""


@dataclass(frozen=True, slots=True)
class BackAt:
    """When an entry comes back."""

    entry: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain. `version` is that of the config it was read from, for `If-Match`."""

    name: str
    entries: tuple[str, ...]
    next: str | None
    """The entry that would serve a small text request now."""
    first_back: BackAt | None
    """Where none would: the one that is back first."""
    waiting: int
    default: bool
    models: tuple[str, ...]
    max_wait_s: float | None
    local_only: bool
    version: str


@dataclass(frozen=True, slots=True)
class Chains:
    items: tuple[Chain, ...]
    version: str


@dataclass(frozen=True, slots=True)
class SecretState:
    """A secret that can be written and never read. `hint` is its end, where it is long enough."""

    set: bool
    hint: str | None
    source: str | None
    """`env:NAME`, `file:PATH` or `config`."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What the config says of one model."""

    limits: Mapping[str, int]
    context_window: int | None
    max_output: int | None
    vision: bool | None
    tools: bool | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """An account as it is configured, and how it does."""

    id: str
    preset: str
    title: str
    base_url: str
    local: bool
    enabled: bool
    api_key: SecretState
    needs_key: bool
    key_env: tuple[str, ...]
    key_page: str
    headers: Mapping[str, SecretState]
    limits: Mapping[str, int]
    timeouts: Mapping[str, float]
    """Seconds, of those that the config names."""
    models: Mapping[str, ModelSettings]
    state: State
    """The best of its entries'."""
    reason: str | None
    until: Instant | None
    entries: int
    entries_out: int
    health: Health
    chains: tuple[str, ...]
    version: str
    notes: tuple[str, ...] = ()
    """What a write did besides: a key that was dropped with its address."""


@dataclass(frozen=True, slots=True)
class Providers:
    items: tuple[Provider, ...]
    version: str


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A row of a provider's own list."""

    id: str
    context_window: int | None
    max_output: int | None
    tools: bool | None
    vision: bool | None
    free: bool | None
    entry_in: tuple[str, ...]
    """Chains that hold it."""


@dataclass(frozen=True, slots=True)
class ModelList:
    items: tuple[ListedModel, ...]
    fetched_at: Instant


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a provider takes its key, asked at no cost in quota."""

    ok: bool
    detail: str
    models: int | None
    missing: tuple[str, ...]
    """Configured models that its list does not have."""
    checked_at: Instant
    key_tested: bool = False
    """A wrong key would have been refused. Some lists are everybody's and say nothing of it."""


@dataclass(frozen=True, slots=True)
class FreeLimit:
    scope: Scope
    pattern: str
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known of a provider before it is asked."""

    id: str
    title: str
    base_url: str
    needs_key: bool
    key_env: tuple[str, ...]
    key_found: str | None
    """The first of these variables that is set."""
    key_page: str
    local: bool
    suggest: tuple[str, ...]
    free: tuple[FreeLimit, ...]
    checked: str
    source: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, and how many changes are left to take back."""

    change: str
    left: int
    version: str
