"""Saving the table of the statistics in a file, as CSV or JSON lines."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from app.contract import By
from app.request_snapshot import StatsRow
from screens.requests_export import ExportAsk, create

if TYPE_CHECKING:
    from screens.shell import Shell

_COLUMNS = [field.name for field in dataclasses.fields(StatsRow) if field.name != "landed"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(shell: Shell, by: By, period: str, rows: Sequence[StatsRow]) -> None:
    """Ask where to, then write what stands in the table."""
    folder = shell.surroundings.export_folder or PurePath(".")
    proposed = str(folder / f"stats-{by}-{period.replace(' ', '-')}.csv")

    def answered(path: str | None) -> None:
        if path:
            shell.run_worker(_write(shell, rows, Path(path).expanduser()), group="export")

    told = f"{len(rows)} rows, by {by}, {period}"
    shell.push_screen(ExportAsk(proposed, told, title="export the statistics"), answered)


async def _write(shell: Shell, rows: Sequence[StatsRow], path: Path) -> None:
    text = as_csv(rows) if path.suffix == ".csv" else as_jsonl(rows)
    try:
        file = await asyncio.to_thread(create, path)
        with file:
            await asyncio.to_thread(file.write, text.encode())
    except FileExistsError:
        shell.tell(f"{path} is there already. Choose another name.", "low", "export")
    except OSError as error:
        shell.tell(f"Not exported: {path}: {error.strerror}.", "out", "export")
    else:
        shell.tell(f"Exported to {path}.")


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
