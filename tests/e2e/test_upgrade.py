"""A newer version comes up on what an older one left, says what it does, and loses nothing."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.process import config, running
from tests.store.older import rows, write_older
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion


@pytest.mark.parametrize("schema", [1, 2])
async def test_it_serves_on_an_older_database(tmp_path: Path, schema: int) -> None:
    data = tmp_path / "data"
    data.mkdir(0o700)
    await write_older(data / "429chain.db", schema)
    before = rows(data / "429chain.db")
    async with fake_provider([completion()]) as up, running(tmp_path, config(a=up)) as chain:
        told = chain.stderr
        assert (await chain.chat()).status == 200
        assert await chain.stop() == 0

    began, ended = told.index("an older version's"), told.index("the database is up to date")
    assert began < ended < told.index(" serves http://")
    assert "%" not in told
    copy = data / f"429chain.db.schema-{schema}"
    assert f"copied the database to {copy}" in told
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert rows(copy) == before
    with closing(sqlite3.connect(data / "429chain.db")) as database:
        ids = [str(id) for (id,) in database.execute("SELECT id FROM requests ORDER BY seq")]
    assert ids[:-1] == [row["id"] for row in before["requests"]]
