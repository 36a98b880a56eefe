"""The tables, as a list of steps that is only ever added to.

`PRAGMA user_version` is the number of steps a file has gone through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import aiosqlite

from store.database_file import Progress

Migration = Callable[[aiosqlite.Connection, Progress], Awaitable[None]]

# Step 1 is written out and frozen here; that `stats.py` agrees with it is tested.
_BUCKETS = 32
_TOTALS = ",\n  ".join(
    [
        *(
            f"{name} INTEGER NOT NULL DEFAULT 0"
            for name in (
                "requests",
                "served",
                "unserved",
                "interrupted",
                "attempts",
                "refused",
                "failed",
                "waterfalled",
                "tokens_in",
                "tokens_out",
            )
        ),
        "duration_ms REAL NOT NULL DEFAULT 0",
        "saved_usd REAL",
        *(f"d{bucket} INTEGER NOT NULL DEFAULT 0" for bucket in range(_BUCKETS)),
    ]
)

_FIRST = (
    # `seq` grows with the order in which requests ended: what pages are keyed by.
    """
    CREATE TABLE requests (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      at REAL NOT NULL,
      client TEXT NOT NULL,
      agent TEXT NOT NULL,
      chain TEXT NOT NULL,
      entry TEXT,
      outcome TEXT NOT NULL,
      status INTEGER NOT NULL,
      stream INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      trail TEXT NOT NULL,
      tokens_in INTEGER NOT NULL,
      tokens_out INTEGER NOT NULL,
      estimated INTEGER NOT NULL,
      duration_ms REAL NOT NULL,
      first_token_ms REAL,
      saved_usd REAL,
      client_closed INTEGER NOT NULL
    )
    """,
    "CREATE INDEX requests_by_at ON requests (at)",
    "CREATE INDEX requests_by_chain ON requests (chain)",
    "CREATE INDEX requests_by_status ON requests (status)",
    "CREATE INDEX requests_by_status_class ON requests (status / 100)",
    "CREATE INDEX requests_by_outcome ON requests (outcome)",
    """
    CREATE TABLE attempts (
      request INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
      ordinal INTEGER NOT NULL,
      provider TEXT NOT NULL,
      entry TEXT NOT NULL,
      outcome TEXT NOT NULL,
      status INTEGER,
      started_ms REAL NOT NULL,
      duration_ms REAL NOT NULL,
      first_token_ms REAL,
      detail TEXT NOT NULL,
      PRIMARY KEY (request, ordinal)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX attempts_by_provider ON attempts (provider, request)",
    # Totals outlive the log. A request counts on the row of the entry that served it (provider
    # and model empty: nobody did), an attempt on the row of the entry that was asked.
    f"""
    CREATE TABLE daily (
      day TEXT NOT NULL,
      provider TEXT NOT NULL,
      model TEXT NOT NULL,
      chain TEXT NOT NULL,
      client TEXT NOT NULL,
      {_TOTALS},
      PRIMARY KEY (day, provider, model, chain, client)
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE hourly (
      day TEXT NOT NULL,
      hour INTEGER NOT NULL,
      {_TOTALS},
      landed_first INTEGER NOT NULL DEFAULT 0,
      landed_second INTEGER NOT NULL DEFAULT 0,
      landed_later INTEGER NOT NULL DEFAULT 0,
      landed_nobody INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (day, hour)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE limit_state (
      key TEXT PRIMARY KEY,
      value BLOB NOT NULL,
      saved_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


async def _create_tables(connection: aiosqlite.Connection, progress: Progress) -> None:
    for statement in _FIRST:
        await connection.execute(statement)


# A filter's rows are found by their kind: indexes of single columns are of no use any more.
_KINDS = (
    """
    CREATE TABLE kinds (
      id INTEGER PRIMARY KEY,
      client TEXT NOT NULL,
      agent TEXT NOT NULL,
      chain TEXT NOT NULL,
      entry TEXT NOT NULL,
      outcome TEXT NOT NULL,
      status INTEGER NOT NULL,
      providers TEXT NOT NULL,
      UNIQUE (client, agent, chain, entry, outcome, status, providers)
    )
    """,
    "DROP INDEX requests_by_chain",
    "DROP INDEX requests_by_status",
    "DROP INDEX requests_by_status_class",
    "DROP INDEX requests_by_outcome",
    "DROP INDEX attempts_by_provider",
    "ALTER TABLE requests ADD COLUMN kind INTEGER NOT NULL DEFAULT 0",
)
_SORT_INTO_KINDS = (
    """
    CREATE TEMP TABLE asked AS
    SELECT
      seq, client, agent, chain, coalesce(entry, '') AS entry, outcome, status,
      ' ' || coalesce(
        (
          SELECT group_concat(provider, ' ')
          FROM (SELECT DISTINCT provider FROM attempts WHERE request = seq ORDER BY provider)
        ),
        ''
      ) || ' ' AS providers
    FROM requests WHERE seq BETWEEN ? AND ?
    """,
    """
    INSERT OR IGNORE INTO kinds (client, agent, chain, entry, outcome, status, providers)
    SELECT DISTINCT client, agent, chain, entry, outcome, status, providers FROM asked
    """,
    """
    UPDATE requests SET kind = kinds.id
    FROM asked CROSS JOIN kinds USING (client, agent, chain, entry, outcome, status, providers)
    WHERE asked.seq = requests.seq
    """,
    "DROP TABLE asked",
)
_SORTED_AT_ONCE = 10_000
"""Rows, whose temporary table is in memory."""


async def _sort_into_kinds(connection: aiosqlite.Connection, progress: Progress) -> None:
    for statement in _KINDS:
        await connection.execute(statement)
    ends = await connection.execute_fetchall("SELECT min(seq), max(seq) FROM requests")
    for oldest, newest in ends:
        begin, end = oldest or 1, (newest or 0) + 1
        for first in range(begin, end, _SORTED_AT_ONCE):
            progress((first - begin) / (end - begin))
            make, *rest = _SORT_INTO_KINDS
            await connection.execute(make, (first, first + _SORTED_AT_ONCE - 1))
            for statement in rest:
                await connection.execute(statement)
    await connection.execute("CREATE INDEX requests_by_kind ON requests (kind)")


async def _remember_ended_sessions(connection: aiosqlite.Connection, progress: Progress) -> None:
    await connection.execute(
        "CREATE TABLE ended_sessions (session TEXT PRIMARY KEY, expires INTEGER NOT NULL) "
        "WITHOUT ROWID"
    )


MIGRATIONS: Sequence[Migration] = (_create_tables, _sort_into_kinds, _remember_ended_sessions)
