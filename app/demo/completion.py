"""What a simulated model says: text, a tool call, or JSON that fits a schema. Pure and seeded."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

_SENTENCES = (
    "A chain is asked from the top, and the first entry that has quota left answers.",
    "Water takes the next step down when the one above is full.",
    "Every limit refills in the end; the question is only when.",
    "Four hundred and twenty-nine is a number that somebody else can worry about.",
    "The bucket refills steadily, so a short wait is often enough.",
    "Nothing was wasted: the entry that was known to be spent was not asked.",
    "The headers of this answer say what is left, and the gauges follow them.",
    "Free tiers are small, but several of them together go a long way.",
    "A refusal is information, and it is remembered until it no longer holds.",
    "The first token comes quickly when the road is clear.",
)

# Deep enough for real schemas, and an end for one that refers to itself.
_MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished answer of a model. `pieces` joined are its text, cut as a stream sends them."""

    pieces: tuple[str, ...]
    tool_call: ToolCall | None
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


def prompt_tokens(request: Mapping[str, Any]) -> int:
    """What the simulated tokenizer makes of a request: a token for four bytes of its content."""
    counted = {
        key: request[key] for key in ("messages", "tools", "response_format") if request.get(key)
    }
    return max(1, len(orjson.dumps(counted)) // 4)


def answer_cap(request: Mapping[str, Any]) -> int | None:
    """The largest answer the client asked for, in tokens, or None."""
    for name in ("max_completion_tokens", "max_tokens"):
        cap = request.get(name)
        if isinstance(cap, int) and not isinstance(cap, bool):
            return cap
    return None


def complete(request: Mapping[str, Any], chance: random.Random) -> Completion:
    """Answer a chat request: a tool call where tools are given, JSON where it is asked for."""
    asked = prompt_tokens(request)
    if tool := _tool_to_call(request):
        call = _call(tool, chance)
        tokens = max(1, (len(call.arguments) + len(call.name)) // 4)
        return Completion((), call, "tool_calls", asked, tokens)
    pieces = _pieces(_text(request, chance))
    cap = answer_cap(request)
    if cap is not None and cap < len(pieces):
        return Completion(tuple(pieces[:cap]), None, "length", asked, max(1, cap))
    return Completion(tuple(pieces), None, "stop", asked, max(1, len(pieces)))


def _pieces(text: str) -> list[str]:
    """A piece is a word with the blank before it: one token each."""
    return re.findall(r"\s*\S+", text)


def _text(request: Mapping[str, Any], chance: random.Random) -> str:
    wanted = _mapping(request.get("response_format"))
    if wanted.get("type") == "json_schema":
        schema = _mapping(_mapping(wanted.get("json_schema")).get("schema"))
        return orjson.dumps(instance(schema)).decode()
    if wanted.get("type") == "json_object":
        return '{"answer": "a simulated answer"}'
    return " ".join(chance.sample(_SENTENCES, chance.randint(2, 5)))


def _tool_to_call(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The function to call: the one that `tool_choice` names, else the first one."""
    messages = _sequence(request.get("messages"))
    if messages and _mapping(messages[-1]).get("role") == "tool":
        return None
    functions = [
        _mapping(_mapping(tool).get("function")) for tool in _sequence(request.get("tools"))
    ]
    choice = request.get("tool_choice")
    if not functions or choice == "none":
        return None
    wanted = _mapping(_mapping(choice).get("function")).get("name")
    return next((one for one in functions if one.get("name") == wanted), functions[0])


def _call(function: Mapping[str, Any], chance: random.Random) -> ToolCall:
    arguments = instance(_mapping(function.get("parameters")) or {"type": "object"})
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    # Nine alphanumerics are what Mistral insists on, and good enough for everybody else.
    call_id = "".join(chance.choices(letters, k=9))
    return ToolCall(call_id, str(function.get("name", "")), orjson.dumps(arguments).decode())


def instance(schema: Mapping[str, Any]) -> Any:
    """A small value that is valid against a JSON schema of the kinds that models are given."""
    return _instance(schema, schema, 0)


def _instance(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return None
    if "$ref" in schema:
        return _instance(_resolve(str(schema["$ref"]), root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if options := _sequence(schema.get("enum")):
        return options[0]
    for union in ("anyOf", "oneOf", "allOf"):
        if options := _sequence(schema.get(union)):
            return _instance(_mapping(options[0]), root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if options := _sequence(kind):
        kind = next((one for one in options if one != "null"), "null")
    if kind == "object":
        return _object(schema, root, depth)
    if kind == "array":
        item = _mapping(schema.get("items"))
        count = max(int(schema.get("minItems", 1)), 0)
        return [_instance(item, root, depth + 1) for _ in range(count)]
    return _scalar(str(kind), schema)


def _object(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = _mapping(schema.get("properties"))
    required = _sequence(schema.get("required"))
    return {
        str(name): _instance(_mapping(properties.get(str(name))), root, depth + 1)
        for name in required
    }


def _scalar(kind: str, schema: Mapping[str, Any]) -> Any:
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    text = {"date": "2026-11-22", "date-time": "2026-11-22T13:00:00Z"}.get(
        str(schema.get("format")), "simulated"
    )
    text = text.ljust(int(schema.get("minLength", 0)), ".")
    return text[: int(schema.get("maxLength", len(text)))]


def _number(schema: Mapping[str, Any]) -> Any:
    if "minimum" in schema:
        return schema["minimum"]
    if "exclusiveMinimum" in schema:
        return schema["exclusiveMinimum"] + 1
    return min(1, schema.get("maximum", 1))


def _resolve(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `#/$defs/Name`; an empty schema, which anything fits, where there is nothing."""
    place: Mapping[str, Any] = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            place = _mapping(place.get(step))
    return place


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else ()
