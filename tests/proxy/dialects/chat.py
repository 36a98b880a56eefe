"""Chat answers to translate, and what a client of another format reads of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from proxy.dialects.dialect import Exchange, Telling, Ticket
from proxy.errors import RequestFault

TICKET = Ticket("0123456789abcdef01234567", 1_760_000_000)
DONE = b"data: [DONE]\n\n"
USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 12,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 10},
    "completion_tokens_details": {"reasoning_tokens": 5},
}


def frame(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk; without a delta and a finish, one without choices."""
    choices: list[Any] = []
    if delta is not None or finish is not None:
        choices = [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "served"}
    return b"data: " + orjson.dumps({**head, "choices": choices, **more}) + b"\n\n"


def called(index: int, arguments: str, name: str = "", id: str = "") -> dict[str, Any]:
    """A delta with a fragment of a tool call."""
    function = {"arguments": arguments, **({"name": name} if name else {})}
    call = {"index": index, "function": function, **({"id": id} if id else {})}
    return {"tool_calls": [call]}


def frames(
    *deltas: dict[str, Any], finish: str = "stop", usage: dict[str, Any] | None = USAGE
) -> list[bytes]:
    """A whole stream."""
    last = [frame(usage=usage)] if usage is not None else []
    start = frame({"role": "assistant", "content": ""})
    return [start, *map(frame, deltas), frame({}, finish), *last, DONE]


def completion(
    message: dict[str, Any], finish: str = "stop", usage: dict[str, Any] | None = USAGE
) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "served"}
    return orjson.dumps({**head, "choices": [choice], "usage": usage})


def tool_call(id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def events(told: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each with the two lines that clients want."""
    found: list[dict[str, Any]] = []
    for block in told.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        body = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {body['type']}"
        found.append(body)
    assert told.endswith(b"\n\n") or not told
    return found


def play(telling: Telling, pieces: Iterable[bytes]) -> list[dict[str, Any]]:
    return events(b"".join(telling.feed(piece) for piece in pieces))


def told(exchange: Exchange, message: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    """The body of a plain answer."""
    return orjson.loads(exchange.plain(completion(message, finish)))


def fault_of(read: Any, body: object) -> RequestFault:
    """The fault with which a dialect refuses `body`."""
    with pytest.raises(RequestFault) as caught:
        read(orjson.dumps(body), TICKET)
    assert caught.value.status == 400
    return caught.value
