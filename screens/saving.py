"""Saving in a file: a person says where, nothing is overwritten, only the owner reads it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, cast

from textual.widget import Widget

from app.contract import AdminError
from screens.dialog import Dialog, Words
from screens.field import Field
from screens.line import Line
from screens.themes import Role

if TYPE_CHECKING:
    from screens.shell import Shell

Kinds = dict[str, Callable[[], AsyncGenerator[bytes]]]
"""What is written, by the ending of the file's name: `{".csv": ..., ".jsonl": ...}`."""


async def save(shell: Shell, title: str, told: str, name: str, kinds: Kinds) -> None:
    """Ask where to, `name` in the folder for exports being proposed, then write it."""
    folder = Path(shell.surroundings.export_folder or ".")
    proposed = await asyncio.to_thread(_free, folder / name)
    shell.push_screen(SaveAs(title, told, proposed, kinds))


class SaveAs(Dialog[None]):
    """Asks for the file; its ending says what it becomes. Open until the file is made."""

    DEFAULT_CSS: ClassVar[str] = "SaveAs Box { width: 76; }"

    def __init__(self, title: str, told: str, proposed: Path, kinds: Kinds) -> None:
        super().__init__(title, "enter saves · esc closes")
        self._kinds = kinds
        self._field = Field(str(proposed))
        self._told = Words([_muted(told)])
        self._words = Words([_muted(".csv for a spreadsheet, .jsonl for a program")])

    @property
    def _shell(self) -> Shell:
        return cast("Shell", self.app)  # pyright: ignore[reportUnknownMemberType]

    def body(self) -> Iterable[Widget]:
        yield Words([""])
        yield self._told
        yield Words([""])
        yield self._field
        yield Words([""])
        yield self._words
        yield Words([""])

    def on_mount(self) -> None:
        self._field.focus()

    def on_field_entered(self) -> None:
        path = Path(self._field.value.strip()).expanduser()
        if path.suffix not in self._kinds:
            self._refuse(f"End the name in {' or '.join(self._kinds)}.")
            return
        self.run_worker(self._begin(path), group="save", exclusive=True)

    async def _begin(self, path: Path) -> None:
        try:
            file = await asyncio.to_thread(_create, path)
        except FileExistsError:
            self._refuse("There is such a file already. Choose another name.")
        except OSError as error:
            self._refuse(f"It cannot be written there: {error.strerror}.")
        else:
            pieces = self._kinds[path.suffix]()
            self._shell.run_worker(_write(self._shell, path, file, pieces), group="export")
            self.dismiss(None)

    def _refuse(self, why: str) -> None:
        self._words.say([_muted(why, "low")])


async def _write(shell: Shell, path: Path, file: BinaryIO, pieces: AsyncGenerator[bytes]) -> None:
    size, whole = 0, False
    try:
        with file:
            async with aclosing(pieces):
                async for piece in pieces:
                    size += len(piece)
                    await asyncio.to_thread(file.write, piece)
        whole = True
    except OSError as error:
        shell.tell(f"Not exported to {path}: {error.strerror}.", "out", "export")
    except AdminError as error:
        shell.tell_error(error)
    else:
        shell.tell(f"Exported to {path} ({max(1, size // 1024):,} KiB).")
    finally:
        if not whole:
            await asyncio.to_thread(path.unlink, missing_ok=True)


def _free(path: Path) -> Path:
    """A name that no file has yet: `stats.csv`, `stats-2.csv`."""
    number, wanted = 2, path
    while path.exists():
        path, number = wanted.with_stem(f"{wanted.stem}-{number}"), number + 1
    return path


def _create(path: Path) -> BinaryIO:
    """A new file that only its owner reads: it names models and programs."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _muted(text: str, ink: Role = "muted") -> Line:
    line = Line("panel")
    line.put(1, text, ink)
    return line
