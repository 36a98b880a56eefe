"""A stream on its way from the upstream to the client, after its first meaningful event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from proxy.breakage import BROKEN, in_our_words
from proxy.deadlines import DeadlinePassed, Deadlines
from proxy.errors import UpstreamFault
from proxy.stream import ChatStream
from proxy.upstream_connection import Answered

MOST_ANSWER = 32 * 1024 * 1024
"""Bytes of an answer, decoded."""
_STOPPING = "429chain is stopping"


class Streaming:
    """A stream whose first meaningful event has come: to be relayed, or closed.

    `response` None: there is nothing more to read (a plain answer, told again as a stream).
    `total_at` is the loop's time at which the attempt must be over, `idle` the seconds that may
    pass between two chunks.
    """

    __slots__ = ("_frames", "_idle", "_read", "_response", "_total_at", "interrupted", "stream")

    def __init__(
        self,
        response: Answered | None,
        stream: ChatStream,
        frames: list[bytes],
        total_at: float,
        idle: float,
    ) -> None:
        self._response = response
        self.stream = stream
        self._frames = frames
        self._total_at = total_at
        self._idle = idle
        self._read = 0
        self.interrupted = False
        """We ended it ourselves: nobody upstream is to blame."""

    async def relay(
        self, write: Callable[[bytes], Awaitable[None]], *, stalled: float
    ) -> UpstreamFault | None:
        """Write every frame as it comes; returns the fault that ended it early, if one did.

        Waits for each write, so that a slow client slows its upstream. Raises what `write` raises,
        and DeadlinePassed("write") when a client takes nothing for `stalled` seconds.
        """
        loop = asyncio.get_running_loop()
        frames, self._frames = self._frames, []
        try:
            with Deadlines() as deadlines:
                while True:
                    if frames:
                        deadlines.until(loop.time() + stalled, "write")
                        await write(b"".join(frames))
                    if self.stream.done or self.stream.fault is not None:
                        return self.stream.fault
                    deadlines.until(min(loop.time() + self._idle, self._total_at), "idle")
                    frames = await self._more()
        except DeadlinePassed as passed:
            if passed.what == "write":
                raise
            return UpstreamFault("broken", "the stream stalled")
        except UpstreamFault as fault:
            return fault
        finally:
            self.close()

    async def _more(self) -> list[bytes]:
        """The frames of the next chunk. Raises UpstreamFault."""
        if self.interrupted:
            raise UpstreamFault("broken", _STOPPING)
        if self._response is None:
            return self.stream.end()
        try:
            chunk = await self._response.content.readany()
        except BROKEN as error:
            why = _STOPPING if self.interrupted else in_our_words(error)
            raise UpstreamFault("broken", why) from None
        self._read += len(chunk)
        if self._read > MOST_ANSWER:
            raise UpstreamFault("broken", "an answer over 32 MiB")
        return self.stream.feed(chunk) if chunk else self.stream.end()

    def interrupt(self) -> None:
        """End it now, with the event that tells the client so."""
        self.interrupted = True
        self.close()

    def close(self) -> None:
        """Let go of the upstream: at once, whatever it still had to say."""
        if self._response is not None:
            self._response.close()
            self._response = None
