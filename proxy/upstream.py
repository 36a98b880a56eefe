"""One upstream request: sent, and its answer told as one of four outcomes.

An upstream's status exists only on the head of an answer: an exception's `status` is the parser's
own and never taken for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from proxy.answer import Usage
from proxy.breakage import BROKEN, GONE, NoConnection, in_our_words
from proxy.chat_request import ChatRequest
from proxy.completion import read_completion
from proxy.connections import Connections, ConnectionUse
from proxy.conversion import StreamCollector, stream_from_completion
from proxy.deadlines import Alarm, DeadlinePassed, Deadlines
from proxy.errors import UpstreamFault
from proxy.model import Entry
from proxy.providers.adapter import COMPLETIONS, Adapted
from proxy.relay import MOST_ANSWER, Streaming
from proxy.stream import ChatStream
from proxy.upstream_connection import Answered

_MOST_ERROR = 64 * 1024
_ERROR_TIME = 0.5
"""Seconds for the body of an error: its status alone has to do then."""


@dataclass(slots=True)
class Served:
    """A plain completion, as JSON for the client."""

    body: bytes
    usage: Usage | None
    text_bytes: int


@dataclass(slots=True)
class Refused:
    """An error status, or (`inner`) a 200 that carries an error as its body or first event."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    inner: bool = False


@dataclass(slots=True)
class Failed:
    """No answer that could be judged; `word` is the trail's too."""

    word: Literal["timeout", "unreachable", "broken"]
    detail: str
    whole_request: bool = False
    """The deadline of the client's whole request passed, not one of this attempt."""
    stale: bool = False
    """A used connection that broke before any byte: to be tried once more on a fresh one."""


@dataclass(slots=True, kw_only=True)
class Order:
    """What to send, and by when. Moments are the loop's time."""

    entry: Entry
    request: ChatRequest
    adapted: Adapted
    id: str
    created: int
    """Fill in what the upstream leaves out."""
    local_only: bool
    fresh: bool
    request_at: float
    """The end of the client's whole request."""
    alone: Callable[[], bool]
    """True while no other entry could serve: first_token and plain are put off that long."""
    on_head: Callable[[int, Mapping[str, str]], None]
    use: ConnectionUse
    """Tells afterwards whether anything was sent, and on which kind of connection."""


Outcome = Served | Streaming | Refused | Failed


class Upstream:
    """Sends orders over the connections."""

    __slots__ = ("_alarms", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._alarms: list[Alarm] = []

    async def send(self, order: Order) -> Outcome:
        """Send and read up to the completion, or to a stream's first meaningful event."""
        timeouts = order.entry.provider.timeouts
        started = asyncio.get_running_loop().time()
        what: Literal["first_token", "plain"] = "first_token" if order.request.stream else "plain"
        patience = timeouts.first_token if order.request.stream else timeouts.plain
        attempt = _Attempt(order, started, timeouts.total, timeouts.idle)
        try:
            with Deadlines(self._alarms) as deadlines:
                attempt.deadlines = deadlines
                attempt.expect(started + patience, what, order.alone)
                return await attempt.run(self._connections)
        except DeadlinePassed as passed:
            whole = passed.what == "request"
            return Failed("timeout", _LATE[passed.what], whole_request=whole)
        except UpstreamFault as fault:
            if fault.kind == "error":
                return Refused(200, attempt.headers, fault.body, inner=True)
            return Failed("broken", fault.message)
        except NoConnection as error:
            return Failed("unreachable", in_our_words(error))
        except BROKEN as error:
            silent = isinstance(error, GONE) and not attempt.answered
            stale = silent and order.use.reused and not order.fresh
            return Failed("broken", in_our_words(error), stale=stale)
        finally:
            attempt.close()


_LATE = {
    "first_token": "no token within timeouts.first_token",
    "plain": "no answer within timeouts.plain",
    "idle": "the answer stalled (timeouts.idle)",
    "total": "the answer took longer than timeouts.total",
    "request": "the request ran out of time (timeouts.request)",
}


class _Attempt:
    """The running state of one send."""

    __slots__ = (
        "_idle",
        "_order",
        "_response",
        "_total_at",
        "answered",
        "deadlines",
        "headers",
    )

    def __init__(self, order: Order, started: float, total: float, idle: float) -> None:
        self._order = order
        self._response: Answered | None = None
        self._total_at = started + total
        self._idle = idle
        self.deadlines: Deadlines | None = None
        self.answered = False
        self.headers: Mapping[str, str] = {}

    def expect(self, at: float, what: str, waived: Callable[[], bool] | None = None) -> None:
        """Set the nearest of the deadlines: this one, the attempt's and the request's."""
        assert self.deadlines is not None
        request_at = self._order.request_at
        if request_at <= min(at, self._total_at):
            self.deadlines.until(request_at, "request")
        elif self._total_at < at:
            self.deadlines.until(self._total_at, "total")
        elif waived is None:
            self.deadlines.until(at, what)
        else:
            # Put off for want of another entry, it must still end with the whole request.
            self.deadlines.until(at, what, lambda: self._put_off(waived))

    def _put_off(self, waived: Callable[[], bool]) -> bool:
        now = asyncio.get_running_loop().time()
        assert self.deadlines is not None
        if now >= self._order.request_at:
            self.deadlines.what = "request"
            return False
        if now >= self._total_at:
            self.deadlines.what = "total"
            return False
        return waived()

    def close(self) -> None:
        if self._response is not None:
            self._response.close()

    async def run(self, connections: Connections) -> Outcome:
        order = self._order
        response = await connections.post(
            order.entry.provider,
            order.adapted.body,
            path=order.adapted.path,
            local_only=order.local_only,
            fresh=order.fresh,
            use=order.use,
        )
        self._response, self.answered, self.headers = response, True, response.headers
        order.on_head(response.status, response.headers)
        if response.status != 200:
            return Refused(response.status, response.headers, await self._error_body(response))
        if "event-stream" in response.headers.get("content-type", ""):
            return await self._read_stream(response)
        return await self._read_plain(response)

    async def _error_body(self, response: Answered) -> bytes:
        """What comes of it within half a second, 64 KiB at most."""
        body = bytearray()
        try:
            if response.content.is_eof():
                # It came together with its head: nothing to wait for.
                return response.content.read_nowait()[:_MOST_ERROR]
            async with asyncio.timeout(_ERROR_TIME):
                while len(body) < _MOST_ERROR and (chunk := await response.content.readany()):
                    body += chunk
        except TimeoutError:
            pass
        except BROKEN:
            # Cut off: the status stands, and what came of the text may still tell.
            pass
        return bytes(body[:_MOST_ERROR])

    async def _read_plain(self, response: Answered) -> Outcome:
        order, loop = self._order, asyncio.get_running_loop()
        body, begun = bytearray(), False
        while chunk := await response.content.readany():
            body += chunk
            if len(body) > MOST_ANSWER:
                raise UpstreamFault("broken", "an answer over 32 MiB")
            begun = begun or bool(chunk.strip())
            if begun and not response.content.is_eof():
                self.expect(loop.time() + self._idle, "idle")
        completion = read_completion(
            bytes(body),
            model=order.entry.model,
            id=order.id,
            created=order.created,
            map_tool_id=order.adapted.map_back,
            texts=order.adapted.path == COMPLETIONS,
        )
        if not order.request.stream:
            return Served(completion.body, completion.usage, completion.text_bytes)
        # The server ignored `stream`: its answer is told again as the stream that was asked for.
        stream = self._chat_stream()
        frames: list[bytes] = []
        for frame in stream_from_completion(orjson.loads(completion.body), wants_usage=True):
            frames += stream.feed(frame)
        return Streaming(None, stream, frames, self._total_at, self._idle)

    def _chat_stream(self) -> ChatStream:
        order = self._order
        return ChatStream(
            model=order.entry.model,
            wants_usage=order.request.wants_usage,
            now=order.created,
            id=order.id,
            map_tool_id=order.adapted.map_back,
        )

    async def _read_stream(self, response: Answered) -> Outcome:
        order = self._order
        if not order.request.stream:
            return await self._collect(response)
        stream, frames = self._chat_stream(), list[bytes]()
        while not frames:
            chunk = await response.content.readany()
            frames = stream.feed(chunk) if chunk else stream.end()
        self._response = None
        return Streaming(response, stream, frames, self._total_at, self._idle)

    async def _collect(self, response: Answered) -> Outcome:
        """A stream in answer to a plain request."""
        order, loop = self._order, asyncio.get_running_loop()
        collector = StreamCollector(
            model=order.entry.model,
            id=order.id,
            now=order.created,
            map_tool_id=order.adapted.map_back,
        )
        total = 0
        while not collector.done and (chunk := await response.content.readany()):
            total += len(chunk)
            if total > MOST_ANSWER:
                raise UpstreamFault("broken", "an answer over 32 MiB")
            collector.feed(chunk)
            if collector.begun:
                self.expect(loop.time() + self._idle, "idle")
        completion = collector.end()
        return Served(completion.body, completion.usage, completion.text_bytes)
