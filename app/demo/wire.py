"""A simulated completion in OpenAI's wire format: the plain body, and the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from app.demo.completion import Completion
from app.demo.dialect import Dialect

DONE = b"data: [DONE]\n\n"


def event(body: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(body) + b"\n\n"


def plain_body(
    dialect: Dialect, answer_id: str, model: str, created: int, completion: Completion
) -> dict[str, Any]:
    """The body of a plain answer."""
    message: dict[str, Any] = {"role": "assistant", "content": completion.text}
    if call := completion.tool_call:
        function = {"name": call.name, "arguments": call.arguments}
        message["content"] = None
        message["tool_calls"] = [{"id": call.id, "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason}
    return dialect.plain(
        {
            "id": answer_id,
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [choice],
            "usage": completion.usage,
        }
    )


def chunks(
    dialect: Dialect,
    answer_id: str,
    model: str,
    created: int,
    completion: Completion,
    *,
    include_usage: bool,
) -> Iterator[bytes]:
    """The events of a stream, `[DONE]` not among them: role, content, finish, usage."""

    def chunk(choices: list[dict[str, Any]], **more: Any) -> bytes:
        body = {"id": answer_id, "object": "chat.completion.chunk", "created": created}
        return event(dialect.chunk({**body, "model": model, "choices": choices, **more}))

    def delta(content: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        return chunk([{"index": 0, "delta": content, "finish_reason": finish}], **more)

    yield delta({"role": "assistant", "content": ""})
    for piece in completion.pieces:
        yield delta({"content": piece})
    if call := completion.tool_call:
        head = {"name": call.name, "arguments": ""}
        yield delta({"tool_calls": [_call_delta(head, id=call.id, type="function")]})
        for part in _halves(call.arguments):
            yield delta({"tool_calls": [_call_delta({"arguments": part})]})
    usage = completion.usage
    if dialect.usage == "finish":
        yield delta({}, completion.finish_reason, usage=usage)
    elif dialect.usage == "x_groq":
        yield delta({}, completion.finish_reason, x_groq={"id": answer_id, "usage": usage})
    else:
        yield delta({}, completion.finish_reason)
    if include_usage and dialect.usage != "finish":
        yield chunk([], usage=usage)


def _call_delta(function: dict[str, str], **more: str) -> dict[str, Any]:
    return {"index": 0, **more, "function": function}


def _halves(arguments: str) -> tuple[str, str]:
    middle = len(arguments) // 2
    return arguments[:middle], arguments[middle:]
