"""The database as files on a disk: private from the first byte, copied, moved aside.

Everything here blocks.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

_SIDES = ("-wal", "-shm")
_AT_ONCE = 2048
"""Pages copied between two looks at how far it is."""

Progress = Callable[[float], None]
"""Told how much of the work is done, 0 to 1."""


def uri(path: Path) -> str:
    """For `sqlite3.connect(..., uri=True)`: opens a file that is there, never creates one."""
    # With mode=rwc SQLite would create the file readable for everybody.
    return f"{path.absolute().as_uri()}?mode=rw"


def create_private(path: Path) -> None:
    """A new empty file, mode 0600. Raises FileExistsError, for a symbolic link too."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR, 0o600))


def make_private(path: Path) -> None:
    """Folder (0700) and file (0600) as they must be; an older file's mode is corrected."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        create_private(path)
    except FileExistsError:
        # Not opened to look: closing a second descriptor drops this process' locks on the file.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(0, "it is no regular file") from None
        for side in ("", *_SIDES):
            with suppress(FileNotFoundError):
                os.chmod(f"{path}{side}", 0o600)


def set_aside(path: Path, wall: float) -> Path:
    """Move a broken database to `NAME.corrupt-TIME`, begin an empty file; where it went."""
    name = f"{path.name}.corrupt-{datetime.fromtimestamp(wall, UTC):%Y%m%dT%H%M%SZ}"
    aside, tries = path.with_name(name), 1
    while aside.exists():
        tries += 1
        aside = path.with_name(f"{name}-{tries}")
    # The database goes last: were it gone first and the process killed, its old WAL would be
    # replayed into the new file.
    for side in (*_SIDES, ""):
        with suppress(FileNotFoundError):
            os.rename(f"{path}{side}", f"{aside}{side}")
    create_private(path)
    return aside


def copy_database(source: Path, target: Path, progress: Progress | None = None) -> None:
    """A consistent copy of a database, also of one in use, as a new file with mode 0600.

    `progress` is for one that nobody writes to: each write begins such a copy anew. Blocks; raises
    FileExistsError, OSError or sqlite3.Error and leaves no half copy behind.
    """

    def tell(_: int, left: int, all: int) -> None:
        if progress is not None:
            progress(1 - left / max(1, all))

    create_private(target)
    try:
        with (
            closing(sqlite3.connect(uri(source), uri=True, timeout=5.0)) as reader,
            closing(sqlite3.connect(uri(target), uri=True)) as writer,
        ):
            reader.execute("PRAGMA query_only = ON")
            reader.execute("PRAGMA wal_autocheckpoint = 0")
            reader.backup(writer, pages=_AT_ONCE if progress else -1, progress=tell)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
