"""The simulated provider: as little work for an answer as Python allows.

`python -m bench.provider PORT`. The first part of a request's path says how it behaves, so that
no body has to be read: `/plain/v1/chat/completions`. `GET /counts` tells what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable

import orjson

TOKEN = b'" tok"'
"""In each content chunk once, and nowhere else."""
FLOOD_LENGTH = 100
"""A flood is that many times as long as a paced stream."""
SPACING = 0.02
"""Seconds between two chunks of a paced stream."""
FLOOD_BLOCK = 200
"""Chunks that a flood hands to the kernel in one write."""
LIMIT = 10_000_000
"""Requests a day and tokens a minute that the headers tell: never reached."""


def _http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "bench",
        "choices": [choice],
    }
    return _http_chunk(b"data: " + orjson.dumps(chunk) + b"\n\n")


def _answer(status: bytes, body: bytes, *headers: bytes) -> bytes:
    length = b"content-length: %d" % len(body)
    head = (b"HTTP/1.1 " + status, b"content-type: application/json", length, *headers)
    return b"\r\n".join((*head, b"", body))


# Groq's names (console.groq.com/docs/rate-limits): requests are the day's, tokens the minute's.
_LIMITS = (
    b"x-ratelimit-limit-requests: %d" % LIMIT,
    b"x-ratelimit-remaining-requests: %d" % (LIMIT - 10),
    b"x-ratelimit-reset-requests: 6ms",
    b"x-ratelimit-limit-tokens: %d" % LIMIT,
    b"x-ratelimit-remaining-tokens: %d" % (LIMIT - 1000),
    b"x-ratelimit-reset-tokens: 2ms",
)
_COMPLETION = orjson.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Nine waterfalls. " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200},
    }
)
_REFUSAL = orjson.dumps(
    {
        "error": {
            "message": "Rate limit reached for model `bench` in organization `org_bench` service "
            "tier `on_demand` on requests per day (RPD): Limit 1000, Used 1000, Requested 1. "
            "Please try again in 2h0m0s.",
            "type": "requests",
            "code": "rate_limit_exceeded",
        }
    }
)
_PLAIN = _answer(b"200 OK", _COMPLETION, *_LIMITS)
_REFUSED = _answer(b"429 Too Many Requests", _REFUSAL, b"retry-after: 7200")
_UNKNOWN = _answer(b"404 Not Found", b"{}")

_STREAM_HEAD = b"\r\n".join(
    (
        b"HTTP/1.1 200 OK",
        b"content-type: text/event-stream",
        b"transfer-encoding: chunked",
        *_LIMITS,
        b"\r\n",
    )
)
_ROLE = _event({"role": "assistant", "content": ""})
_CONTENT = _event({"content": " tok"})
_END = _event({}, "stop") + _http_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
_FIRST = _STREAM_HEAD + _ROLE + _CONTENT


class Counts:
    """What all connections did."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        """Requests by behaviour."""
        self.held = 0
        """Held streams that are open."""
        self.freed: list[float] = []
        """When a held stream's client let go of it: `perf_counter`, one clock for all processes."""

    def as_json(self) -> bytes:
        return orjson.dumps({"calls": self.calls, "held": self.held, "freed": self.freed})


class Connection(asyncio.Protocol):
    """One keep-alive connection. `chunks` is the length of its paced streams."""

    def __init__(self, counts: Counts, chunks: int) -> None:
        self._counts = counts
        self._chunks = chunks
        self._received = bytearray()
        self._holding = self._flooding = False
        self._left = 0
        self._paused = False
        self._behaviours: dict[str, Callable[[], None]] = {
            "plain": lambda: self._write(_PLAIN),
            "refusing": lambda: self._write(_REFUSED),
            "brief": lambda: self._write(_FIRST + _END),
            "paced": self._paced,
            "flood": self._flood,
            "held": self._hold,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._write = transport.write

    def connection_lost(self, exc: Exception | None) -> None:
        self._left = 0
        if self._holding:
            self._counts.held -= 1
            self._counts.freed.append(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(received[:head_end]).lower()
        if len(received) < head_end + 4 + _content_length(head):
            return
        received.clear()
        self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, path: str) -> None:
        behaviour, _, rest = path.lstrip("/").partition("/")
        act = self._behaviours.get(behaviour)
        if behaviour == "counts":
            self._write(_answer(b"200 OK", self._counts.as_json()))
        elif act is None or not rest.endswith("chat/completions"):
            self._write(_UNKNOWN)
        else:
            self._counts.calls[behaviour] += 1
            act()

    def _hold(self) -> None:
        self._holding = True
        self._counts.held += 1
        self._write(_FIRST)

    def _paced(self) -> None:
        self._flooding = False
        self._left = self._chunks
        self._write(_STREAM_HEAD + _ROLE)
        loop = asyncio.get_running_loop()
        self._pace(loop, loop.time())

    def _pace(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._left:
            self._left -= 1
            self._write(_CONTENT)
            loop.call_at(at + SPACING, self._pace, loop, at + SPACING)
        elif not self._transport.is_closing():
            self._write(_END)

    def _flood(self) -> None:
        self._flooding = True
        self._left = self._chunks * FLOOD_LENGTH
        self._write(_STREAM_HEAD + _ROLE)
        self._pour()

    def _pour(self) -> None:
        while self._left and not self._paused:
            block = min(FLOOD_BLOCK, self._left)
            self._left -= block
            self._write(_CONTENT * block)
            if not self._left:
                self._write(_END)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._flooding:
            self._pour()


def _content_length(head: bytes) -> int:
    at = head.find(b"content-length:")
    return int(head[at + 15 :].partition(b"\r\n")[0]) if at >= 0 else 0


async def serve(port: int, chunks: int) -> None:
    """Until killed."""
    counts, loop = Counts(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(counts, chunks), "127.0.0.1", port, backlog=2048
    )
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
