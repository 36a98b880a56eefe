"""What many requests of the log have in common, each combination once: what filters look at.

A million requests are a few hundred kinds, so a filter is judged on these, and the one index of
requests by kind leads to the rows in the order of pages, whatever the filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import aiosqlite
import orjson

from proxy.events import RequestFinished
from store.values import as_count, as_text, provider_of

Kind = tuple[str | int, ...]
"""The values of `_COLUMNS`."""

_COLUMNS = ("client", "agent", "chain", "entry", "outcome", "status", "providers")

_NAMES = ", ".join(_COLUMNS)
_WANTED = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(_COLUMNS))
_IDS = (
    f"SELECT id, {_NAMES} FROM (SELECT {_WANTED} FROM json_each(?)) "
    f"CROSS JOIN kinds USING ({_NAMES})"
)


def kinds_of(events: Iterable[RequestFinished]) -> list[Kind]:
    """The kind of each request, worked out once for those that are alike."""
    kinds: list[Kind] = []
    known: dict[tuple[object, ...], Kind] = {}
    for event in events:
        asked = tuple([attempt.entry for attempt in event.attempts])
        seen = event.client, event.agent, event.chain, event.entry, event.outcome, event.status
        kind = known.get((seen, asked))
        if kind is None:
            kind = known[seen, asked] = _kind_of(event)
        kinds.append(kind)
    return kinds


def _kind_of(event: RequestFinished) -> Kind:
    """Without an entry that served it, `entry` is empty."""
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


async def insert_kinds(connection: aiosqlite.Connection, kinds: Sequence[Kind]) -> dict[Kind, int]:
    """Add those that are new, inside the caller's transaction; the id of each."""
    distinct = set(kinds)
    found = await _ids_of(connection, distinct)
    if new := distinct - found.keys():
        await connection.executemany(
            f"INSERT INTO kinds ({_NAMES}) VALUES (?{', ?' * (len(_COLUMNS) - 1)})",
            sorted(new, key=repr),
        )
        found = await _ids_of(connection, distinct)
    return found


async def _ids_of(connection: aiosqlite.Connection, kinds: Iterable[Kind]) -> dict[Kind, int]:
    rows = await connection.execute_fetchall(_IDS, (orjson.dumps(list(kinds)).decode(),))
    return {tuple(kind): id for id, *kind in rows}


async def forget_kinds(connection: aiosqlite.Connection) -> None:
    """Delete those of which no request is left, inside the caller's transaction."""
    await connection.execute(
        "DELETE FROM kinds WHERE NOT EXISTS (SELECT 1 FROM requests WHERE kind = kinds.id)"
    )
