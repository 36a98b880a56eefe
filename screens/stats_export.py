"""Saving the table of the statistics in a file, as CSV or JSON lines."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from app.contract import By
from app.request_snapshot import StatsRow
from screens.saving import save

if TYPE_CHECKING:
    from screens.shell import Shell

_COLUMNS = [field.name for field in dataclasses.fields(StatsRow) if field.name != "landed"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(shell: Shell, by: By, period: str, rows: Sequence[StatsRow]) -> None:
    """Ask where to, then write what stands in the table."""

    async def csv_text() -> AsyncGenerator[bytes]:
        yield as_csv(rows).encode()

    async def jsonl_text() -> AsyncGenerator[bytes]:
        yield as_jsonl(rows).encode()

    told = f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}, by {by}, {period}"
    name = f"stats-{by}-{period.replace(' ', '-')}.csv"
    kinds = {".csv": csv_text, ".jsonl": jsonl_text}
    shell.run_worker(save(shell, "export the statistics", told, name, kinds), group="export")


def as_csv(rows: Sequence[StatsRow]) -> str:
    """With a heading; no spreadsheet takes a name for a formula."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(_COLUMNS)
    for row in rows:
        name, *numbers = (getattr(row, column) for column in _COLUMNS)
        safe = f"'{name}" if str(name).startswith(_FORMULA) else name
        writer.writerow([safe, *numbers])
    return lines.getvalue()


def as_jsonl(rows: Sequence[StatsRow]) -> str:
    """One row a line."""
    return "".join(
        json.dumps({column: getattr(row, column) for column in _COLUMNS}) + "\n" for row in rows
    )
