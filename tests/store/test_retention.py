from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from store import request_log
from store.database import Database, open_database
from store.request_log import Finished
from store.retention import prune_daily
from tests.store.made import NOON, FakeClock, request, until

_DAY = 86_400.0


async def _logged(database: Database, rows: int) -> bool:
    return await request_log.count(database) == rows


async def test_old_rows_go_again_and_again_as_the_configuration_now_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    days = [2.0]
    async with open_database(tmp_path / "429chain.db", FakeClock()) as database:
        async with database.transaction() as connection:
            events = [request("old", at=NOON - 3 * _DAY), request("young", at=NOON - _DAY)]
            await request_log.insert_many(connection, [Finished(event) for event in events])
        async with asyncio.TaskGroup() as group:
            task = group.create_task(prune_daily(database, lambda: days[0], every=0.01))
            await until(lambda: _logged(database, 1))
            assert await request_log.one(database, "young") is not None
            # It goes on through a time in which there is no database.
            await database.close()
            await until(lambda: "not open" in caplog.text)
            await database.open()
            days[0] = 0.5
            await until(lambda: _logged(database, 0))
            task.cancel()
