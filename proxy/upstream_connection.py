"""One connection to an upstream, over aiohttp's parser: a request goes out, its answer comes in.

aiohttp's own client does the same at three times the price (docs/performance.md): it makes every
request anew of parts that never change, and knows redirects, cookies and proxies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpResponseParser
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from proxy.breakage import NotHttp, in_our_words
from proxy.errors import UpstreamFault

_READ_AHEAD = 256 * 1024
"""Bytes of an answer that wait for its reader; at twice that the peer has to wait instead."""
_SWITCHING = 101

Take = Callable[[bytes], bool]
"""Is given a piece of an answer; says whether the next one may follow at once."""


class Answered:
    """The head of an answer. `content` is its body as it comes, decoded."""

    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        content: StreamReader,
        connection: UpstreamConnection,
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self._connection: UpstreamConnection | None = connection

    async def pump(self, take: Take) -> bool:
        """Give `take` each piece of the body the moment it comes, in the very call that read it.

        Returns False when `take` said so, True when the body has ended. Raises what `take` raises,
        and UpstreamFault("broken") where the body is cut off.
        """
        if self._connection is None:
            return True
        return await self._connection.pump(take)

    def close(self) -> None:
        """Let go of it: at once, whatever is still to come."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.finish()


class UpstreamConnection(BaseProtocol):
    """One request at a time; `spare` gets it back when another may follow."""

    __slots__ = (
        "_content",
        "_head",
        "_held_back",
        "_pumping",
        "_reusable",
        "_spare",
        "_take",
        "idle_since",
    )

    def __init__(self, spare: Callable[[UpstreamConnection], None]) -> None:
        loop = asyncio.get_running_loop()
        parser = HttpResponseParser(
            self,
            loop,
            _READ_AHEAD,
            payload_exception=aiohttp.ClientPayloadError,
            read_until_eof=True,
        )
        super().__init__(loop, parser)
        self._spare = spare
        self._head: asyncio.Future[Answered] | None = None
        """Of the request under way, until the head of its answer has come."""
        self._content: StreamReader = EMPTY_PAYLOAD
        self._take: Take | None = None
        self._pumping: asyncio.Future[bool] | None = None
        """Both while a body is pumped."""
        self._reusable = True
        self._held_back = False
        """The peer had to wait for the reader of this answer."""
        self.idle_since = 0.0
        """The loop's time."""

    @property
    def usable(self) -> bool:
        """Another request may go out on it."""
        return self._reusable and self.transport is not None and not self.transport.is_closing()

    def ask(self, request: bytes) -> asyncio.Future[Answered]:
        """Send a whole request. The future raises one of `breakage.GONE`, or NotHttp."""
        assert self.transport is not None
        self._held_back = False
        self._head = self._loop.create_future()
        self.transport.write(request)
        return self._head

    async def pump(self, take: Take) -> bool:
        """As `Answered.pump`."""
        self._take, self._pumping = take, self._loop.create_future()
        try:
            self._give()
            return await self._pumping
        finally:
            self._take = self._pumping = None

    def _give(self) -> None:
        """What has come of the body, to whoever takes it."""
        take, pumping, content = self._take, self._pumping, self._content
        if take is None or pumping is None or pumping.done():
            return
        try:
            if (broken := content.exception()) is not None:
                raise UpstreamFault("broken", in_our_words(broken))
            piece = content.read_nowait()
            if piece and not take(piece):
                pumping.set_result(False)
            elif content.at_eof():
                pumping.set_result(True)
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            pumping.set_exception(error)

    def finish(self) -> None:
        """Its answer is done with: fit for another request if all of it has come."""
        whole = self._head is None and self._content.is_eof()
        # A parser that was paused may stay so, and hold the next answer back.
        if whole and not self._held_back and self.usable:
            self._spare(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close it now. What was still to be sent is not."""
        if self.transport is not None:
            self.transport.abort()

    # Called by the loop.

    def data_received(self, data: bytes) -> None:
        if data and self._head is None and self._content.is_eof():
            # Nothing was asked: it would be taken for the next answer.
            self.abort()
            return
        assert self._parser is not None
        try:
            messages, upgraded, _ = self._parser.feed_data(data)
        except HttpProcessingError:
            self._break(NotHttp())
            self.abort()
            return
        for message, content in messages:
            if 100 <= message.code < 200 and message.code != _SWITCHING:
                continue
            head, self._head = self._head, None
            if head is None:
                self._reusable = False  # two answers to one request
                return
            self._content = content
            self._reusable = not (message.should_close or upgraded)
            if not head.done():
                head.set_result(Answered(message.code, message.headers, content, self))
        if self._take is not None:
            self._give()

    def connection_lost(self, exc: BaseException | None) -> None:
        assert self._parser is not None
        try:
            # The end of a body that has no other, and an error for one that was cut off.
            self._parser.feed_eof()
        except Exception:  # noqa: BLE001 - decoders of `content-encoding` have errors of their own
            self._break(aiohttp.ClientPayloadError())
        if self._head is not None:
            gone = aiohttp.ServerDisconnectedError() if exc is None else aiohttp.ClientOSError()
            self._break(gone)
        self._give()
        super().connection_lost(exc)

    def _break(self, error: Exception) -> None:
        """Tell whoever waits for the head of the answer, or reads it."""
        head, self._head = self._head, None
        self._reusable = False
        if head is None:
            if not self._content.is_eof():
                self._content.set_exception(error)
        elif not head.done():
            head.set_exception(error)

    # Called by the parser and by StreamReader, the latter at every read.

    def pause_reading(self) -> None:
        self._held_back = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        # Only a parser that was paused may have kept some of what it was fed.
        if self._held_back:
            super().resume_reading(resume_parser)
