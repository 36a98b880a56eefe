"""A client's connection, over aiohttp's parser: requests come in, their answers go out in turn.

aiohttp's own server does the same at several times the price (docs/performance.md): it finds
routes, makes objects and starts tasks that no request of ours needs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from proxy.client_request import ClientRequest, HttpReply
from proxy.unheard import LONGEST_LINE, unheard_reply

# Where aiohttp's own server tells of such requests: one in a while is let through (app/logs.py).
_log = logging.getLogger("aiohttp.server")

WRITE_TIME = 60.0
"""Seconds in which a client must have taken what was written to it, whatever it takes meanwhile:
one that takes a byte now and then would keep its answer, and a descriptor, for ever."""
KEEPALIVE = 15.0
"""Seconds an idle connection stays, and seconds it has for the head of a request."""
LINGER = 10.0
"""Seconds for which the rest of a body is read that nobody wants: closed at once, the connection
would be reset, and the client might never see its answer."""
_READ_AHEAD = 256 * 1024
"""Bytes of a body that wait for their reader; at twice that the client has to wait instead."""
_MOST_WAITING = 32
"""Requests that a client may send ahead of their answers; more are not read."""

Handle = Callable[[ClientRequest], Awaitable[HttpReply | None]]
"""Answers a request; None where it has written the answer itself, or cut the connection off."""

_received = memoryview(bytearray(64 * 1024))
"""Where every connection receives: what came is copied out before the loop does anything else."""


class ClientConnection(BaseProtocol, asyncio.BufferedProtocol):
    """One request after the other. Each is a task, cancelled when its client leaves."""

    __slots__ = (
        "_closing",
        "_give_up",
        "_handle",
        "_held_back",
        "_idle_since",
        "_idle_timer",
        "_open",
        "_serving",
        "_waiting",
        "_wanted",
    )

    def __init__(self, handle: Handle, open_ones: set[ClientConnection]) -> None:
        loop = asyncio.get_running_loop()
        parser = HttpRequestParser(
            self,
            loop,
            _READ_AHEAD,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            payload_exception=web.RequestPayloadError,
            auto_decompress=False,
            max_msg_queue_size=_MOST_WAITING,
        )
        super().__init__(loop, parser)
        self._handle = handle
        self._open = open_ones
        self._waiting: list[ClientRequest | HttpReply] = []
        """What is to be answered; replies are those to what was no HTTP."""
        self._serving: asyncio.Task[None] | None = None
        self._wanted: StreamReader = EMPTY_PAYLOAD
        """The body of the request that is served."""
        self._closing = False
        """No further request is taken."""
        self._held_back = False
        """The client had to wait for the reader of its body."""
        self._idle_since = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._give_up: asyncio.TimerHandle | None = None

    # Called by the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.WriteTransport)
        # Writing is paused as soon as the kernel has not taken everything, and goes on when it has.
        transport.set_write_buffer_limits(high=0)
        self._open.add(self)
        self._rest()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._open.discard(self)
        self._closing = True
        self._waiting.clear()
        for timer in (self._idle_timer, self._give_up):
            if timer is not None:
                timer.cancel()
        if self._serving is not None:
            self._serving.cancel()

    # asyncio would make room for 256 KiB at each receive, and cut it to the few bytes that came:
    # most of a receive's time, and a heap full of gaps that nothing fits in again.

    def get_buffer(self, sizehint: int) -> memoryview:
        return _received

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(_received[:nbytes]))

    def data_received(self, data: bytes) -> None:
        if self._closing and self._wanted.is_eof():
            return
        assert self._parser is not None
        try:
            messages, upgraded, _ = self._parser.feed_data(data)
        except HttpProcessingError as error:
            _log.info("no proper HTTP", exc_info=error)
            self._closing = True
            if self._wanted.is_eof():
                self._waiting.append(unheard_reply(error))
            else:
                # Its reader answers, and the connection is closed after that.
                self._wanted.set_exception(web.RequestPayloadError())
        else:
            for message, content in messages:
                self._waiting.append(ClientRequest(message, content, self))
            # Nothing here speaks another protocol: what follows is no request.
            self._closing = self._closing or upgraded
        if len(self._waiting) >= _MOST_WAITING and not self._buffer_paused:
            # The parser itself has stopped there.
            self._pause_reading_for_buffer()
        if self._waiting and self._serving is None:
            self._next()

    def pause_writing(self) -> None:
        super().pause_writing()
        assert self.transport is not None
        self._give_up = self._loop.call_later(WRITE_TIME, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        assert self._give_up is not None
        self._give_up.cancel()

    # Called by the parser and by StreamReader, the latter at every read.

    def pause_reading(self) -> None:
        self._held_back = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        # Only a parser that was paused may have kept some of what it was fed.
        if self._held_back:
            self._held_back = False
            super().resume_reading(resume_parser)

    # One request after the other.

    def _next(self) -> None:
        asked = self._waiting.pop(0)
        if isinstance(asked, HttpReply):
            with suppress(ConnectionError):
                self.write(asked.encoded())
                self._say_goodbye()
            return
        assert self._parser is not None
        self._parser.message_consumed()
        if self._buffer_paused and len(self._waiting) <= _MOST_WAITING // 2:
            self._resume_reading_for_buffer()
            self._loop.call_soon(self._go_on_parsing)
        self._wanted = asked.content
        self._serving = self._loop.create_task(self._serve(asked))

    def _go_on_parsing(self) -> None:
        """What the parser kept, of requests that were too many at the time."""
        if self.transport is not None:
            self.data_received(b"")

    async def _serve(self, request: ClientRequest) -> None:
        try:
            reply = await self._handle(request)
            if reply is not None:
                self.write(reply.encoded(request))
            if self._paused:
                await self._drain_helper()
            if not request.content.is_eof():
                request.keep_alive = await self._rest_of(request.content) and request.keep_alive
        except ConnectionError:
            # The client went away: nobody is left to hear of it.
            request.keep_alive = False
        except BaseException:
            self.abort()
            raise
        finally:
            self._serving, self._wanted = None, EMPTY_PAYLOAD
        if not request.keep_alive or (self._closing and not self._waiting):
            self._close()
        elif self._waiting:
            self._next()
        else:
            self._rest()

    async def _rest_of(self, content: StreamReader) -> bool:
        """Whether what was not read of a body has come in time."""
        try:
            async with asyncio.timeout(LINGER):
                while await content.readany():
                    pass
        except (TimeoutError, web.RequestPayloadError):
            return False
        return True

    def _rest(self) -> None:
        """Wait for a request, but not for ever."""
        self._idle_since = self._loop.time()
        if self._idle_timer is None:
            self._idle_timer = self._loop.call_later(KEEPALIVE, self._look_at_rest)

    def _look_at_rest(self) -> None:
        self._idle_timer = None
        if self._serving is not None:
            return
        left = self._idle_since + KEEPALIVE - self._loop.time()
        if left > 0:
            self._idle_timer = self._loop.call_later(left, self._look_at_rest)
        else:
            self._close()

    # Called by whoever serves the request.

    def write(self, data: bytes) -> None:
        """Raises ConnectionResetError where nobody is left to read it."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError
        self.transport.write(data)

    @property
    def is_behind(self) -> bool:
        """The kernel has not taken all that was written."""
        return self._paused

    async def drained(self) -> None:
        """Return when it has. Raises ConnectionError."""
        await self._drain_helper()

    def abort(self) -> None:
        """Cut it off."""
        if self.transport is not None:
            self.transport.abort()

    # Winding up.

    def _say_goodbye(self) -> None:
        """No more from us. Closed at once, with something unread, the connection would be reset,
        and the client might never see what it was told."""
        self._closing = True
        if self.transport is not None:
            self.transport.write_eof()
            self._rest()

    def _close(self) -> None:
        self._closing = True
        if self.transport is not None:
            self.transport.close()

    def wind_up(self) -> asyncio.Task[None] | None:
        """Close it, when its answer is out; what serves that until then, if it is so."""
        self._closing = True
        if self._serving is None:
            self._close()
        elif not self._wanted.is_eof():
            # Its reader takes that for the end, and can still say so.
            self._wanted.set_exception(asyncio.CancelledError())
        return self._serving


class Clients:
    """The connections of a port."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._open: set[ClientConnection] = set()

    def connection(self) -> ClientConnection:
        """A new one, for `loop.create_server`."""
        return ClientConnection(self._handle, self._open)

    async def wind_up(self, patience: float) -> None:
        """Close them all. What is still served has `patience` seconds, and is then cancelled."""
        serving = {task for one in list(self._open) if (task := one.wind_up()) is not None}
        if serving:
            _, late = await asyncio.wait(serving, timeout=patience)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=patience)
        for connection in list(self._open):
            connection.abort()
        # A transport is closed in the loop's next turn.
        await asyncio.sleep(0)
