from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from store import limit_state
from store.database import Database, DatabaseUnavailable, open_database
from tests.store.made import NOON, FakeClock


async def _save(database: Database, changes: Mapping[str, bytes | None]) -> None:
    async with database.transaction() as connection:
        await limit_state.save(connection, changes, NOON)


async def test_state_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "429chain.db"
    async with open_database(path, FakeClock()) as database:
        assert await limit_state.load(database) == {}
        await _save(database, {"a": b"\0\xff", "b": b"1", "c": b""})
        await _save(database, {"b": b"2", "c": None, "never": None})
        await _save(database, {})
    async with open_database(path, FakeClock()) as database:
        assert await limit_state.load(database) == {"a": b"\0\xff", "b": b"2"}


async def test_when_it_was_saved_is_kept(tmp_path: Path) -> None:
    async with open_database(tmp_path / "429chain.db", FakeClock()) as database:
        await _save(database, {"a": b"1"})
        async with database.reading() as connection:
            rows = await connection.execute_fetchall("SELECT saved_at FROM limit_state")
            assert [row[0] for row in rows] == [NOON]


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        await limit_state.load(Database(tmp_path / "429chain.db", FakeClock()))
