from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from store import request_log
from store.database import Database, DatabaseTooNew, DatabaseUnavailable, open_database
from store.database_file import Progress, set_aside
from store.request_log import Finished
from store.schema import MIGRATIONS
from tests.store.made import NOON, FakeClock, mode, request


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "429chain.db"


async def _fill(path: Path, rows: int) -> None:
    async with open_database(path, FakeClock()) as database, database.transaction() as connection:
        await request_log.insert_many(
            connection, [Finished(request(f"req_{number}")) for number in range(rows)]
        )


async def _rows(database: Database) -> int:
    return await request_log.count(database)


async def test_a_zero_byte_file_is_a_new_database(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    async with open_database(path, FakeClock()) as database:
        assert database.notes == []
        assert await _rows(database) == 0


def _no_database(path: Path) -> None:
    path.write_bytes(b"this is a text file, and long enough to have no header" * 40)


def _zeroed_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(bytes(8 * 4096))


def _truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _zeroed_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


@pytest.mark.parametrize("damage", [_no_database, _zeroed_page, _truncated, _zeroed_header])
async def test_a_damaged_file_is_set_aside_and_told(
    path: Path, damage: Callable[[Path], None]
) -> None:
    await _fill(path, 400)
    damage(path)
    spoilt = path.read_bytes()
    async with open_database(path, FakeClock()) as database:
        aside = path.with_name("429chain.db.corrupt-20261122T120000Z")
        assert aside.read_bytes() == spoilt
        assert mode(path) == 0o600
        assert await _rows(database) == 0
        assert len(database.notes) == 1
        assert str(aside) in database.notes[0]


def test_a_damaged_file_takes_its_journal_along(path: Path) -> None:
    path.parent.mkdir()
    for side in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{side}").write_text(f"old{side}")
    aside = set_aside(path, NOON)
    for side in ("", "-wal", "-shm"):
        assert aside.with_name(f"{aside.name}{side}").read_text() == f"old{side}"
    left = [file for file in path.parent.iterdir() if aside.name not in file.name]
    assert left == [path]
    assert path.read_bytes() == b""


async def test_a_second_damaged_file_does_not_replace_the_first(path: Path) -> None:
    for _ in range(2):
        path.parent.mkdir(exist_ok=True)
        _no_database(path)
        async with open_database(path, FakeClock()):
            pass
    assert len(list(path.parent.glob("*.corrupt-*"))) == 2


async def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    await _fill(path, 3)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNew, match=r"newer 429chain \(schema 99.*--data-dir"):
        await Database(path, FakeClock()).open()
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.corrupt-*"))


async def _add_a_column(connection: aiosqlite.Connection, progress: Progress) -> None:
    await connection.execute("ALTER TABLE requests ADD COLUMN extra TEXT")


async def _fail(connection: aiosqlite.Connection, progress: Progress) -> None:
    await connection.execute("ALTER TABLE requests ADD COLUMN half TEXT")
    await connection.execute("SELECT * FROM no_such_table")


async def test_an_older_schema_is_copied_then_migrated(path: Path) -> None:
    await _fill(path, 3)
    database = Database(path, FakeClock(), migrations=(*MIGRATIONS, _add_a_column))
    await database.open()
    try:
        async with database.reading() as connection:
            rows = await connection.execute_fetchall("SELECT extra FROM requests")
            assert len(list(rows)) == 3
    finally:
        await database.close()
    copy = path.with_name(f"429chain.db.schema-{len(MIGRATIONS)}")
    assert mode(copy) == 0o600
    assert str(copy) in database.notes[0]
    async with open_database(copy, FakeClock()) as older:
        assert await _rows(older) == 3


async def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    await _fill(path, 3)
    database = Database(path, FakeClock(), migrations=(*MIGRATIONS, _add_a_column, _fail))
    with pytest.raises(DatabaseUnavailable, match="no_such_table"):
        await database.open()
    async with open_database(path, FakeClock()) as same:
        assert await _rows(same) == 3
        async with same.reading() as connection:
            rows = await connection.execute_fetchall("SELECT * FROM requests LIMIT 1")
            assert not {"extra", "half"} & {name for row in rows for name in row}


def _below_a_file(path: Path) -> Path:
    path.parent.parent.joinpath("file").touch()
    return path.parent.parent / "file" / "data" / "429chain.db"


def _a_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def _a_link(path: Path) -> Path:
    path.parent.mkdir()
    path.symlink_to(path.parent.parent / "elsewhere.db")
    return path


@pytest.mark.parametrize("place", [_below_a_file, _a_folder, _a_link])
async def test_what_cannot_be_opened_is_named(path: Path, place: Callable[[Path], Path]) -> None:
    bad = place(path)
    database = Database(bad, FakeClock())
    with pytest.raises(DatabaseUnavailable) as caught:
        await database.open()
    assert str(bad) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (path.parent.parent / "elsewhere.db").exists()
    with pytest.raises(DatabaseUnavailable):
        await _rows(database)
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction():
            pass
