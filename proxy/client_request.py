"""A request as a client sent it, and an answer as it goes out: HTTP, and nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus
}
_BODILESS = frozenset({204, 304})


class Connection(Protocol):
    """Where an answer goes out."""

    def write(self, data: bytes) -> None:
        """Raises ConnectionResetError where nobody is left to read it."""
        ...

    @property
    def is_behind(self) -> bool:
        """The kernel has not taken all that was written."""
        ...

    async def drained(self) -> None:
        """Return when it has. Raises ConnectionError."""
        ...

    def abort(self) -> None:
        """Cut it off."""
        ...


class ClientRequest:
    """The head of a request. `content` is its body as it comes."""

    __slots__ = (
        "_connection",
        "content",
        "date",
        "headers",
        "http_1_0",
        "id",
        "keep_alive",
        "method",
        "relaying",
        "target",
        "url",
    )

    def __init__(
        self, message: RawRequestMessage, content: StreamReader, connection: Connection
    ) -> None:
        self._connection = connection
        self.method = message.method
        self.target = message.path
        """As it came, query string and all."""
        self.url = message.url
        self.headers = message.headers
        self.content = content
        self.http_1_0 = message.version < (1, 1)
        self.keep_alive = not message.should_close
        """The connection is open for another request after this one's answer."""
        self.id = ""
        """`x-request-id`."""
        self.date = ""
        """When it came, as HTTP writes it."""
        self.relaying: AnswerStream | None = None
        """The head of a stream has gone out, or is about to."""

    @property
    def content_length(self) -> int | None:
        """As the head says."""
        told = self.headers.get("content-length")
        return None if told is None else int(told)

    def go_on(self) -> None:
        """Tell a client that expects it that its body is welcome."""
        if not self.http_1_0:
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def stream(self, headers: Mapping[str, str]) -> AnswerStream:
        """An answer that comes in pieces, with status 200."""
        self.relaying = AnswerStream(self, self._connection, headers)
        return self.relaying

    def abort(self) -> None:
        """Cut the connection off."""
        self.keep_alive = False
        self._connection.abort()


@dataclass(slots=True)
class HttpReply:
    """A whole answer. Names of headers are in lower case."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def encoded(self, request: ClientRequest | None = None) -> bytes:
        """Head and body, as `request` wants them; without one the connection is closed."""
        bodiless = self.status in _BODILESS
        length = "" if bodiless else f"content-length: {len(self.body)}\r\n"
        head = _head(self.status, self.headers, length + _last_lines(request))
        return head if bodiless or (request and request.method == "HEAD") else head + self.body


class AnswerStream:
    """An answer that goes out in pieces, each in a write of its own, the first with the head."""

    __slots__ = ("_chunked", "_connection", "_head")

    def __init__(
        self, request: ClientRequest, connection: Connection, headers: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._chunked = not request.http_1_0
        if not self._chunked:
            request.keep_alive = False
        framing = "transfer-encoding: chunked\r\n" if self._chunked else ""
        self._head = _head(200, headers, framing + _last_lines(request))

    def write(self, piece: bytes) -> None:
        """Send a piece that is not empty. Raises ConnectionResetError if the client has left."""
        if self._chunked:
            piece = b"%b%x\r\n%b\r\n" % (self._head, len(piece), piece)
        else:
            piece = self._head + piece
        self._head = b""
        self._connection.write(piece)

    @property
    def is_behind(self) -> bool:
        """The client has not taken all that was sent."""
        return self._connection.is_behind

    async def drained(self) -> None:
        """Return when the client has taken what was sent. Raises ConnectionError."""
        await self._connection.drained()

    def end(self) -> None:
        """That was all. Raises ConnectionResetError if the client has left."""
        last = b"0\r\n\r\n" if self._chunked else b""
        self._connection.write(self._head + last)


def _last_lines(request: ClientRequest | None) -> str:
    if request is None:
        return "connection: close\r\n"
    if not request.keep_alive:
        return f"date: {request.date}\r\nconnection: close\r\n"
    if request.http_1_0:
        return f"date: {request.date}\r\nconnection: keep-alive\r\n"
    return f"date: {request.date}\r\n"


def _head(status: int, headers: Mapping[str, str], more: str) -> bytes:
    """Raises ValueError for a header that would end its line."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header that holds a line break")
    return f"{_STATUS_LINES[status]}{lines}{more}\r\n".encode("utf-8", "surrogateescape")


@lru_cache(maxsize=2)
def http_date(seconds: int) -> str:
    """`Sun, 22 Nov 2026 13:00:00 GMT`, of seconds since the epoch."""
    return formatdate(seconds, usegmt=True)
