"""Totals by day and by hour, which outlive the log they are made from.

They are added to in the transaction that inserts the rows, so that the two never disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, tzinfo
from math import log2
from typing import Any, Literal

import aiosqlite

from store.database import Database
from store.request_log import Finished
from store.values import as_count, as_number, as_optional_number, as_text, model_of, provider_of

By = Literal["provider", "model", "entry", "chain", "client", "day", "hour"]

BUCKETS = 32
_SHORTEST_MS = 32.0
"""Bucket 0 ends here, each later one at the square root of 2 times the one before (24 min)."""

_REFUSED = "429"
_BROKEN_WORDS = frozenset({"timeout", "unreachable", "broken"})


@dataclass(slots=True)
class _Totals:
    """The summed columns of both tables, in their order."""

    requests: int = 0
    """All that ended; `served` had an answer (a part of one too), `unserved` failed altogether."""
    served: int = 0
    unserved: int = 0
    interrupted: int = 0
    attempts: int = 0
    refused: int = 0
    failed: int = 0
    waterfalled: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    duration_ms: float = 0.0
    saved_usd: float | None = None
    durations: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    landed: list[int] = field(default_factory=lambda: [0] * 4)

    def add_request(self, finished: Finished) -> None:
        event = finished.event
        self.requests += 1
        served = event.entry is not None
        if event.outcome == "failed":
            self.unserved += 1
            self.landed[3] += 1
        if event.outcome == "interrupted":
            self.interrupted += 1
        if not served:
            return
        position = _position(finished)
        self.served += 1
        self.waterfalled += position > 0
        self.landed[min(position, 2)] += event.outcome != "failed"
        self.tokens_in += as_count(event.tokens_in)
        self.tokens_out += as_count(event.tokens_out)
        duration = max(0.0, as_number(event.duration_ms))
        self.duration_ms += duration
        self.durations[bucket_of(duration)] += 1
        saved = as_optional_number(finished.saved_usd)
        if saved is not None:
            self.saved_usd = (self.saved_usd or 0.0) + saved

    def add_attempt(self, word: str) -> None:
        self.attempts += 1
        if word == _REFUSED:
            self.refused += 1
        elif word.isdigit() or word in _BROKEN_WORDS:
            self.failed += 1

    def row(self) -> tuple[object, ...]:
        return (*(getattr(self, name) for name in _SUMS), *self.durations)


_SUMS = tuple(column.name for column in fields(_Totals))[:-2]
_DURATIONS = tuple(f"d{bucket}" for bucket in range(BUCKETS))
_LANDED = ("landed_first", "landed_second", "landed_later", "landed_nobody")


@dataclass(frozen=True, slots=True)
class Landed:
    """Where requests came down: on the chain's first entry, its second, a later one, nowhere."""

    first: int
    second: int
    later: int
    nobody: int


@dataclass(frozen=True, slots=True)
class StatsRow:
    """One row of DESIGN A7's statistics.

    `key`: a name, `2026-11-22` or `2026-11-22T13`. `requests` were served by it; `attempts`,
    `refused` (429) and `failed` are upstream requests to it; `waterfalled` of `requests` passed at
    least one entry. `unserved` (nobody served) is 0 by provider, model and entry.
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
    """From a histogram: off by at most a bucket's width (41 %), usually far less."""
    saved_usd: float | None
    landed: Landed | None
    """By day and hour only."""


@dataclass(frozen=True, slots=True)
class Today:
    """Counters of one day. `requests` holds all; `failed` those that nobody served."""

    day: str
    requests: int
    served: int
    failed: int
    interrupted: int
    waterfalled: int
    tokens_in: int
    tokens_out: int
    saved_usd: float | None


def local_day(at: float, zone: tzinfo | None = None) -> str:
    """The ISO day of an instant (epoch seconds) in the instance's zone, None: the system's."""
    return datetime.fromtimestamp(at, zone).date().isoformat()


async def add(
    connection: aiosqlite.Connection, requests: Iterable[Finished], zone: tzinfo | None = None
) -> None:
    """Add requests to the totals, inside the transaction that inserts them."""
    daily: defaultdict[tuple[str, str, str, str, str], _Totals] = defaultdict(_Totals)
    hourly: defaultdict[tuple[str, int], _Totals] = defaultdict(_Totals)
    for finished in requests:
        event = finished.event
        moment = datetime.fromtimestamp(as_instant(event.at), zone)
        day = moment.date().isoformat()
        place = (as_text(event.chain), as_text(event.client))
        hour = hourly[day, moment.hour]
        hour.add_request(finished)
        daily[day, *_names(event.entry), *place].add_request(finished)
        for attempt in event.attempts:
            hour.add_attempt(attempt.outcome)
            daily[day, *_names(attempt.entry), *place].add_attempt(attempt.outcome)
    await connection.executemany(
        _upsert("daily", ("day", "provider", "model", "chain", "client"), (*_SUMS, *_DURATIONS)),
        [(*key, *totals.row()) for key, totals in daily.items()],
    )
    await connection.executemany(
        _upsert("hourly", ("day", "hour"), (*_SUMS, *_DURATIONS, *_LANDED)),
        [(*key, *totals.row(), *totals.landed) for key, totals in hourly.items()],
    )


async def table(database: Database, by: By, first_day: str, last_day: str) -> list[StatsRow]:
    """Rows for the days from `first_day` to `last_day` (ISO, both included).

    By day and hour in order of time, else the busiest first.
    """
    timely = by in ("day", "hour")
    key = _KEYS[by]
    columns = (*_SUMS, *_DURATIONS, *(_LANDED if timely else ()))
    sums = ", ".join(f"sum({column})" for column in columns)
    nobody = " AND provider <> ''" if by in ("provider", "model", "entry") else ""
    order = "1" if timely else f"{2 + _SUMS.index('served')} DESC, 1"
    sql = (
        f"SELECT {key}, {sums} FROM {'hourly' if timely else 'daily'} "
        f"WHERE day BETWEEN ? AND ?{nobody} GROUP BY 1 ORDER BY {order}"
    )
    async with database.reading() as connection:
        rows = await connection.execute_fetchall(sql, (first_day, last_day))
    return [_stats_row(tuple(row), timely) for row in rows]


async def today(database: Database, at: float, zone: tzinfo | None = None) -> Today:
    """The counters of the day that holds `at` (epoch seconds); zeros where nothing happened."""
    day = local_day(at, zone)
    sums = ", ".join(f"coalesce(sum({column}), 0)" for column in _TODAY)
    async with database.reading() as connection:
        rows = await connection.execute_fetchall(
            f"SELECT {sums}, sum(saved_usd) FROM hourly WHERE day = ?", (day,)
        )
        return next(Today(day, *row) for row in rows)


_TODAY = (
    "requests",
    "served",
    "unserved",
    "interrupted",
    "waterfalled",
    "tokens_in",
    "tokens_out",
)

_KEYS: dict[By, str] = {
    "provider": "provider",
    "model": "model",
    "entry": "provider || '/' || model",
    "chain": "chain",
    "client": "client",
    "day": "day",
    "hour": "printf('%sT%02d', day, hour)",
}


def as_instant(at: float) -> float:
    """An instant that a calendar has: within the years 1970 to 9999."""
    return min(max(as_number(at), 86_400.0), 253_000_000_000.0)


def percentile_ms(durations: Sequence[int], share: float) -> float | None:
    """The duration (ms) that `share` of the counted ones do not exceed; None without any."""
    wanted = share * sum(durations)
    if not wanted:
        return None
    below = 0
    for bucket, counted in enumerate(durations):
        if counted and below + counted >= wanted:
            floor = _SHORTEST_MS * 2 ** ((bucket - 1) / 2) if bucket else 0.0
            ceiling = _SHORTEST_MS * 2 ** (bucket / 2)
            return floor + (ceiling - floor) * (wanted - below) / counted
        below += counted
    return None


def bucket_of(duration_ms: float) -> int:
    """Which of the histogram's buckets a duration (ms) falls into."""
    if duration_ms <= _SHORTEST_MS:
        return 0
    # Rounded up: a bucket holds its upper end, which float error must not push into the next.
    steps = 2 * log2(duration_ms / _SHORTEST_MS)
    return min(BUCKETS - 1, -int(-(steps - 1e-9) // 1))


def _position(finished: Finished) -> int:
    served = finished.event.entry
    places = (place for place, (entry, _) in enumerate(finished.event.trail) if entry == served)
    return next(places, 0)


def _names(entry: str | None) -> tuple[str, str]:
    return ("", "") if entry is None else (as_text(provider_of(entry)), as_text(model_of(entry)))


def _upsert(table: str, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    changes = ", ".join(
        # Unknown (NULL) plus unknown stays unknown, unknown plus something is something.
        "saved_usd = coalesce(saved_usd + excluded.saved_usd, saved_usd, excluded.saved_usd)"
        if column == "saved_usd"
        else f"{column} = {column} + excluded.{column}"
        for column in columns
    )
    places = ", ".join("?" * (len(key) + len(columns)))
    return (
        f"INSERT INTO {table} ({', '.join((*key, *columns))}) VALUES ({places}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


def _stats_row(row: Sequence[Any], timely: bool) -> StatsRow:
    key, *values = row
    sums: dict[str, Any] = dict(zip(_SUMS, values, strict=False))
    durations: list[int] = values[len(_SUMS) : len(_SUMS) + BUCKETS]
    served: int = sums["served"]
    return StatsRow(
        key=key,
        requests=served,
        unserved=sums["unserved"],
        interrupted=sums["interrupted"],
        attempts=sums["attempts"],
        refused=sums["refused"],
        failed=sums["failed"],
        waterfalled=sums["waterfalled"],
        tokens_in=sums["tokens_in"],
        tokens_out=sums["tokens_out"],
        mean_ms=sums["duration_ms"] / served if served else None,
        p95_ms=percentile_ms(durations, 0.95),
        saved_usd=sums["saved_usd"],
        landed=Landed(*values[-len(_LANDED) :]) if timely else None,
    )
