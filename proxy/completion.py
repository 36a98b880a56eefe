"""A plain answer: one chat.completion, read and repaired."""

from __future__ import annotations

from typing import Any, NamedTuple

from proxy.answer import (
    MapToolId,
    Usage,
    as_list,
    as_object,
    fill,
    finish_reason,
    is_meaningful,
    parse,
    raise_carried_error,
    read_usage,
    serialise,
    stated_usage,
    text_bytes,
)
from proxy.errors import UpstreamFault
from proxy.tool_calls import rename_calls


class Completion(NamedTuple):
    """`body` is JSON for the client. `text_bytes` (UTF-8) is for an estimate without usage."""

    body: bytes
    usage: Usage | None
    text_bytes: int


def read_completion(
    body: bytes,
    *,
    model: str,
    id: str,
    created: int,
    map_tool_id: MapToolId | None = None,
    texts: bool = False,
) -> Completion:
    """The completion in the body of an upstream's 200, its bytes kept where nothing was missing.

    `model`, `id` and `created` (seconds since the epoch) fill in what the upstream left out.
    `texts`: a text completion was asked for, whose choices have a text in place of a message.
    UpstreamFault("error") where the body carries an error, UpstreamFault("broken") where it is no
    completion: no JSON object, no choices, a choice without a message, nothing said and no end.
    """
    payload, value = parse(body)
    if (listed := as_list(value)) and (first := as_object(listed[0])) is not None:
        raise_carried_error(first, payload)  # Gemini wraps its errors in an array
    answer = as_object(value)
    if answer is None:
        raise UpstreamFault("broken", "an answer that is no JSON object")
    raise_carried_error(answer, payload)
    repaired = texts and _read_texts(answer)
    messages = _messages(answer)

    repaired |= any(
        [
            fill(answer, "id", id),
            fill(answer, "object", "chat.completion"),
            fill(answer, "created", created),
            fill(answer, "model", model),
        ]
    )
    for position, (choice, message) in enumerate(messages):
        calls = [call for call in map(as_object, as_list(message.get("tool_calls")) or ()) if call]
        repaired |= fill(choice, "index", position)
        if finish_reason(choice) is None:
            choice["finish_reason"], repaired = "tool_calls" if calls else "stop", True
        repaired |= rename_calls(calls, map_tool_id)

    usage = stated_usage(answer)
    return Completion(
        serialise(answer) if repaired else payload,
        read_usage(usage) if usage else None,
        sum(text_bytes(message) for _, message in messages),
    )


def _read_texts(answer: dict[str, Any]) -> bool:
    """Give each choice of a text completion the message that says its text; whether it is one."""
    found = False
    for choice in map(as_object, as_list(answer.get("choices")) or ()):
        if choice and "message" not in choice and isinstance(choice.get("text"), str):
            choice["message"], found = {"role": "assistant", "content": choice["text"]}, True
    return found


def _messages(answer: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The choices, each with its message."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for choice in map(as_object, as_list(answer.get("choices")) or ()):
        message = as_object(choice.get("message")) if choice else None
        if choice is None or message is None:
            raise UpstreamFault("broken", "a choice without a message")
        if not is_meaningful(message) and finish_reason(choice) is None:
            raise UpstreamFault("broken", "a choice that says nothing and did not end")
        found.append((choice, message))
    if not found:
        raise UpstreamFault("broken", "an answer without choices")
    return found
