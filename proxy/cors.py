"""Browser programs of other origins: those in `server.cors_origins`, and no other."""

from __future__ import annotations

from aiohttp import hdrs

from proxy.client_request import ClientRequest, HttpReply
from proxy.errors import RequestFault

_EXPOSED = (
    "x-request-id, x-429chain-chain, x-429chain-provider, x-429chain-model, "
    "x-429chain-attempts, x-429chain-trail, x-429chain-dropped, x-429chain-capped, "
    "retry-after, retry-after-ms"
)


def allow_origin(origins: tuple[str, ...], request: ClientRequest, headers: dict[str, str]) -> None:
    """Let the program read the answer that has these headers, if its origin is listed."""
    origin = request.headers.get(hdrs.ORIGIN) if origins else None
    if origin is not None and origin in origins:
        headers["access-control-allow-origin"] = origin
        headers["vary"] = "origin"
        headers["access-control-expose-headers"] = _EXPOSED


def preflight(origins: tuple[str, ...], request: ClientRequest) -> HttpReply:
    """The answer to OPTIONS. Raises RequestFault 403 for an origin that is not listed."""
    if request.headers.get(hdrs.ORIGIN) not in origins:
        raise RequestFault(
            "This origin is not listed in server.cors_origins.",
            status=403,
            code="origin_not_allowed",
        )
    wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
    headers = {
        "access-control-allow-methods": "GET, POST, HEAD",
        "access-control-allow-headers": wanted or "authorization, content-type",
        "access-control-max-age": "600",
    }
    return HttpReply(204, headers=headers)
