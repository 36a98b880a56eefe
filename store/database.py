"""The database file: created private, opened, migrated, set aside when it is broken.

One connection writes, always in transactions that begin immediate (a read that turns into a write
fails with SQLITE_BUSY_SNAPSHOT whatever the timeout says); short-lived reads have their own.
WAL with `synchronous = NORMAL`: never corrupt, safe when the process dies; what was committed in
the last moments before a power cut may be missing.

StoreFault
├── DatabaseUnavailable     cannot be opened, read or written now; the proxy serves without it
└── DatabaseTooNew          written by a newer 429chain; the start is refused
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import aiosqlite

from proxy.clock import Clock
from store.database_file import copy_database, make_private, set_aside, uri
from store.readers import Readers
from store.schema import MIGRATIONS, Migration

_JOURNAL_LIMIT = 16 * 1024 * 1024
# `quick_check` reads the whole file; a larger one is looked at only where it is used.
_CHECKED_WHOLE = 64 * 1024 * 1024

_PRAGMAS = (
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",
    f"journal_size_limit = {_JOURNAL_LIMIT}",
)

Upgrading = Callable[[str, float], None]
"""Told what is done to an older version's file and how much of that is over, 0 to 1; from worker
threads too."""


class StoreFault(Exception):
    """Root of what the store raises on purpose. Its text is one line that says what to do."""


class DatabaseUnavailable(StoreFault):
    """The file at `path` cannot be used now; `reason` says why, in a few words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path}: the database cannot be used ({reason}); requests are served, but nothing is "
            "logged. Make the folder writable or name another with --data-dir"
        )
        self.path = path
        self.reason = reason


class DatabaseTooNew(StoreFault):
    """The file at `path` has schema `found`, this version knows schemas up to `known`."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer 429chain (schema {found}, this one knows {known}): "
            "install the newer version again or name another folder with --data-dir"
        )
        self.path = path
        self.found = found
        self.known = known


def error_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (`sqlite3.SQLITE_FULL`, ...), 0 where the error has none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file itself is damaged or is no database."""
    return error_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """One database file. `open` may be tried again after it failed; `notes` tells what it did."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        migrations: Sequence[Migration] = MIGRATIONS,
        busy_timeout: float = 5.0,
        upgrading: Upgrading = lambda doing, share: None,
    ) -> None:
        self.path = path.absolute()
        self.clock = clock
        self.notes: list[str] = []
        """What a person should know of the last openings: files set aside, copies made."""
        self._migrations = migrations
        self._busy_timeout = busy_timeout
        self._upgrading = upgrading
        self._writer: aiosqlite.Connection | None = None
        self._readers: Readers | None = None
        self._writing = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        return self._writer is not None

    async def open(self, *, replace: bool = True) -> None:
        """Create or open the file and bring its tables up to date.

        A broken file is set aside and a new one begun, unless `replace` is off.
        Raises DatabaseUnavailable and DatabaseTooNew.
        """
        if self._writer is not None:
            return
        try:
            await asyncio.to_thread(make_private, self.path)
            self._writer = await self._connect_sound(replace)
        except OSError as error:
            raise DatabaseUnavailable(self.path, error.strerror or str(error)) from error
        except sqlite3.Error as error:
            raise DatabaseUnavailable(self.path, str(error)) from error
        self._readers = Readers(uri(self.path))

    async def close(self) -> None:
        """Close all connections; the last one out folds the WAL into the file."""
        writer, self._writer = self._writer, None
        readers, self._readers = self._readers, None
        if readers is not None:
            await readers.close()
        if writer is not None:
            async with self._writing:
                await writer.close()

    async def replace(self) -> None:
        """Set the file aside as broken and open a new one in its place. Raises as `open` does."""
        await self.close()
        try:
            await asyncio.to_thread(self._set_aside)
        except OSError as error:
            raise DatabaseUnavailable(self.path, error.strerror or str(error)) from error
        await self.open()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[aiosqlite.Connection]:
        """The writing connection inside a transaction: committed at the end, undone on an error.

        Raises DatabaseUnavailable while closed; sqlite3.Error passes as it comes.
        """
        async with self._writing:
            if self._writer is None:
                raise DatabaseUnavailable(self.path, "it is not open")
            async with _transaction(self._writer) as writer:
                yield writer

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[aiosqlite.Connection]:
        """A read-only connection that sees one state, while writes go on beside it.

        Raises DatabaseUnavailable for whatever SQLite cannot do, a mistake in the SQL aside.
        """
        if self._readers is None:
            raise DatabaseUnavailable(self.path, "it is not open")
        try:
            async with self._readers.borrow() as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            if error_code(error) in (0, sqlite3.SQLITE_ERROR):
                raise
            raise DatabaseUnavailable(self.path, str(error)) from error

    async def truncate_journal(self) -> None:
        """Fold the WAL into the file and empty it, unless a read is in the way right now."""
        async with self._writing:
            writer = self._writer
            if writer is None:
                return
            await writer.execute("PRAGMA busy_timeout = 100")
            try:
                await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await writer.execute(f"PRAGMA busy_timeout = {self._busy_timeout * 1000:.0f}")

    async def _connect_sound(self, replace: bool) -> aiosqlite.Connection:
        try:
            return await self._connect()
        except sqlite3.DatabaseError as error:
            if not (replace and is_corrupt(error)):
                raise
        await asyncio.to_thread(self._set_aside)
        return await self._connect()

    async def _connect(self) -> aiosqlite.Connection:
        writer = await aiosqlite.connect(
            uri(self.path), uri=True, isolation_level=None, timeout=self._busy_timeout
        )
        try:
            version = await _one_integer(writer, "PRAGMA user_version")
            if version > len(self._migrations):
                raise DatabaseTooNew(self.path, version, len(self._migrations))
            await writer.execute_fetchall("PRAGMA journal_mode = WAL")
            for pragma in _PRAGMAS:
                await writer.execute(f"PRAGMA {pragma}")
            await _check(writer, self.path)
            await self._migrate(writer, version)
        except BaseException:
            await writer.close()
            raise
        return writer

    async def _migrate(self, writer: aiosqlite.Connection, version: int) -> None:
        pending = self._migrations[version:]
        if not pending:
            return

        def progress(number: int, share: float) -> None:
            if version > 0:
                self._upgrading("upgrading the database", (number + share) / len(pending))

        if version > 0:
            copy = self.path.with_name(f"{self.path.name}.schema-{version}")
            copy.unlink(missing_ok=True)
            copied = partial(self._upgrading, "copying the database")
            await asyncio.to_thread(copy_database, self.path, copy, copied)
            self.notes.append(f"copied the database to {copy} before bringing it up to date")
        async with _transaction(writer):
            for number, migration in enumerate(pending):
                await migration(writer, partial(progress, number))
            await writer.execute(f"PRAGMA user_version = {len(self._migrations)}")
        progress(len(pending), 0.0)

    def _set_aside(self) -> None:
        aside = set_aside(self.path, self.clock.wall())
        self.notes.append(f"the database was damaged; it is now {aside}, a new one was begun")


@asynccontextmanager
async def open_database(path: Path, clock: Clock) -> AsyncGenerator[Database]:
    """The database at `path`, open until the block ends. Raises as `Database.open` does."""
    database = Database(path, clock)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _transaction(writer: aiosqlite.Connection) -> AsyncGenerator[aiosqlite.Connection]:
    try:
        await writer.execute("BEGIN IMMEDIATE")
        yield writer
        await writer.commit()
    except BaseException:
        # Also when the wait for BEGIN was cancelled: it stands in the thread's queue and will run.
        # A failed rollback (SQLite has often done it by itself) must not hide the first error.
        with suppress(sqlite3.Error):
            await writer.rollback()
        raise


async def _one_integer(connection: aiosqlite.Connection, sql: str) -> int:
    rows = await connection.execute_fetchall(sql)
    return next(int(row[0]) for row in rows)


async def _check(writer: aiosqlite.Connection, path: Path) -> None:
    """Raise what SQLite raises for a damaged file, as far as that shows at acceptable cost."""
    if path.stat().st_size <= _CHECKED_WHOLE:
        verdicts = [str(row[0]) for row in await writer.execute_fetchall("PRAGMA quick_check(1)")]
        if verdicts != ["ok"]:
            error = sqlite3.DatabaseError(" ".join(verdicts))
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        return
    tables = await writer.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")
    for (name,) in list(tables):
        await writer.execute_fetchall(f'SELECT * FROM "{name}" LIMIT 1')
