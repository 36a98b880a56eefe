"""What the frames of a chat stream, and a whole completion, say: the one choice, the usage."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

import orjson

from proxy.answer import as_list, as_object, finish_reason, read_usage
from proxy.chat_request import ChatRequest, estimate

_DATA = b"data: "
_END = b"\n\n"
_DONE = b"[DONE]"


def payloads(frames: bytes) -> Iterator[dict[str, Any] | None]:
    """The JSON object of each frame in order; None for `[DONE]`."""
    for frame in frames.split(_END):
        if not frame:
            continue
        data = frame.removeprefix(_DATA)
        yield None if data == _DONE else orjson.loads(data)


class Choice(NamedTuple):
    """`said` is a delta or a whole message."""

    said: dict[str, Any]
    finish: str | None


def first_choice(payload: dict[str, Any]) -> Choice | None:
    """The choice with index 0: the formats that are not chat have but one."""
    for choice in map(as_object, as_list(payload.get("choices")) or ()):
        if choice is not None and choice.get("index", 0) == 0:
            said = as_object(choice.get("delta")) or as_object(choice.get("message")) or {}
            return Choice(said, finish_reason(choice))
    return None


class Tokens(NamedTuple):
    """`cached` is part of the prompt, `reasoning` part of the answer."""

    prompt: int
    answer: int
    cached: int = 0
    reasoning: int = 0


def tokens_of(payload: dict[str, Any]) -> Tokens | None:
    """The usage that a chunk or a completion states; None where it states none that makes sense."""
    usage = as_object(payload.get("usage"))
    read = read_usage(usage) if usage is not None else None
    if usage is None or read is None:
        return None
    prompt, answer = read
    return Tokens(
        prompt,
        answer,
        min(prompt, _detail(usage, "prompt_tokens_details", "cached_tokens")),
        min(answer, _detail(usage, "completion_tokens_details", "reasoning_tokens")),
    )


def _detail(usage: dict[str, Any], group: str, name: str) -> int:
    value = (as_object(usage.get(group)) or {}).get(name)
    return value if type(value) is int and value > 0 else 0


def estimated_tokens(chat: ChatRequest, size: int) -> Tokens:
    """Where the upstream told no usage; `size` is the answer's, in UTF-8 bytes."""
    return Tokens(estimate(chat), ceil(size / 4))
