"""Which rows of the request log are meant, and the SQL that finds them quickly."""

from __future__ import annotations

from dataclasses import dataclass

import aiosqlite

from store.values import as_text

_OUTCOMES = ("ok", "interrupted", "left", "failed")
_SEARCHED = ("id", "client", "agent", "chain", "entry")
_FEW = 5_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests: all that is given must hold.

    `provider`: served by it or asked it. `status`: a number (`503`), a class (`5xx`) or an outcome
    (`ok interrupted left failed`). `q`: a piece of id, client, agent, chain or the entry that
    served, in either case. Raises ValueError for a status of no such form.
    """

    chain: str | None = None
    provider: str | None = None
    status: str | None = None
    q: str | None = None

    def __post_init__(self) -> None:
        if self.status is not None:
            _status_condition(self.status)


async def few_attempts(connection: aiosqlite.Connection, only: Filter) -> bool:
    """Whether the provider asked for was asked so seldom that all its attempts can be looked at."""
    if only.provider is None:
        return False
    rows = await connection.execute_fetchall(
        "SELECT count(*) FROM (SELECT 1 FROM attempts WHERE provider = ? LIMIT ?)",
        (only.provider, _FEW),
    )
    return any(int(row[0]) < _FEW for row in rows)


def selection(
    only: Filter,
    before: int | None,
    columns: str,
    *,
    few_attempts: bool = False,
    ordered: bool = True,
) -> tuple[str, tuple[object, ...]]:
    """The SELECT of the requests asked for and its values: newest first if ordered, no LIMIT.

    `columns` are names of the table `requests`, `before` is a seq.

    A provider alone, or one with few attempts, is walked through the attempts' index; else it is
    looked up row by row, along the index of the other filter.
    """
    conditions: list[str] = []
    values: list[object] = []
    source, key = "requests", "requests.seq"
    looked_up = not few_attempts and (only.chain is not None or only.status is not None)
    if only.provider is not None and not looked_up:
        source = "attempts CROSS JOIN requests ON requests.seq = attempts.request"
        key = "attempts.request"
        conditions.append("attempts.provider = ?")
        values.append(only.provider)
    if before is not None:
        conditions.append(f"{key} < ?")
        values.append(before)
    if only.chain is not None:
        conditions.append("requests.chain = ?")
        values.append(only.chain)
    if only.status is not None:
        condition, bounds = _status_condition(only.status)
        conditions.append(condition)
        values.extend(bounds)
    if only.provider is not None and looked_up:
        conditions.append(
            "EXISTS (SELECT 1 FROM attempts WHERE request = requests.seq AND provider = ?)"
        )
        values.append(only.provider)
    if only.q:
        # Column by column: four times as fast as one LIKE on all of them joined.
        searched = [f"requests.{name} LIKE ? ESCAPE '\\'" for name in _SEARCHED]
        conditions.append(f"({' OR '.join(searched)})")
        values.extend([f"%{_like(only.q)}%"] * len(_SEARCHED))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    grouped = " GROUP BY attempts.request" if source != "requests" else ""
    names = ", ".join(f"requests.{name.strip()}" for name in columns.split(","))
    order = f" ORDER BY {key} DESC" if ordered else ""
    return f"SELECT {names} FROM {source}{where}{grouped}{order}", tuple(values)


def _status_condition(status: str) -> tuple[str, tuple[object, ...]]:
    if status in _OUTCOMES:
        return "requests.outcome = ?", (status,)
    if len(status) == 3 and status.isascii():
        if status.isdigit():
            return "requests.status = ?", (int(status),)
        if status[0].isdigit() and status[1:].lower() == "xx":
            # Spelled as in its index, whose rows come in the order of pages; a range's do not.
            return "requests.status / 100 = ?", (int(status[0]),)
    raise ValueError(f"status is a number, a class like 5xx or one of {', '.join(_OUTCOMES)}")


def _like(text: str) -> str:
    escaped = as_text(text)
    for special in ("\\", "%", "_"):
        escaped = escaped.replace(special, f"\\{special}")
    return escaped
