"""A database that cannot be written: requests go on, the loss is told, and it heals by itself."""

from __future__ import annotations

import os
import resource
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from tests.crash.instance import Instance
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion
from tests.upstreams.waiting import until

_TROUBLE = "the request log cannot be written"
_HEALED = "the request log is written again"


@asynccontextmanager
async def _instance(folder: Path) -> AsyncGenerator[Instance]:
    async with fake_provider([completion()]) as up:
        instance = Instance(folder, up.base_url)
        await instance.start()
        try:
            yield instance
        finally:
            await instance.kill()


def _rows(instance: Instance) -> list[dict[str, Any]]:
    try:
        return instance.look()[1]
    except sqlite3.Error:
        # A new file that has no tables yet, or the old one on its way out.
        return []


async def _ask(instance: Instance, count: int = 1) -> list[str]:
    """Ids of so many served requests, none of which took long."""
    ids: list[str] = []
    for _ in range(count):
        asked = time.monotonic()
        answer = await instance.ask()
        assert answer.status == 200
        assert time.monotonic() - asked < 1
        ids.append(answer.headers["x-request-id"])
    return ids


async def _told(instance: Instance, text: str) -> None:
    await until(lambda: text in instance.output(), within=20, interval=0.05)


async def _logged(instance: Instance, ids: list[str]) -> None:
    await until(lambda: set(ids) <= {row["id"] for row in _rows(instance)}, within=20, interval=0.1)


async def test_a_full_disk_costs_no_request(tmp_path: Path):
    """RLIMIT_FSIZE stands for it: writes fail, by an error of the disk, when files get larger."""
    async with _instance(tmp_path) as instance:
        await _logged(instance, await _ask(instance))
        assert await instance.stop() == 0
        size = instance.database.stat().st_size
        await instance.start(launch=[f"file-size={size}"])
        await _ask(instance, 300)
        await _told(instance, _TROUBLE)
        await _ask(instance, 20)
        _lift(instance.pid)
        ids = await _ask(instance)
        await _told(instance, _HEALED)
        await _logged(instance, ids)
        assert instance.look()[0] == "ok"
        assert "Traceback" not in instance.output()


def _lift(pid: int) -> None:
    """Take the limit on the size of files away from a running process."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


async def test_a_lock_of_another_program_costs_no_request(tmp_path: Path):
    async with _instance(tmp_path) as instance:
        with closing(sqlite3.connect(instance.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            ids = await _ask(instance, 20)
            await _told(instance, _TROUBLE)
            ids += await _ask(instance, 20)
            other.execute("ROLLBACK")
        await _told(instance, _HEALED)
        await _logged(instance, ids)
        assert "Traceback" not in instance.output()


def _overwritten(database: Path) -> None:
    database.write_bytes(b"this is no database, and long enough to have a header " * 400)


def _zeroed(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(bytes(100))


@pytest.mark.parametrize("damage", [_overwritten, _zeroed])
async def test_a_damaged_database_is_set_aside_at_the_start(
    tmp_path: Path, damage: Callable[[Path], None]
):
    async with _instance(tmp_path) as instance:
        await _logged(instance, await _ask(instance))
        await instance.stop()
        damage(instance.database)
        await instance.start()
        await _logged(instance, await _ask(instance))
        assert len(list(instance.database.parent.glob("*.corrupt-*"))) == 1
        assert "corrupt" in instance.output()


async def test_a_database_that_is_damaged_while_it_runs_is_replaced(tmp_path: Path):
    async with _instance(tmp_path) as instance:
        await _logged(instance, await _ask(instance))
        for file in instance.database.parent.glob("429chain.db*"):
            size = file.stat().st_size
            with file.open("r+b") as open_file:
                open_file.write(os.urandom(size))
        await _ask(instance, 20)
        await until(
            lambda: list(instance.database.parent.glob("*.corrupt-*")), within=20, interval=0.05
        )
        await _logged(instance, await _ask(instance))
        assert instance.look()[0] == "ok"


async def test_a_folder_that_cannot_be_used_is_told_and_not_fatal(tmp_path: Path):
    """A file where the folder should be: root, in a container, may write to what is read-only."""
    (tmp_path / "data").touch()
    async with _instance(tmp_path) as instance:
        await _ask(instance, 5)
        await _told(instance, str(instance.database.parent))
        await _told(instance, _TROUBLE)
        instance.database.parent.unlink()
        ids = await _ask(instance)
        await _told(instance, _HEALED)
        await _logged(instance, ids)


async def test_a_second_instance_is_refused_and_the_first_goes_on(tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    async with _instance(tmp_path) as instance:
        second = Instance(other, "http://127.0.0.1:9/v1", data=instance.database.parent)
        with pytest.raises(AssertionError, match=f"{instance.pid}"):
            await second.start()
        assert "Traceback" not in second.output()
        await _ask(instance)


@pytest.mark.alone
async def test_after_a_kill_the_lock_is_free(tmp_path: Path):
    async with _instance(tmp_path) as instance:
        await _ask(instance)
        await instance.kill()
        assert await instance.start() < 10
        await _ask(instance)
