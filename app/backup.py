"""`429chain backup FILE`: the config and a consistent copy of the database in one archive."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.options import UserError
from store.database_file import Progress, copy_database, create_private

CONFIG = "config.toml"
DATABASE = "429chain.db"
"""Their names in the archive, whatever they are called on the disk."""

_COMPRESSION = 3
"""Of gzip: a request log shrinks to a fifth either way, and 9 would take four times as long."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written, and from where."""

    path: Path
    bytes: int
    config: Path
    database: Path
    has_database: bool
    """Off where none has been made yet."""

    def lines(self) -> list[str]:
        """For a person: what is in it, what is not."""
        database = f"  {DATABASE}  {self.database}, as it was at this moment"
        if not self.has_database:
            database = f"  no database: there is none yet at {self.database}"
        return [
            f"wrote {self.path} ({self.bytes / 2**20:.1f} MiB, readable by you only)",
            f"  {CONFIG}  {self.config}, with the keys that stand in it",
            database,
            "not in it: keys that the config names as env: or file:, and .env",
        ]


def back_up(target: Path, *, config: Path, database: Path, progress: Progress) -> Backup:
    """Write `target`, a new tar.gz with mode 0600; the instance may run meanwhile.

    Never overwrites, and leaves no half archive behind. Raises UserError.
    """
    try:
        text = config.read_bytes()
    except OSError as error:
        raise UserError(f"{config}: {_reason(error)}; name the config with --config") from None
    try:
        # The name is taken first: nobody waits for a large copy to hear that it is in use.
        create_private(target)
    except FileExistsError:
        raise UserError(f"{target} exists already: choose another name") from None
    except OSError as error:
        raise UserError(f"{target}: cannot be written: {_reason(error)}") from None
    try:
        has_database = _write(target, text, config, database, progress)
    except BaseException as error:
        with suppress(OSError):
            target.unlink()
        if isinstance(error, OSError):
            raise UserError(f"{target}: cannot be written: {_reason(error)}") from None
        if isinstance(error, sqlite3.Error):
            raise UserError(f"{database}: the database cannot be copied: {error}") from None
        raise
    return Backup(target, target.stat().st_size, config, database, has_database)


def _write(target: Path, text: bytes, config: Path, database: Path, progress: Progress) -> bool:
    """Whether there was a database. The archive takes its name when it is whole."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
        archive, copy = Path(name) / "archive", Path(name) / DATABASE
        has_database = database.exists()
        if has_database:
            copy_database(database, copy)
        create_private(archive)
        with archive.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_COMPRESSION) as tar:
                tar.addfile(_member(CONFIG, len(text), config), io.BytesIO(text))
                if has_database:
                    member = _member(DATABASE, copy.stat().st_size, database)
                    with copy.open("rb") as content:
                        tar.addfile(member, _Watched(content, member.size, progress))
            file.flush()
            os.fsync(file.fileno())
        os.replace(archive, target)
    return has_database


def _member(name: str, length: int, source: Path) -> tarfile.TarInfo:
    """Private, and of nobody: whoever unpacks it owns it."""
    member = tarfile.TarInfo(name)
    member.size = length
    member.mode = 0o600
    member.mtime = int(source.stat().st_mtime)
    return member


class _Watched(io.RawIOBase):
    """A file that tells how much of it has been read."""

    def __init__(self, file: io.BufferedReader, length: int, progress: Progress) -> None:
        self._file = file
        self._length = length
        self._progress = progress

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self._progress(self._file.tell() / max(self._length, 1))
        return piece


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
