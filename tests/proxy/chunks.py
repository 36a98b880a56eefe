"""Chunks of a chat-completion stream, and a client that reads what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from proxy.errors import UpstreamFault
from proxy.stream import ChatStream

DONE = b"data: [DONE]\n\n"
HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return json.dumps({**HEAD, "choices": [choice], **more}).encode()


def event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def said(text: str, **more: Any) -> bytes:
    return event(chunk({"content": text}, **more))


ROLE = event(chunk({"role": "assistant", "content": ""}))
FIRST = said("FI")
SECOND = said("RST")
STOP = event(chunk(finish="stop"))
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
USAGE_CHUNK = event(json.dumps({**HEAD, "choices": [], "usage": USAGE}).encode())


def make(*, wants_usage: bool = False, **more: Any) -> ChatStream:
    return ChatStream(model="fallback", wants_usage=wants_usage, now=99, id="chatcmpl-x", **more)


def play(stream: ChatStream, *chunks: bytes) -> tuple[list[bytes], UpstreamFault | None]:
    """All frames, and the fault that ended the stream."""
    frames: list[bytes] = []
    try:
        for piece in chunks:
            frames += stream.feed(piece)
            if stream.fault:
                return frames, stream.fault
        return frames + stream.end(), stream.fault
    except UpstreamFault as fault:
        return frames, fault


def relay(*chunks: bytes, **options: Any) -> list[bytes]:
    frames, fault = play(make(**options), *chunks)
    assert fault is None, fault
    return frames


def read(frames: Iterable[bytes]) -> list[Any]:
    """What a client reads; each frame must be complete and strict by itself."""
    found: list[Any] = []
    for frame in frames:
        assert frame.startswith(b"data: ")
        assert frame.endswith(b"\n\n")
        assert frame.count(b"\n") == 2
        data = frame[6:-2].decode()
        found.append(data if data == "[DONE]" else json.loads(data, parse_constant=pytest.fail))
    return found


def content(frames: Iterable[bytes]) -> str:
    return "".join(
        choice["delta"].get("content") or ""
        for each in read(frames)
        if each != "[DONE]"
        for choice in each["choices"]
    )
