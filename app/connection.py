"""A connection of the admin port: aiohttp's, but for what aiohttp leaves open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

WRITE_TIME = 60.0
"""Seconds in which a client must have taken what was written to it, whatever it takes meanwhile:
one that takes a byte now and then would keep its answer, and a descriptor, for ever."""
KEEPALIVE = 15.0
"""Seconds an idle connection stays; aiohttp also gives a connection this long for its headers."""
_LAST_WORDS = 1.0
"""Seconds for handlers that still run when the port is wound up."""

Refuse = Callable[[int, str], web.Response]
"""Makes an answer of a status and a message, for what no handler has seen."""


_received = memoryview(bytearray(64 * 1024))
"""Where every connection receives: what came is copied out before the loop does anything else."""


@asynccontextmanager
async def connections(
    application: web.Application, refuse: Refuse
) -> AsyncGenerator[Callable[[], Connection]]:
    """Makes the connections of a port, and closes them at the end of the block.

    `refuse` answers what never reached the application.
    """
    runner = web.AppRunner(
        application,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=_LAST_WORDS,
    )
    await runner.setup()
    try:
        server = runner.server
        assert server is not None
        yield lambda: Connection(server, refuse)
    finally:
        await runner.cleanup()


class Connection(web.RequestHandler, asyncio.BufferedProtocol):
    """Answers what is no HTTP with `refuse`: aiohttp's own words name its version, and would be no
    JSON. Gives up a client that does not read."""

    __slots__ = ("_give_up", "_refuse")

    def __init__(self, server: web.Server, refuse: Refuse) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEPALIVE,
            # "None" is aiohttp's own word for no such log, though not in this signature.
            access_log=None,  # pyright: ignore[reportArgumentType]
        )
        self._refuse = refuse
        self._give_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.WriteTransport)
        # Writing is paused as soon as the kernel has not taken everything, and goes on when it has.
        transport.set_write_buffer_limits(high=0)

    # asyncio would make room for 256 KiB at each receive, and cut it to the few bytes that came:
    # most of a receive's time, and a heap full of gaps that nothing fits in again.

    def get_buffer(self, sizehint: int) -> memoryview:
        return _received

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(_received[:nbytes]))

    def pause_writing(self) -> None:
        super().pause_writing()
        transport = self.transport
        assert transport is not None
        self._give_up = self._loop.call_later(WRITE_TIME, transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._forget_timer()

    def _forget_timer(self) -> None:
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError):
            # The client went away: no error of anybody's, and nobody is left to hear of it.
            raise exc
        # Logs it, and raises ConnectionError where a part of an answer is out already.
        super().handle_error(request, status, exc, message)
        answer = self._refuse(status, self._words(status, exc))
        answer.force_close()
        return answer

    def _words(self, status: int, exc: BaseException | None) -> str:
        if status >= 500:
            return "429chain itself failed; its log has the reason."
        if isinstance(exc, LineTooLong):
            return f"A line of the request's head is longer than {self.max_line_size:,} bytes."
        return "What came is no proper HTTP request."
