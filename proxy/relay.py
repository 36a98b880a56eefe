"""A stream on its way from the upstream to the client, after its first meaningful event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from proxy.deadlines import DeadlinePassed, Deadlines
from proxy.errors import UpstreamFault
from proxy.stream import ChatStream
from proxy.upstream_connection import Answered, Take

MOST_ANSWER = 32 * 1024 * 1024
"""Bytes of an answer, decoded."""
_STOPPING = "429chain is stopping"


class Listener(Protocol):
    """Who the frames are for."""

    @property
    def is_behind(self) -> bool:
        """It has not taken all that was written."""
        ...

    def write(self, frames: bytes) -> None: ...

    async def drained(self) -> None:
        """Return when it has."""
        ...


class Greedy:
    """A listener that takes all that comes."""

    is_behind = False

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def write(self, frames: bytes) -> None:
        self._take(frames)

    async def drained(self) -> None:
        """It always has."""


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

    async def relay(self, client: Listener, *, stalled: float) -> UpstreamFault | None:
        """Write every frame as it comes; returns the fault that ended it early, if one did.

        A client that is slow slows its upstream. Raises what writing raises, and
        DeadlinePassed("write") when a client takes nothing for `stalled` seconds.
        """
        loop = asyncio.get_running_loop()
        frames, self._frames = self._frames, []
        try:
            with Deadlines() as deadlines:

                def take(piece: bytes) -> bool:
                    deadlines.until(min(loop.time() + self._idle, self._total_at), "idle")
                    if frames := self._read_from(piece):
                        client.write(b"".join(frames))
                    return not (client.is_behind or self._is_over)

                while True:
                    if frames:
                        client.write(b"".join(frames))
                    if client.is_behind:
                        deadlines.until(loop.time() + stalled, "write")
                        await client.drained()
                    if self._is_over:
                        return self.stream.fault
                    deadlines.until(min(loop.time() + self._idle, self._total_at), "idle")
                    frames = await self._pump(take)
        except DeadlinePassed as passed:
            if passed.what == "write":
                raise
            return UpstreamFault("broken", "the stream stalled")
        except UpstreamFault as fault:
            return UpstreamFault("broken", _STOPPING) if self.interrupted else fault
        finally:
            self.close()

    @property
    def _is_over(self) -> bool:
        return self.stream.done or self.stream.fault is not None

    def _read_from(self, piece: bytes) -> list[bytes]:
        """The frames that a piece completes. Raises UpstreamFault."""
        self._read += len(piece)
        if self._read > MOST_ANSWER:
            raise UpstreamFault("broken", "an answer over 32 MiB")
        return self.stream.feed(piece)

    async def _pump(self, take: Take) -> list[bytes]:
        """Give `take` what comes, while it takes more; the last frames, if that was the end."""
        if self.interrupted:
            raise UpstreamFault("broken", _STOPPING)
        ended = self._response is None or await self._response.pump(take)
        return self.stream.end() if ended else []

    def interrupt(self) -> None:
        """End it now, with the event that tells the client so."""
        self.interrupted = True
        self.close()

    def close(self) -> None:
        """Let go of the upstream: at once, whatever it still had to say."""
        if self._response is not None:
            self._response.close()
            self._response = None
