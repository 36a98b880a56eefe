"""Browser programs of other origins: those in `server.cors_origins`, and no other."""

from __future__ import annotations

from aiohttp import hdrs, web

from proxy.errors import RequestFault

_EXPOSED = (
    "x-request-id, x-429chain-chain, x-429chain-provider, x-429chain-model, "
    "x-429chain-attempts, x-429chain-trail, x-429chain-dropped, x-429chain-capped, "
    "retry-after, retry-after-ms"
)


def allow_origin(
    origins: tuple[str, ...], request: web.Request, response: web.StreamResponse
) -> None:
    """Let the program read the answer, if its origin is listed."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and origin in origins:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.VARY] = "origin"
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED


def preflight(origins: tuple[str, ...], request: web.Request) -> web.Response:
    """The answer to OPTIONS. Raises RequestFault 403 for an origin that is not listed."""
    if request.headers.get(hdrs.ORIGIN) not in origins:
        raise RequestFault(
            "This origin is not listed in server.cors_origins.",
            status=403,
            code="origin_not_allowed",
        )
    wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, HEAD",
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: wanted or "authorization, content-type",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }
    return web.Response(status=204, headers=headers)
