"""The request log: one row a request, one an attempt. Newest first means: ended last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import aiosqlite
import orjson

from proxy.events import Attempt, Outcome, RequestFinished
from store.database import Database
from store.request_filter import Filter, selection, total
from store.request_kinds import forget_kinds, insert_kinds, kinds_of
from store.values import (
    LONGEST_TEXT,
    as_count,
    as_number,
    as_optional_number,
    as_text,
    provider_of,
)

_MOST_ON_A_PAGE = 1000
_PRUNED_AT_ONCE = 500

_COLUMNS = (
    "seq, id, at, client, agent, chain, entry, outcome, status, stream, attempts, trail, "
    "tokens_in, tokens_out, estimated, duration_ms, first_token_ms, saved_usd, client_closed"
)


class Finished(NamedTuple):
    """A request to be logged, and what it would have cost (None: unknown)."""

    event: RequestFinished
    saved_usd: float | None = None


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A row of the log: DESIGN A7's fields. `attempts` is their number, `at` is epoch seconds."""

    seq: int
    """What pages are keyed by: grows with the order in which requests ended."""
    id: str
    at: float
    client: str
    agent: str
    chain: str
    entry: str | None
    outcome: Outcome
    status: int
    stream: bool
    attempts: int
    trail: tuple[tuple[str, str], ...]
    tokens_in: int
    tokens_out: int
    estimated: bool
    duration_ms: float
    first_token_ms: float | None
    saved_usd: float | None
    client_closed: bool


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """One request with its attempts, in the order they were made."""

    request: LoggedRequest
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Requests, newest first. `next` is the `before` of the following page, None on the last."""

    items: tuple[LoggedRequest, ...]
    next: int | None


async def insert_many(
    connection: aiosqlite.Connection, requests: Sequence[Finished]
) -> list[Finished]:
    """Insert requests with their attempts, inside the caller's transaction.

    A request whose id is there already is left out, so a batch whose commit is in doubt can be
    written again. Returns those that were new.
    """
    fresh, first_seq = await _unknown(connection, requests)
    if not fresh:
        return []
    kinds = kinds_of([finished.event for finished in fresh])
    ids = await insert_kinds(connection, kinds)
    trails = _Trails()
    await connection.executemany(
        f"INSERT INTO requests ({_COLUMNS}, kind) VALUES (?{', ?' * 19})",
        [
            _request_row(seq, finished, ids[kind], trails)
            for seq, (finished, kind) in enumerate(zip(fresh, kinds, strict=True), first_seq)
        ],
    )
    await connection.executemany(
        "INSERT INTO attempts (request, ordinal, provider, entry, outcome, status, started_ms, "
        "duration_ms, first_token_ms, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            _attempt_row(seq, ordinal, attempt)
            for seq, finished in enumerate(fresh, first_seq)
            for ordinal, attempt in enumerate(finished.event.attempts)
        ],
    )
    return fresh


async def page(
    database: Database, *, before: int | None = None, limit: int = 100, only: Filter | None = None
) -> Page:
    """Up to `limit` (at most 1,000) requests that ended before the one with seq `before`."""
    limit = max(1, min(limit, _MOST_ON_A_PAGE))
    sql, values = selection(only or Filter(), before, _COLUMNS, limit + 1)
    async with database.reading() as connection:
        rows = list(await connection.execute_fetchall(sql, values))
    items = tuple(_logged(row) for row in rows[:limit])
    return Page(items, items[-1].seq if len(rows) > limit else None)


async def count(database: Database, only: Filter | None = None) -> int:
    """How many requests the log holds, of those asked for."""
    sql, values = total(only or Filter())
    async with database.reading() as connection:
        rows = await connection.execute_fetchall(sql, values)
        return next(int(row[0]) for row in rows)


async def one(database: Database, id: str) -> RequestDetail | None:
    """A request by its id, with its attempts."""
    async with database.reading() as connection:
        found = [
            _logged(row)
            for row in await connection.execute_fetchall(
                f"SELECT {_COLUMNS} FROM requests WHERE id = ?", (as_text(id),)
            )
        ]
        if not found:
            return None
        attempts = await connection.execute_fetchall(
            "SELECT entry, outcome, status, started_ms, duration_ms, first_token_ms, detail "
            "FROM attempts WHERE request = ? ORDER BY ordinal",
            (found[0].seq,),
        )
        return RequestDetail(found[0], tuple(Attempt(*row) for row in attempts))


async def export(
    database: Database, only: Filter | None = None, *, chunk: int = _MOST_ON_A_PAGE
) -> AsyncGenerator[tuple[LoggedRequest, ...]]:
    """All requests asked for, newest first, in chunks; each is a short read of its own."""
    before: int | None = None
    while True:
        part = await page(database, before=before, limit=chunk, only=only)
        if part.items:
            yield part.items
        if part.next is None:
            return
        before = part.next


async def prune(database: Database, older_than: float) -> int:
    """Delete requests from before `older_than` (epoch seconds); how many.

    In small transactions, so that the recorder comes between them; at the end the journal, which
    still holds what was deleted, is emptied.
    """
    deleted = 0
    while True:
        async with database.transaction() as connection:
            cursor = await connection.execute(
                "DELETE FROM requests WHERE seq IN "
                "(SELECT seq FROM requests WHERE at < ? ORDER BY at LIMIT ?)",
                (older_than, _PRUNED_AT_ONCE),
            )
        if cursor.rowcount <= 0:
            break
        deleted += cursor.rowcount
        await asyncio.sleep(0)
    if deleted:
        async with database.transaction() as connection:
            await forget_kinds(connection)
        await database.truncate_journal()
    return deleted


async def _unknown(
    connection: aiosqlite.Connection, requests: Sequence[Finished]
) -> tuple[list[Finished], int]:
    """Those that are not in the log yet, each id once, and the first seq that is free."""
    by_id = {as_text(finished.event.id): finished for finished in requests}
    rows = await connection.execute_fetchall(
        "SELECT NULL, coalesce(max(seq), 0) FROM requests UNION ALL "
        "SELECT id, 0 FROM requests WHERE id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(list(by_id)).decode(),),
    )
    for known, _ in rows:
        by_id.pop(known, None)
    return list(by_id.values()), max(int(seq) for _, seq in rows) + 1


def _request_row(seq: int, finished: Finished, kind: int, trails: _Trails) -> tuple[object, ...]:
    event = finished.event
    return (
        seq,
        as_text(event.id),
        as_number(event.at),
        as_text(event.client),
        as_text(event.agent),
        as_text(event.chain),
        None if event.entry is None else as_text(event.entry),
        as_text(event.outcome),
        as_count(event.status),
        event.stream,
        len(event.attempts),
        trails.as_json(event.trail, kind),
        as_count(event.tokens_in),
        as_count(event.tokens_out),
        event.estimated,
        as_number(event.duration_ms),
        as_optional_number(event.first_token_ms),
        as_optional_number(finished.saved_usd),
        event.client_closed,
        kind,
    )


class _Trails:
    """The trails of a batch as JSON. Requests of a kind have mostly passed over the same."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[tuple[str, str], ...], str]] = {}

    def as_json(self, trail: tuple[tuple[str, str], ...], kind: int) -> str:
        known = self._known.get(kind)
        if known is None or known[0] != trail:
            known = self._known[kind] = trail, _trail_json(trail)
        return known[1]


def _trail_json(trail: Sequence[tuple[str, str]]) -> str:
    """A chain may have hundreds of entries; nearly always all of it is fit as it is."""
    try:
        plain = orjson.dumps(trail)
    except orjson.JSONEncodeError:
        plain = b""  # a lone surrogate
    short = len(plain) <= LONGEST_TEXT or all(len(entry) <= LONGEST_TEXT for entry, _ in trail)
    if plain and short and b"\\u0000" not in plain:
        return plain.decode()
    return orjson.dumps([(as_text(entry), as_text(word)) for entry, word in trail]).decode()


def _attempt_row(seq: int, ordinal: int, attempt: Attempt) -> tuple[object, ...]:
    return (
        seq,
        ordinal,
        as_text(provider_of(attempt.entry)),
        as_text(attempt.entry),
        as_text(attempt.outcome),
        None if attempt.status is None else as_count(attempt.status),
        as_number(attempt.started_ms),
        as_number(attempt.duration_ms),
        as_optional_number(attempt.first_token_ms),
        as_text(attempt.detail),
    )


def _logged(row: Any) -> LoggedRequest:
    values = list(cast("tuple[Any, ...]", row))
    for flag in (9, 14, 18):
        values[flag] = bool(values[flag])
    values[11] = tuple((entry, word) for entry, word in orjson.loads(values[11]))
    return LoggedRequest(*values)
