"""Sessions of the web view that were ended by hand: the cookie alone would outlive the restart."""

from __future__ import annotations

from store.database import Database
from store.values import as_text


async def load(database: Database, now: float) -> list[str]:
    """Those that would not have expired by `now` (epoch seconds), the first to expire first.

    Raises DatabaseUnavailable.
    """
    async with database.reading() as connection:
        rows = await connection.execute_fetchall(
            "SELECT session FROM ended_sessions WHERE expires > ? ORDER BY expires", (now,)
        )
        return [str(row[0]) for row in rows]


async def add(database: Database, session: str, *, expires: int, now: float) -> None:
    """Remember one until it `expires` (epoch seconds), and forget those that have.

    Raises DatabaseUnavailable and sqlite3.Error.
    """
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM ended_sessions WHERE expires <= ?", (now,))
        await connection.execute(
            "INSERT OR REPLACE INTO ended_sessions (session, expires) VALUES (?, ?)",
            (as_text(session), expires),
        )
