"""Connections that only read: a few, kept open, each used for one short read at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiosqlite

_READERS = 3


class Readers:
    """Lends read-only connections. One read sees one state of the database."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._idle: list[aiosqlite.Connection] = []
        self._places = asyncio.Semaphore(_READERS)
        self._closed = False

    @asynccontextmanager
    async def borrow(self) -> AsyncGenerator[aiosqlite.Connection]:
        """A connection inside a read transaction. Reads end soon: an open one lets the WAL grow."""
        async with self._places:
            connection = self._idle.pop() if self._idle else await self._connect()
            sound = False
            try:
                await connection.execute("BEGIN")
                yield connection
                await connection.rollback()
                sound = True
            finally:
                if sound and not self._closed:
                    self._idle.append(connection)
                else:
                    # A caller that gave up leaves its query running in the connection's thread.
                    await connection.interrupt()
                    await connection.close()

    async def close(self) -> None:
        """Close those that are idle; one that is lent closes when it comes back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self._uri, uri=True, isolation_level=None, timeout=5.0)
        try:
            # SQLite before 3.51.3 may corrupt a WAL that two connections reset at once: readers
            # never checkpoint.
            for pragma in ("query_only = ON", "wal_autocheckpoint = 0", "temp_store = MEMORY"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()
            raise
        return connection
