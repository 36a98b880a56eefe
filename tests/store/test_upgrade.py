"""An older version's config and database are taken over whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from proxy.limits.ledger import Ledger
from proxy.providers.presets import load_presets
from store import limit_state, request_log, stats
from store.database import Database
from store.schema import MIGRATIONS
from store.settings_load import load
from tests.store.made import FakeClock
from tests.store.older import CONFIG, SAVED_AT, rows, write_older

OLDER = [pytest.param(number, id=f"schema {number}") for number in range(1, len(MIGRATIONS))]


@pytest.mark.parametrize("schema", OLDER)
async def test_nothing_of_an_older_database_is_lost(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "429chain.db"
    await write_older(path, schema)
    before = rows(path)
    assert len(before["requests"]) == 21
    assert len(before["limit_state"]) == 3

    database = Database(path, FakeClock(SAVED_AT))
    await database.open()
    page = await request_log.page(database)
    totals = await stats.table(database, "day", "2026-11-01", "2026-11-30")
    await database.close()

    after = rows(path)
    for table, old in before.items():
        now = zip(old, after[table], strict=True)
        assert [{column: row[column] for column in one} for one, row in now] == old
    assert [item.id for item in page.items] == [row["id"] for row in reversed(before["requests"])]
    assert sum(row.requests for row in totals) == 21
    copy = tmp_path / f"429chain.db.schema-{schema}"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema,)
    assert rows(copy) == before


async def test_the_limits_that_an_older_version_saved_still_hold(tmp_path: Path) -> None:
    path = tmp_path / "429chain.db"
    await write_older(path, 1)
    clock = FakeClock(SAVED_AT)
    database = Database(path, clock)
    await database.open()
    saved = await limit_state.load(database)
    await database.close()

    ledger = Ledger(clock)
    ledger.restore(saved)
    # What it gives up it has deleted with the next batch.
    assert not any(blob is None for blob in ledger.changes().values())


@pytest.mark.parametrize("schema", OLDER)
async def test_it_is_told_how_far_an_upgrade_is(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "429chain.db"
    await write_older(path, schema)
    told: list[tuple[str, float]] = []
    database = Database(
        path, FakeClock(), upgrading=lambda doing, share: told.append((doing, share))
    )
    await database.open()
    await database.close()

    phases = ["copying the database", "upgrading the database"]
    assert list(dict(told)) == phases
    for phase in phases:
        shares = [share for doing, share in told if doing == phase]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


@pytest.mark.parametrize("exists", [False, True])
async def test_nothing_is_told_of_a_database_that_is_new(tmp_path: Path, exists: bool) -> None:
    told: list[str] = []
    for _ in range(2 if exists else 1):
        database = Database(
            tmp_path / "429chain.db", FakeClock(), upgrading=lambda doing, _: told.append(doing)
        )
        await database.open()
        await database.close()
    assert told == []


def test_a_config_of_the_first_version_is_read() -> None:
    environ = {"CHAIN429_API_KEY": "a", "CHAIN429_ADMIN_TOKEN": "b", "JOURNAL_KEY": "c"}
    loaded = load(CONFIG, presets=load_presets(), environ=environ | {"GROQ_API_KEY": "d"})

    assert not [one for one in loaded.warnings if "read by others" not in one.message]
    assert set(loaded.configuration.chains) == {"free", "small"}
    assert {client.name for client in loaded.configuration.clients} == {"default", "journal"}
