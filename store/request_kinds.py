"""What many requests of the log have in common, each combination once: what filters look at.

A million requests are a few hundred kinds, so a filter is judged on these, and the one index of
requests by kind leads to the rows in the order of pages, whatever the filter.
"""

from __future__ import annotations

from collections.abc import Iterable

import aiosqlite

from proxy.events import RequestFinished
from store.values import as_count, as_text, provider_of

Kind = tuple[str | int, ...]
"""The values of `_COLUMNS`."""

_COLUMNS = ("client", "agent", "chain", "entry", "outcome", "status", "providers")

KIND_OF_ROW = f"(SELECT id FROM kinds WHERE {' AND '.join(f'{name} = ?' for name in _COLUMNS)})"
"""The SQL that finds a kind's id by its values."""


def kind_of(event: RequestFinished) -> Kind:
    """The kind of a request. Without an entry that served it, `entry` is empty."""
    entry = event.entry or ""
    providers = {provider_of(attempt.entry) for attempt in event.attempts}
    if entry:
        providers.add(provider_of(entry))
    return (
        as_text(event.client),
        as_text(event.agent),
        as_text(event.chain),
        as_text(entry),
        as_text(event.outcome),
        as_count(event.status),
        as_text(spelled(sorted(providers))),
    )


def spelled(providers: Iterable[str]) -> str:
    """Providers as their column has them: a blank around each, so that one is found as a whole."""
    return f" {' '.join(providers)} "


async def insert_kinds(connection: aiosqlite.Connection, kinds: Iterable[Kind]) -> None:
    """Add those that are new, inside the caller's transaction."""
    await connection.executemany(
        f"INSERT OR IGNORE INTO kinds ({', '.join(_COLUMNS)}) VALUES (?{', ?' * 6})",
        sorted(set(kinds), key=repr),
    )


async def forget_kinds(connection: aiosqlite.Connection) -> None:
    """Delete those of which no request is left, inside the caller's transaction."""
    await connection.execute(
        "DELETE FROM kinds WHERE NOT EXISTS (SELECT 1 FROM requests WHERE kind = kinds.id)"
    )
