"""What a request's row says, on the board and in the log."""

from __future__ import annotations

from app.request_snapshot import Request, RequestDetail
from app.words import count, duration
from screens.line import Line
from screens.names import put_name
from screens.symbols import Symbols
from screens.themes import Role


def outcome_words(request: Request | RequestDetail, *, short: bool = False) -> tuple[str, Role]:
    """`ok`, `cut off`, `client left` (`left` where it is `short`), or the status; none so far."""
    match request.outcome:
        case None:
            return "", "muted"
        case "ok":
            return "ok", "muted"
        case "interrupted":
            return "cut off", "out"
        case "left":
            return ("left" if short else "client left"), "low"
        case "failed":
            return (str(request.status) if request.status else "failed"), "out"


def put_served(line: Line, column: int, request: Request, cells: int, symbols: Symbols) -> None:
    """Who served it, `nobody`, or who is asked right now."""
    if request.entry is not None:
        put_name(line, column, request.entry, cells, cut=symbols.cut)
    elif request.outcome is None:
        asked = next((entry for entry, word in request.trail if word == "trying"), None)
        if asked is None:
            line.put(column, "waits", "low")
        else:
            put_name(line, column, asked, cells, ink="muted", cut=symbols.cut)
    elif request.outcome == "left":
        line.put(column, "nobody", "muted")
    else:
        line.put(column, "nobody", "out")


def put_total(line: Line, end: int, request: Request, symbols: Symbols) -> None:
    """How long it took; what runs says how long so far."""
    if request.outcome is None:
        line.right(end, f"{symbols.cut}{duration(request.duration_ms)}", "flow")
    else:
        line.right(end, duration(request.duration_ms))


def tokens_words(number: int, request: Request | RequestDetail) -> str:
    """`1552`; `~2204` where it was estimated."""
    return f"{'~' if request.estimated else ''}{count(number)}"
