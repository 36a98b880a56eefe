"""A request log of any length, made by SQL in seconds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from proxy.clock import SystemClock
from store.database import open_database

CHAINS = ("free", "code", "batch", "small")
RARE = "seldom"
"""A chain with three requests, the oldest of all."""

_CLIENTS = ("default", "journal", "editor")
_AGENTS = ("OpenAI/Python", "OpenAI/JS", "codex_cli_rs/0.42", "curl/8.5.0")
_ENTRIES = (
    "cerebras/gpt-oss-120b",
    "groq/llama-3.3-70b-versatile",
    "groq/openai/gpt-oss-120b",
    "openrouter/meta-llama/llama-3.3-70b-instruct:free",
    "gemini/gemini-2.5-flash",
    "mistral/mistral-small-latest",
)
_ENDS = (("ok", 200), ("ok", 200), ("interrupted", 200), ("failed", 503), ("failed", 429))

_KINDS = "INSERT OR IGNORE INTO kinds VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"
# Few kinds are common, most are rare: the kind is evenly chosen below a bound that is so, too.
_REQUESTS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?),
chosen AS (
  SELECT i, 1 + abs(random()) % (1 + abs(random()) % (SELECT count(*) - 1 FROM kinds)) AS kind
  FROM n
)
INSERT INTO requests
SELECT
  i, printf('%06x%018x', i << 3, i), 1795000000 + i * 0.3, client, agent,
  chain, nullif(entry, ''), outcome, status, i % 2, 1 + (status <> 200),
  '[["' || entry || '","ok"]]', 800 + i % 500, 100 + i % 90, 0, 900.5 + i % 3000, 140.25, 0.0001,
  0, kinds.id
FROM chosen CROSS JOIN kinds
  ON kinds.id = iif(i <= 3, (SELECT max(id) FROM kinds), chosen.kind)
"""
_ATTEMPTS = """
INSERT INTO attempts
SELECT
  seq, ordinal.value, 'groq', coalesce(entry, 'groq/m'), 'ok', 200, 1.5, 800.5, 130.5, ''
FROM requests CROSS JOIN json_each('[0, 1]') AS ordinal
WHERE ordinal.value < attempts
"""


async def fill(path: Path, rows: int) -> int:
    """Make a database at `path` with so many requests; how many kinds they are of."""
    async with open_database(path, SystemClock()):
        pass
    kinds = sorted(_kinds())
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        with connection:
            connection.execute("DROP INDEX requests_by_kind")
            connection.executemany(_KINDS, kinds)
            connection.execute(_KINDS, ("default", "curl/8.5.0", RARE, "", "left", 499, "  "))
            connection.execute(_REQUESTS, (rows,))
            connection.execute(_ATTEMPTS)
            connection.execute("CREATE INDEX requests_by_kind ON requests (kind)")
    finally:
        connection.close()
    return len(kinds) + 1


def _kinds() -> set[tuple[str | int, ...]]:
    """What falls through a chain asked the providers of the entries before, too."""
    found: set[tuple[str | int, ...]] = set()
    for client in _CLIENTS:
        for agent in _AGENTS:
            for chain in CHAINS:
                for position, entry in enumerate(_ENTRIES):
                    asked = {one.partition("/")[0] for one in _ENTRIES[: position + 1]}
                    for outcome, status in _ENDS:
                        served = entry if status == 200 else ""
                        providers = f" {' '.join(sorted(asked))} "
                        found.add((client, agent, chain, served, outcome, status, providers))
    return found
