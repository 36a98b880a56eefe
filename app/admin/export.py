"""The request log as files for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Iterable

from pydantic import TypeAdapter

from app.request_snapshot import Request
from app.snapshot import iso

_COLUMNS = (
    "id",
    "time",
    "client",
    "agent",
    "chain",
    "entry",
    "status",
    "outcome",
    "stream",
    "attempts",
    "trail",
    "tokens_in",
    "tokens_out",
    "estimated",
    "duration_ms",
    "first_token_ms",
    "saved_usd",
    "client_closed",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_REQUEST = TypeAdapter(Request)


async def as_csv(chunks: AsyncGenerator[tuple[Request, ...]]) -> AsyncGenerator[bytes]:
    """RFC 4180 with a header line, every field quoted, UTF-8."""
    # With the first rows: a log that cannot be read is told before the answer begins.
    head = _csv_lines([_COLUMNS])
    async for chunk in chunks:
        yield head + _csv_lines(_cells(request) for request in chunk)
        head = b""


async def as_jsonl(chunks: AsyncGenerator[tuple[Request, ...]]) -> AsyncGenerator[bytes]:
    """One JSON object a line, as in `GET /api/requests`."""
    async for chunk in chunks:
        yield b"".join(_REQUEST.dump_json(request) + b"\n" for request in chunk)


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before it.

    Blanks in front hide nothing: some programs trim them before they look.
    """
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _csv_lines(rows: Iterable[Iterable[str]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL).writerows(rows)
    return lines.getvalue().encode("utf-8", "backslashreplace")


def _cells(request: Request) -> list[str]:
    return [safe_cell(_cell(name, request)) for name in _COLUMNS]


def _cell(name: str, request: Request) -> str:
    if name == "time":
        return iso(request.time)
    if name == "trail":
        return " ".join(f"{entry}={word}" for entry, word in request.trail)
    value: object = getattr(request, name)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
