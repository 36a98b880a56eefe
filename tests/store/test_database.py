from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from store import request_log
from store.database import (
    Database,
    DatabaseUnavailable,
    open_database,
)
from store.database_file import copy_database
from store.request_log import Finished
from tests.store.made import FakeClock, mode, request


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


async def test_every_file_is_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o022)
    try:
        async with open_database(path, FakeClock()) as database:
            async with database.transaction() as connection:
                await request_log.insert_many(connection, [Finished(request())])
            files = sorted(path.parent.iterdir())
            assert [file.name for file in files] == [
                "429chain.db",
                "429chain.db-shm",
                "429chain.db-wal",
            ]
            assert {mode(file) for file in files} == {0o600}
            assert mode(path.parent) == 0o700
        copy_database(path, path.with_name("copy.db"))
        assert mode(path.with_name("copy.db")) == 0o600
    finally:
        os.umask(before)


async def test_an_older_file_s_mode_is_corrected(path: Path) -> None:
    await _fill(path, 1)
    path.chmod(0o644)
    async with open_database(path, FakeClock()):
        assert mode(path) == 0o600


@pytest.mark.parametrize(
    "pragma, value",
    [
        ("journal_mode", "wal"),
        ("synchronous", 1),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
        ("journal_size_limit", 16 * 1024 * 1024),
    ],
)
async def test_the_writer_s_settings(path: Path, pragma: str, value: object) -> None:
    async with open_database(path, FakeClock()) as database:
        await database.truncate_journal()
        async with database.transaction() as connection:
            rows = await connection.execute_fetchall(f"PRAGMA {pragma}")
            assert [row[0] for row in rows] == [value]


async def test_readers_cannot_write_nor_checkpoint(path: Path) -> None:
    async with open_database(path, FakeClock()) as database:
        with pytest.raises(DatabaseUnavailable, match="readonly"):
            async with database.reading() as connection:
                await connection.execute("DELETE FROM requests")
        async with database.reading() as connection:
            rows = await connection.execute_fetchall("PRAGMA wal_autocheckpoint")
            assert [row[0] for row in rows] == [0]


async def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    async with open_database(path, FakeClock()) as database:

        async def break_off() -> None:
            async with database.transaction() as connection:
                await request_log.insert_many(connection, [Finished(request())])
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await break_off()
        assert await _rows(database) == 0


async def test_a_transaction_that_is_cancelled_leaves_the_writer_usable(path: Path) -> None:
    async with open_database(path, FakeClock()) as database:
        inserted = asyncio.Event()

        async def stuck() -> None:
            async with database.transaction() as connection:
                await request_log.insert_many(connection, [Finished(request())])
                inserted.set()
                await asyncio.Event().wait()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(stuck())
            await inserted.wait()
            task.cancel()
        assert await _rows(database) == 0
        async with database.transaction() as connection:
            await request_log.insert_many(connection, [Finished(request())])
        assert await _rows(database) == 1


async def test_a_read_sees_one_state_while_writes_go_on(path: Path) -> None:
    async with open_database(path, FakeClock()) as database:
        async with database.reading() as reader:
            sql = "SELECT count(*) FROM requests"
            before = [tuple(row) for row in await reader.execute_fetchall(sql)]
            for number in range(20):
                async with database.transaction() as connection:
                    await request_log.insert_many(connection, [Finished(request(f"r{number}"))])
            assert [tuple(row) for row in await reader.execute_fetchall(sql)] == before
        assert await _rows(database) == 20


async def test_many_reads_beside_writes(path: Path) -> None:
    async with open_database(path, FakeClock()) as database:
        seen: list[int] = []

        async def write() -> None:
            for number in range(50):
                async with database.transaction() as connection:
                    await request_log.insert_many(connection, [Finished(request(f"r{number}"))])

        async def read() -> None:
            for _ in range(20):
                seen.append(await _rows(database))

        async with asyncio.TaskGroup() as group:
            group.create_task(write())
            for _ in range(6):
                group.create_task(read())
        assert len(seen) == 120
        assert await _rows(database) == 50


async def test_a_read_that_is_given_up_stops_its_query(path: Path) -> None:
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    async with open_database(path, FakeClock()) as database:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.reading() as connection:
                await connection.execute_fetchall(forever)
        assert await _rows(database) == 0


async def test_a_copy_of_a_database_in_use_is_whole(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    async with open_database(path, FakeClock()) as database:
        async with database.transaction() as connection:
            await request_log.insert_many(connection, [Finished(request("kept"))])
        await asyncio.to_thread(copy_database, path, target)
        async with database.transaction() as connection:
            await request_log.insert_many(connection, [Finished(request("later"))])
    async with open_database(target, FakeClock()) as copy:
        assert await request_log.one(copy, "kept")
        assert await request_log.one(copy, "later") is None
    with pytest.raises(FileExistsError):
        copy_database(path, target)


async def test_the_journal_is_emptied_and_a_reader_holds_up_nobody(path: Path) -> None:
    async with open_database(path, FakeClock()) as database:
        async with database.transaction() as connection:
            await request_log.insert_many(
                connection, [Finished(request(f"r{number}")) for number in range(200)]
            )
        journal = path.with_name("429chain.db-wal")
        async with database.reading() as reader:
            await reader.execute_fetchall("SELECT count(*) FROM requests")
            async with asyncio.timeout(2):
                await database.truncate_journal()
        await database.truncate_journal()
        assert journal.stat().st_size == 0
