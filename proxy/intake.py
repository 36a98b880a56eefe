"""Reading a client's request body: bounded in size and in time."""

from __future__ import annotations

import asyncio

from aiohttp import web

from proxy.client_request import ClientRequest
from proxy.errors import RequestFault

_BODY_TIME = 30.0
"""Seconds for the whole body. aiohttp has no such limit: a drip would stay for ever."""


Incoming = ClientRequest | web.Request
"""A request whose body is to be read, of either port."""


def check_announced(request: Incoming, most: int) -> None:
    """Judge a body by its headers. Raises RequestFault 413 or 415."""
    if request.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise RequestFault(
            "Compressed request bodies are not taken; send it without Content-Encoding.",
            status=415,
            code="unsupported_content_encoding",
        )
    if request.content_length is not None and request.content_length > most:
        raise _too_large(most)


async def read_body(request: Incoming, most: int) -> bytes:
    """The body, at most `most` bytes. Raises RequestFault 400, 408, 413, 415 or 503."""
    check_announced(request, most)
    if request.content.is_eof() and request.content.exception() is None:
        # It came together with its head, as a small one does: nothing to wait for.
        body = request.content.read_nowait()
        if len(body) > most:
            raise _too_large(most)
        return body
    return await _read_arriving(request, most)


async def _read_arriving(request: Incoming, most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_TIME):
            while chunk := await request.content.readany():
                size += len(chunk)
                if size > most:
                    raise _too_large(most)
                pieces.append(chunk)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # The port is being wound up: aiohttp ends the body so, and still takes an answer.
        raise shutting_down() from None
    except web.RequestPayloadError:
        raise RequestFault("The request body is cut off or wrongly framed.") from None
    except TimeoutError:
        raise RequestFault(
            f"The request body did not arrive within {_BODY_TIME:.0f} s.",
            status=408,
            code="request_timeout",
        ) from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def shutting_down() -> RequestFault:
    """For who comes, or is not done sending, when the program stops."""
    return RequestFault(
        "429chain is shutting down; try again in a few seconds.",
        status=503,
        type="server_error",
        code="shutting_down",
    )


def _too_large(most: int) -> RequestFault:
    return RequestFault(
        f"The request body is larger than {most:,} bytes (server.max_body).",
        status=413,
        code="request_too_large",
    )
