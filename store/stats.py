"""Totals by day and by hour, which outlive the log they are made from.

They are added to in the transaction that inserts the rows, so that the two never disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

import aiosqlite

from store.database import Database
from store.request_log import Finished
from store.totals import BUCKETS, SUMS, Totals, counted_of, percentile_ms
from store.values import as_number, as_text, model_of, provider_of

By = Literal["provider", "model", "entry", "chain", "client", "day", "hour"]

_QUARTER = 900.0
"""Seconds: wherever an hour or a day begins, a quarter of an hour does."""
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
    daily: defaultdict[tuple[str, str | None, str, str], Totals] = defaultdict(Totals)
    hourly: defaultdict[tuple[str, int], Totals] = defaultdict(Totals)
    hours: dict[float, tuple[str, int]] = {}
    for finished in requests:
        event, counted = finished.event, counted_of(finished)
        quarter = as_instant(event.at) // _QUARTER
        at = hours.get(quarter)
        if at is None:
            at = hours[quarter] = _local_hour(quarter * _QUARTER, zone)
        hour, day = hourly[at], at[0]
        hour.add_request(counted)
        daily[day, event.entry, event.chain, event.client].add_request(counted)
        for attempt in event.attempts:
            hour.add_attempt(attempt.outcome)
            of_entry = daily[day, attempt.entry, event.chain, event.client]
            of_entry.add_attempt(attempt.outcome)
    await connection.executemany(
        _upsert("daily", ("day", "provider", "model", "chain", "client"), (*SUMS, *_DURATIONS)),
        [
            (day, *_names(entry), as_text(chain), as_text(client), *totals.row())
            for (day, entry, chain, client), totals in daily.items()
        ],
    )
    await connection.executemany(
        _upsert("hourly", ("day", "hour"), (*SUMS, *_DURATIONS, *_LANDED)),
        [(*key, *totals.row(), *totals.landed) for key, totals in hourly.items()],
    )


async def table(database: Database, by: By, first_day: str, last_day: str) -> list[StatsRow]:
    """Rows for the days from `first_day` to `last_day` (ISO, both included).

    By day and hour in order of time, else the busiest first.
    """
    timely = by in ("day", "hour")
    key = _KEYS[by]
    columns = (*SUMS, *_DURATIONS, *(_LANDED if timely else ()))
    sums = ", ".join(f"sum({column})" for column in columns)
    nobody = " AND provider <> ''" if by in ("provider", "model", "entry") else ""
    order = "1" if timely else f"{2 + SUMS.index('served')} DESC, 1"
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


def _local_hour(at: float, zone: tzinfo | None) -> tuple[str, int]:
    """The ISO day and the hour of an instant."""
    moment = datetime.fromtimestamp(at, zone)
    return moment.date().isoformat(), moment.hour


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
    sums: dict[str, Any] = dict(zip(SUMS, values, strict=False))
    durations: list[int] = values[len(SUMS) : len(SUMS) + BUCKETS]
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
