"""Answers of the admin port, and the headers that each of them has."""

from __future__ import annotations

import orjson
from aiohttp import hdrs, web

from app.contract import AdminError

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer its headers, just before it goes out."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers[hdrs.SERVER] = "429chain"
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def json_answer(
    body: bytes | object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """`body` is JSON already, or a value."""
    encoded = body if isinstance(body, bytes) else orjson.dumps(body)
    return web.Response(
        body=encoded, status=status, headers=headers, content_type="application/json"
    )


def error_answer(error: AdminError, headers: dict[str, str] | None = None) -> web.Response:
    """`{"error": {"title", "message", "hint", "field"}}`."""
    facts = {
        "title": error.title,
        "message": error.message,
        "hint": error.hint,
        "field": error.field,
    }
    answer = json_answer({"error": facts}, status=error.status, headers=headers)
    if error.status in (408, 413, 415):
        # The rest of the body is not read: the connection can't be used again.
        answer.force_close()
    if error.status == 401:
        answer.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return answer


def unheard_answer(status: int, message: str) -> web.Response:
    """For what no handler has seen, because its bytes were no HTTP."""
    answer = error_answer(AdminError("No HTTP request", message, status=status))
    answer.headers.update(_HEADERS | {hdrs.SERVER: "429chain", hdrs.CACHE_CONTROL: "no-store"})
    return answer
