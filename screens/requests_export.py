"""Saving the listed requests in a file, as CSV or JSON lines, in pieces as they are read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

from textual.widget import Widget

from app.contract import AdminError
from screens.dialog import Dialog, Words
from screens.field import Field
from screens.requests_filter import Wanted

if TYPE_CHECKING:
    from screens.shell import Shell


class ExportAsk(Dialog[str]):
    """Asks for the file; its ending says what it becomes."""

    def __init__(self, proposed: str, told: str, *, title: str = "export the requests") -> None:
        super().__init__(title, "enter saves · esc close")
        self._field = Field(proposed)
        self._told = told
        self._words = Words(["", told, ".csv for a spreadsheet, .jsonl for a program"])

    def body(self) -> Iterable[Widget]:
        yield Words([""])
        yield self._field
        yield self._words

    def on_mount(self) -> None:
        self._field.focus()

    def on_field_entered(self) -> None:
        path = self._field.value.strip()
        if not path.endswith((".csv", ".jsonl")):
            self._words.say(["", "End the name in .csv or .jsonl.", ""])
            return
        self.dismiss(path)


def export(shell: Shell, wanted: Wanted) -> None:
    """Ask where to, then write what is listed."""
    picture = shell.feed.latest
    if picture is None:
        return
    folder = shell.surroundings.export_folder or PurePath(".")
    proposed = str(folder / f"requests-{picture.now.astimezone():%Y-%m-%d}.csv")
    told = "every request of the log" if wanted.is_all else "the requests that are listed"

    def answered(path: str | None) -> None:
        if path:
            shell.run_worker(_write(shell, wanted, Path(path).expanduser()), group="export")

    shell.push_screen(ExportAsk(proposed, told), answered)


async def _write(shell: Shell, wanted: Wanted, path: Path) -> None:
    call = shell.admin.requests_csv if path.suffix == ".csv" else shell.admin.requests_jsonl
    pieces = call(chain=wanted.chain, provider=wanted.provider, status=wanted.status, q=wanted.q)
    shell.tell(f"Exporting to {path} …", kind="export")
    size = 0
    try:
        file = await asyncio.to_thread(create, path)
        with file:
            async with aclosing(pieces):
                async for piece in pieces:
                    size += len(piece)
                    await asyncio.to_thread(file.write, piece)
    except FileExistsError:
        shell.tell(f"{path} is there already. Choose another name.", "low", "export")
    except OSError as error:
        shell.tell(f"Not exported: {path}: {error.strerror}.", "out", "export")
    except AdminError as error:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        shell.tell_error(error)
    else:
        shell.tell(f"Exported to {path} ({max(1, size // 1024):,} KiB).")


def create(path: Path) -> BinaryIO:
    """A new file that only its owner reads: it names models and programs."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
