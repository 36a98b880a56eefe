from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from store import request_log
from store.database import Database, open_database
from store.request_filter import Filter
from store.request_log import Finished
from store.schema import MIGRATIONS
from tests.store.made import FakeClock, fallen, request, unserved

_EVENTS = [
    request("a", client="journal"),
    fallen("b", chain="code"),
    unserved("c"),
    request("d", entry=None, status=499, outcome="left", attempts=()),
    *(request(f"many{number}") for number in range(10_050)),
]


def _rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def _copy(path: Path, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    connection = sqlite3.connect(path)
    try:
        with connection:
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES (?{', ?' * (len(row) - 1)})", row)
    finally:
        connection.close()


async def test_a_log_from_before_kinds_is_sorted_into_them(tmp_path: Path) -> None:
    now, before = tmp_path / "now.db", tmp_path / "before.db"
    async with open_database(now, FakeClock()) as database, database.transaction() as connection:
        await request_log.insert_many(connection, [Finished(event) for event in _EVENTS])
    first = Database(before, FakeClock(), migrations=MIGRATIONS[:1])
    await first.open()
    await first.close()
    # `kind` is the last column: without it a row is one of the first schema.
    _copy(before, "requests", [row[:-1] for row in _rows(now, "SELECT * FROM requests")])
    _copy(before, "attempts", _rows(now, "SELECT * FROM attempts"))

    async with open_database(before, FakeClock()) as database:
        assert any("copied the database" in note for note in database.notes)
        asked = await request_log.page(database, only=Filter(provider="groq"))
        assert [item.id for item in asked.items] == ["c", "b"]
        assert await request_log.count(database, Filter(status="left", q="openai")) == 1
        assert await request_log.count(database, Filter(chain="free")) == len(_EVENTS) - 1
    kinds = (
        "SELECT requests.id, kinds.client, kinds.agent, kinds.chain, kinds.entry, kinds.outcome, "
        "kinds.status, providers FROM requests JOIN kinds ON kinds.id = kind ORDER BY requests.id"
    )
    assert _rows(before, kinds) == _rows(now, kinds)
    assert len(_rows(before, "SELECT id FROM kinds")) == 5
    copied = tmp_path / "before.db.schema-1"
    assert len(_rows(copied, "SELECT id FROM requests")) == len(_EVENTS)
