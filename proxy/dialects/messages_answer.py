"""The objects of Anthropic's Messages: the message, its blocks, its usage, its errors."""

from __future__ import annotations

from typing import Any

import orjson

from proxy.dialects.blocks import Block
from proxy.dialects.dialect import Failure, Ticket
from proxy.dialects.frames import Tokens
from proxy.jsontext import is_object

_STOP = {"length": "max_tokens", "content_filter": "refusal"}

_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_TOO_LONG = "prompt is too long: "
"""By these words Claude Code knows that it has to compact the conversation."""


def message(
    ticket: Ticket,
    model: str,
    content: list[dict[str, Any]],
    stop_reason: str | None,
    usage: dict[str, Any],
) -> dict[str, Any]:
    """The `message` object."""
    return {
        "id": f"msg_{ticket.id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


def empty_block(block: Block, ticket: Ticket) -> dict[str, Any]:
    """A content block before it has said anything."""
    match block.kind:
        case "reasoning":
            # The signature is what only Anthropic could make; clients send it back, and we drop it.
            return {"type": "thinking", "thinking": "", "signature": ""}
        case "call":
            call_id = block.call_id or f"toolu_{ticket.id}_{block.index}"
            return {"type": "tool_use", "id": call_id, "name": block.name, "input": {}}
        case _:
            return {"type": "text", "text": ""}


def whole_block(block: Block, ticket: Ticket) -> dict[str, Any]:
    """A content block with all it says."""
    content = empty_block(block, ticket)
    match block.kind:
        case "reasoning":
            content["thinking"] = block.text
        case "call":
            content["input"] = _input(block.text)
        case _:
            content["text"] = block.text
    return content


def stop_reason(finish: str | None, *, calls: bool, refusal: bool) -> str:
    if refusal:
        return "refusal"
    if finish in _STOP:
        return _STOP[finish]
    return "tool_use" if calls else "end_turn"


def usage_of(tokens: Tokens) -> dict[str, Any]:
    """Here the prompt is told without what came from a cache."""
    return {
        "input_tokens": tokens.prompt - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.answer,
    }


def error(failure: Failure, id: str) -> dict[str, Any]:
    """Anthropic's error object, with our trail."""
    kind = _ERRORS.get(failure.status)
    if kind is None:
        kind = "invalid_request_error" if failure.status < 500 else "api_error"
    if failure.code == "insufficient_quota":
        kind = "billing_error"
    too_long = failure.code == "context_length_exceeded"
    told: dict[str, Any] = {
        "type": kind,
        "message": _TOO_LONG + failure.message if too_long else failure.message,
    }
    if failure.trail is not None:
        told["trail"] = failure.trail
    return {"type": "error", "error": told, "request_id": id}


def _input(arguments: str) -> dict[str, Any]:
    """A call's arguments. What is no object, which Anthropic has no form for, stands in one."""
    if not arguments.strip():
        return {}
    try:
        value: Any = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        value = None
    return value if is_object(value) else {"arguments": arguments}
