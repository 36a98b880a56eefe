"""What is on the disk when the power goes at any moment (reliability.md, cases 88 and 91)."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from store import request_log
from store.config_file import write_config
from store.database import Database, open_database
from store.database_file import Progress
from store.request_log import Finished
from store.schema import MIGRATIONS
from tests.store.made import FakeClock, request


class _Disk:
    """A folder as it would be found after a loss of power: what was not synced is not there.

    Files are known by inode: the text they had at their last fsync, and the names that the folder
    had at its own.
    """

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        self._texts: dict[int, str] = {path.stat().st_ino: path.read_text()}
        self._named = path.stat().st_ino
        self.found: list[str | None] = [path.read_text()]
        """The config at every moment; None: without the text that its name promises."""
        real_sync, real_replace = os.fsync, os.replace

        def fsync(handle: int) -> None:
            real_sync(handle)
            inode = os.fstat(handle).st_ino
            if inode == path.parent.stat().st_ino:
                self._named = path.stat().st_ino
            else:
                self._texts[inode] = Path(f"/proc/self/fd/{handle}").read_text()
            self._look()

        def replace(old: Any, new: Any) -> None:
            real_replace(old, new)
            # A rename may reach the disk by itself at any time, before what it was to wait for.
            self._look(path.stat().st_ino)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", replace)

    def _look(self, named: int = 0) -> None:
        self.found.append(self._texts.get(named or self._named))


def test_the_config_is_old_or_new_and_new_when_it_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    disk = _Disk(path, monkeypatch)
    write_config(path, "new")
    assert set(disk.found) == {"old", "new"}
    assert disk.found[-1] == "new"


async def _half(connection: aiosqlite.Connection, progress: Progress) -> None:
    await connection.execute("ALTER TABLE requests ADD COLUMN half TEXT")
    await connection.execute("UPDATE requests SET half = 'x'")
    os.kill(os.getpid(), signal.SIGKILL)


def migrate_until_killed(path: str) -> None:
    asyncio.run(Database(Path(path), FakeClock(), migrations=(*MIGRATIONS, _half)).open())


async def test_killed_amid_a_migration_the_old_version_opens(tmp_path: Path) -> None:
    path = tmp_path / "429chain.db"
    async with open_database(path, FakeClock()) as database, database.transaction() as connection:
        rows = [Finished(request(f"req_{number}")) for number in range(30)]
        await request_log.insert_many(connection, rows)
    process = multiprocessing.get_context("spawn").Process(
        target=migrate_until_killed, args=(str(path),)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    async with open_database(path, FakeClock()) as same:
        assert await request_log.count(same) == 30
        async with same.reading() as connection:
            found = await connection.execute_fetchall("SELECT * FROM requests LIMIT 1")
            assert "half" not in {name for row in found for name in row}
