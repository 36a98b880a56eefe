from __future__ import annotations

from pathlib import Path

from store import ended_sessions
from store.database import open_database
from tests.store.made import NOON, FakeClock


async def test_a_session_is_remembered_until_it_would_have_expired(tmp_path: Path) -> None:
    async with open_database(tmp_path / "429chain.db", FakeClock()) as database:
        for session, expires in (("late", 30), ("soon", 10), ("late", 30)):
            await ended_sessions.add(database, session, expires=int(NOON) + expires, now=NOON)
        assert await ended_sessions.load(database, NOON) == ["soon", "late"]
        assert await ended_sessions.load(database, NOON + 10) == ["late"]
        await ended_sessions.add(database, "other", expires=int(NOON) + 99, now=NOON + 20)
        async with database.reading() as connection:
            rows = await connection.execute_fetchall("SELECT session FROM ended_sessions")
            assert sorted(row[0] for row in rows) == ["late", "other"]
