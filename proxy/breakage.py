"""How a connection to an upstream breaks, and what is told of it.

The words of the libraries' own errors may hold URLs and headers (a key among them): they go
nowhere.
"""

from __future__ import annotations

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError


class NoConnection(ConnectionError):
    """There is no connection, so nothing was sent. The message says why, in our own words."""


class ForbiddenAddress(NoConnection):
    """A host led to an address that no request may go to."""

    def __init__(self) -> None:
        super().__init__("its host leads to an address that is refused")


class NotHttp(aiohttp.ClientError):
    """What came is no answer in HTTP."""


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
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, "the answer was cut off"),
    (aiohttp.ClientOSError, "the connection was reset"),
    (NotHttp, "the answer is no HTTP"),
    (HttpProcessingError, "the answer is no HTTP"),
)


def in_our_words(error: BaseException) -> str:
    """What broke, without anything that the error itself quotes."""
    if isinstance(error, NoConnection):
        return str(error)
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    return "the connection broke"
