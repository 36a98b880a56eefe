"""Canned answers for `FakeProvider`: what a provider says, without a provider."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `body` goes out piece by piece; at an `asyncio.Event` it waits until it is set.

    A plain body is sent with its length, a `stream` chunked. `cut`: the connection is closed hard
    after the last piece, without the end that the framing promises.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Sequence[bytes | asyncio.Event] = ()
    stream: bool = False
    cut: bool = False


def reply(
    status: int = 200,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    gate: asyncio.Event | None = None,
) -> Reply:
    """Any plain answer. `body`: bytes and str as they are, None is empty, all else becomes JSON.

    With a `gate` nothing, not even the status, is sent until it is set.
    """
    kind = "application/json"
    if body is None:
        raw = b""
    elif isinstance(body, bytes | str):
        raw = body.encode() if isinstance(body, str) else body
        kind = "text/html" if raw.lstrip().startswith(b"<") else kind
    else:
        raw = orjson.dumps(body)
    pieces: list[bytes | asyncio.Event] = [gate, raw] if gate else [raw]
    return Reply(status, {"content-type": kind, **(headers or {})}, pieces)


def refusal(
    status: int = 429,
    message: str = "slow down",
    *,
    code: str | int | None = "rate_limit_exceeded",
    type: str = "requests",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An error in OpenAI's envelope."""
    error = {"message": message, "type": type, "param": None, "code": code}
    return reply(status, {"error": error}, headers=headers)


def completion(
    content: str | None = "hi",
    *,
    tool_calls: Sequence[Mapping[str, Any]] = (),
    usage: tuple[int, int] | None = (3, 1),
    headers: Mapping[str, str] | None = None,
    gate: asyncio.Event | None = None,
    **more: Any,
) -> Reply:
    """A well-formed plain completion. `usage`: tokens in and out; `more` is added at the top."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if tool_calls:
        message["tool_calls"] = list(tool_calls)
    finish = "tool_calls" if tool_calls else "stop"
    body: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if usage is not None:
        body["usage"] = usage_of(*usage)
    return reply(200, {**body, **more}, headers=headers, gate=gate)


def usage_of(tokens_in: int, tokens_out: int) -> dict[str, int]:
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def chunk(
    delta: Mapping[str, Any] | None = None,
    *,
    finish: str | None = None,
    usage: tuple[int, int] | None = None,
    **more: Any,
) -> bytes:
    """One event of a stream. Without `delta` and `finish`: empty choices, as the usage chunk."""
    choices: list[dict[str, Any]] = []
    if delta is not None or finish is not None:
        choices = [{"index": 0, "delta": dict(delta or {}), "finish_reason": finish}]
    body: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "fake",
        "choices": choices,
    }
    if usage is not None:
        body["usage"] = usage_of(*usage)
    return sse({**body, **more})


def sse(body: object) -> bytes:
    """One server-sent event: bytes and str as they are after `data: `, all else as JSON."""
    raw = body.encode() if isinstance(body, str) else body
    return b"data: " + (raw if isinstance(raw, bytes) else orjson.dumps(raw)) + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})
DONE = sse("[DONE]")


def stream(
    *pieces: str | bytes | asyncio.Event,
    usage: tuple[int, int] | None = (3, 2),
    finish: str | None = "stop",
    done: bool = True,
    cut: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A stream: the role, then the pieces, then finish, usage and `[DONE]`.

    A str is sent as a content chunk, bytes as they are, an `asyncio.Event` is a gate that the
    stream waits at. `raw_stream` sends nothing of its own.
    """
    body: list[bytes | asyncio.Event] = [ROLE]
    body += [chunk({"content": piece}) if isinstance(piece, str) else piece for piece in pieces]
    if finish is not None:
        body.append(chunk({}, finish=finish))
    if usage is not None:
        body.append(chunk(usage=usage))
    if done:
        body.append(DONE)
    return raw_stream(*body, cut=cut, headers=headers)


def raw_stream(
    *pieces: bytes | asyncio.Event, cut: bool = False, headers: Mapping[str, str] | None = None
) -> Reply:
    """A 200 `text/event-stream` of exactly these pieces."""
    kind = {"content-type": "text/event-stream", **(headers or {})}
    return Reply(200, kind, pieces, stream=True, cut=cut)
