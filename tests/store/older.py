"""Databases as older versions left them: `tests/data/older/`, written by those."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from store.database import Database
from store.schema import MIGRATIONS
from tests.store.made import FakeClock

OLDER = Path(__file__).parents[1] / "data" / "older"
CONFIG = OLDER / "config.toml"
"""Every key that version 0.1.0 knew."""
TABLES = ("requests", "attempts", "daily", "hourly", "limit_state", "meta")
SAVED_AT = 1_795_385_594.0
"""Epoch seconds at which the first schema's demo was stopped, its limits half used."""


async def write_older(path: Path, schema: int) -> None:
    """The database of a demo of a few seconds at `path`, in this schema."""
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((OLDER / "schema-1.sql").read_text("utf-8"))
    if schema > 1:
        database = Database(path, FakeClock(), migrations=MIGRATIONS[:schema])
        await database.open()
        await database.close()
        path.with_name(f"{path.name}.schema-1").unlink()


def rows(path: Path) -> dict[str, list[dict[str, object]]]:
    """What the tables of the first schema hold, column by column."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in TABLES
        }
