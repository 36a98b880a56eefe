"""How a connection to an upstream breaks, as aiohttp tells it, and as we tell it.

aiohttp's own words may hold URLs and headers (a key among them): they go nowhere.
"""

from __future__ import annotations

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from proxy.connections import ForbiddenAddress

NO_CONNECTION = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    ForbiddenAddress,
)
"""Nothing was sent: refused, DNS, TLS."""

BROKEN = (
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,
    ValueError,
    RecursionError,
    EOFError,
)
"""Anything that an answer can do to its reader."""

GONE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
"""The peer closed the connection without a word."""

_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ForbiddenAddress, "its host leads to an address that is refused"),
    (aiohttp.ClientConnectorCertificateError, "its TLS certificate is not trusted"),
    (aiohttp.ClientConnectorDNSError, "its host name is not known"),
    (aiohttp.ClientConnectorSSLError, "no TLS connection"),
    (aiohttp.ConnectionTimeoutError, "no connection within timeouts.connect"),
    (aiohttp.ClientConnectorError, "the connection was refused"),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, "the answer was cut off"),
    (aiohttp.ClientOSError, "the connection was reset"),
    (aiohttp.ClientResponseError, "the answer is no HTTP"),
    (HttpProcessingError, "the answer is no HTTP"),
)


def in_our_words(error: BaseException) -> str:
    """What broke, without anything that the error itself quotes."""
    # The resolver's refusal comes wrapped in a DNS error.
    for told in (error.__cause__, error):
        for kind, words in _WORDS:
            if isinstance(told, kind):
                return words
    return "the connection broke"
