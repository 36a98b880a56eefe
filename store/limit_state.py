"""What the ledger knows of limits, from one start of the process to the next.

Keys and values are the ledger's own; here they are text and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiosqlite

from store.database import Database
from store.values import as_text


async def save(
    connection: aiosqlite.Connection, changes: Mapping[str, bytes | None], at: float
) -> None:
    """Write changes inside the caller's transaction; None deletes. `at`: epoch seconds."""
    await connection.executemany(
        "INSERT INTO limit_state (key, value, saved_at) VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value, saved_at = excluded.saved_at",
        [(as_text(key), value, at) for key, value in changes.items() if value is not None],
    )
    gone = [(as_text(key),) for key, value in changes.items() if value is None]
    if gone:
        await connection.executemany("DELETE FROM limit_state WHERE key = ?", gone)


async def load(database: Database) -> dict[str, bytes]:
    """Everything that was saved, expired or not. Raises DatabaseUnavailable."""
    async with database.reading() as connection:
        rows = await connection.execute_fetchall("SELECT key, value FROM limit_state")
        return {str(row[0]): bytes(row[1]) for row in rows}
