"""How long the request log remembers."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from store import request_log
from store.database import Database, DatabaseUnavailable

log = logging.getLogger(__name__)

_DAY = 86_400.0


async def prune_daily(
    database: Database, retain_days: Callable[[], float], *, every: float = 3600.0
) -> None:
    """Delete requests older than `retain_days` days, now and `every` seconds; never returns.

    `retain_days` is asked each time, so that an edit of the configuration counts.
    """
    while True:
        try:
            oldest = database.clock.wall() - retain_days() * _DAY
            deleted = await request_log.prune(database, oldest)
        except (DatabaseUnavailable, sqlite3.Error) as error:
            log.warning("old log rows stay for now: %s", error)
        else:
            if deleted:
                log.info("deleted %d log rows that were too old", deleted)
        await asyncio.sleep(every)
