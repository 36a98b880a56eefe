"""Dotted names of request fields: how they are generalised, which may be left out, and how.

`*` stands for every element of an array: `messages.*.name`, `tools.*.function.strict`.
"""

from __future__ import annotations

import re
from typing import Any

from proxy.jsontext import is_array, is_object

Path = tuple[str, ...]

NEVER_DROPPED = frozenset(
    {"model", "messages", "stream", "tools", "tool_choice", "response_format", "stop", "n"}
)
"""Without one of these the answer would be another one: the entry is passed over instead."""

_MESSAGE_CORE = frozenset({"role", "content", "tool_calls", "tool_call_id", "function_call"})
_CALL_CORE = frozenset({"id", "type", "function", "custom"})
_FUNCTION_CORE = frozenset({"name", "arguments"})
_PART_EXTRAS = frozenset({"annotations", "cache_control", "extra_content"})
_TOOL_EXTRAS = frozenset({"cache_control", "strict"})

_BRACKETS = re.compile(r"\[(\d*|\*)\]")


def generalise(path: str) -> str:
    """The name that holds for every message: `messages.3.name`, `messages[].name` and
    `messages[3].name` all become `messages.*.name`. An element of an array means the array."""
    segments = [
        "*" if segment.isdecimal() else segment
        for segment in _BRACKETS.sub(".*", path).split(".")
        if segment
    ]
    while segments and segments[-1] == "*":
        segments.pop()
    return ".".join(segments)


def droppable(path: str) -> bool:
    """Whether a request may go out without this field; takes any spelling of a path.

    Within messages only what vendors add may go: never a role, a text, a tool call or its id. A
    `function_call` counts as droppable for its null, which OpenAI's SDK writes into every message
    of its own; one that holds a call stays.
    """
    match generalise(path).split("."):
        case [""]:
            return False
        case ["messages", "*", "content", "*", *rest]:
            return rest[:1] != [] and (rest[0] in _PART_EXTRAS or rest == ["image_url", "detail"])
        case ["messages", "*", "tool_calls", "*", "function", name, *_]:
            return name not in _FUNCTION_CORE
        case ["messages", "*", "tool_calls", "*", name, *_]:
            return name not in _CALL_CORE
        case ["messages", "*", "function_call"]:
            return True
        case ["messages", "*", name, *_]:
            return name not in _MESSAGE_CORE
        case ["tools", "*", name] | ["tools", "*", "function", name]:
            return name in _TOOL_EXTRAS
        case [name, *_]:
            return name not in NEVER_DROPPED
        case _:
            return False


def without(value: Any, path: Path) -> Any:
    """`value` without what stands at `path`; the same object where nothing does.

    Copies only what changes. An object that this leaves empty goes as well.
    """
    name, rest = path[0], path[1:]
    if name == "*":
        if not is_array(value):
            return value
        items = [without(item, rest) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if not is_object(value) or name not in value:
        return value
    if rest:
        inner = value[name]
        kept = without(inner, rest)
        if kept is inner:
            return value
        if kept != {}:
            return {**value, name: kept}
    return {key: item for key, item in value.items() if key != name}


def without_null(messages: list[Any], name: str) -> list[Any]:
    """Messages without a `name` that is null; the same list where none is."""
    nulls = [name in message and message[name] is None for message in messages]
    if not any(nulls):
        return messages
    return [
        without(message, (name,)) if null else message
        for message, null in zip(messages, nulls, strict=True)
    ]


def holds(value: Any, path: Path) -> bool:
    """Whether anything but null stands at `path`."""
    if not path:
        return value is not None
    name, rest = path[0], path[1:]
    if name == "*":
        return is_array(value) and any(holds(item, rest) for item in value)
    return is_object(value) and name in value and holds(value[name], rest)
