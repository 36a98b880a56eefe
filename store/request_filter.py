"""Which rows of the request log are meant, and the SQL that finds them quickly."""

from __future__ import annotations

from dataclasses import dataclass

from store.request_kinds import spelled
from store.values import as_text

_OUTCOMES = ("ok", "interrupted", "left", "failed")
_SEARCHED = ("client", "agent", "chain", "entry")
_SHORTEST_ID = 4
"""Characters from which on a text may be the beginning of an id: one row in 65,536."""
_NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests: all that is given must hold.

    `provider`: served by it or asked it. `status`: a number (`503`), a class (`5xx`) or an outcome
    (`ok interrupted left failed`). `q`: a piece of client, agent, chain or the entry that served,
    in either case, or the beginning of an id (four characters at least). Raises ValueError for a
    status of no such form.
    """

    chain: str | None = None
    provider: str | None = None
    status: str | None = None
    q: str | None = None

    def __post_init__(self) -> None:
        if self.status is not None:
            _status_condition(self.status)

    @property
    def id_start(self) -> str | None:
        """What the ids that are meant begin with, if `q` may be that."""
        if self.q is None or len(self.q) < _SHORTEST_ID:
            return None
        return as_text(self.q).lower()

    @property
    def is_empty(self) -> bool:
        """Every request is meant."""
        return not (
            self.q or any(one is not None for one in (self.chain, self.provider, self.status))
        )


def selection(
    only: Filter, before: int | None, columns: str, limit: int
) -> tuple[str, tuple[object, ...]]:
    """The SELECT of up to `limit` requests asked for, newest first, and its values.

    `columns` are names of the table `requests`, `before` is a seq.

    The newest row of each kind that is meant goes into a queue; the newest of the queue is taken
    out, and the next older one of its kind takes its place: `ORDER BY` makes a recursive query do
    that. So a page costs as many steps as there are kinds and rows on it, however large the log.
    """
    names = ", ".join(f"requests.{name.strip()}" for name in columns.split(","))
    until = _NEWEST if before is None else before - 1
    if only.is_empty:
        return (
            f"SELECT {names} FROM requests WHERE seq <= ? ORDER BY seq DESC LIMIT ?",
            (until, limit),
        )
    kinds, kind_values = _kinds(only)
    by_id, id_values = _by_id(only)
    sql = f"""
        WITH RECURSIVE
        meant (kind) AS MATERIALIZED ({kinds}),
        found (kind, seq) AS (
          SELECT kind, (SELECT max(seq) FROM requests WHERE kind = meant.kind AND seq <= ?)
          FROM meant
          {f"UNION ALL SELECT NULL, seq FROM ({by_id}) WHERE +seq <= ?" if by_id else ""}
          UNION ALL
          SELECT kind, (SELECT max(seq) FROM requests WHERE kind = found.kind AND seq < found.seq)
          FROM found WHERE kind IS NOT NULL AND seq IS NOT NULL
          ORDER BY 2 DESC LIMIT ?
        )
        SELECT {names} FROM found CROSS JOIN requests ON requests.seq = found.seq
        ORDER BY found.seq DESC
    """
    ids = (*id_values, until) if by_id else ()
    return sql, (*kind_values, until, *ids, limit)


def total(only: Filter) -> tuple[str, tuple[object, ...]]:
    """The SELECT that counts the requests asked for, and its values."""
    if only.is_empty:
        return "SELECT count(*) FROM requests", ()
    kinds, values = _kinds(only)
    by_id, id_values = _by_id(only)
    also = f" + (SELECT count(*) FROM ({by_id}))" if by_id else ""
    return (
        f"WITH meant (kind) AS MATERIALIZED ({kinds}) SELECT "
        f"(SELECT count(*) FROM requests WHERE kind IN meant){also}",
        (*values, *id_values),
    )


def _kinds(only: Filter, *, text: bool = True) -> tuple[str, tuple[object, ...]]:
    """The SELECT of the kinds whose requests are all meant."""
    conditions: list[str] = []
    values: list[object] = []
    if only.chain is not None:
        conditions.append("chain = ?")
        values.append(as_text(only.chain))
    if only.provider is not None:
        conditions.append("instr(providers, ?)")
        values.append(spelled([as_text(only.provider)]))
    if only.status is not None:
        condition, bounds = _status_condition(only.status)
        conditions.append(condition)
        values.extend(bounds)
    if only.q and text:
        searched = [f"{name} LIKE ? ESCAPE '\\'" for name in _SEARCHED]
        conditions.append(f"({' OR '.join(searched)})")
        values.extend([f"%{_like(only.q)}%"] * len(_SEARCHED))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT id FROM kinds{where}", tuple(values)


def _by_id(only: Filter) -> tuple[str, tuple[object, ...]]:
    """The SELECT of the seqs that are meant for their id alone; "" where `q` is none."""
    start = only.id_start
    if start is None:
        return "", ()
    kinds, values = _kinds(only, text=False)
    # The signs keep the planner from any index but that of the ids.
    sql = (
        "SELECT seq FROM requests WHERE id >= ? AND id < ? "
        f"AND +kind NOT IN meant AND +kind IN ({kinds})"
    )
    return sql, (start, start + "\U0010ffff", *values)


def _status_condition(status: str) -> tuple[str, tuple[object, ...]]:
    if status in _OUTCOMES:
        return "outcome = ?", (status,)
    if len(status) == 3 and status.isascii():
        if status.isdigit():
            return "status = ?", (int(status),)
        if status[0].isdigit() and status[1:].lower() == "xx":
            return "status / 100 = ?", (int(status[0]),)
    raise ValueError(f"status is a number, a class like 5xx or one of {', '.join(_OUTCOMES)}")


def _like(text: str) -> str:
    escaped = as_text(text)
    for special in ("\\", "%", "_"):
        escaped = escaped.replace(special, f"\\{special}")
    return escaped
