"""A simulated model does what it is asked: text, a tool call, JSON of a schema."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from app.demo.completion import complete, instance

HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 2},
                "unit": {"enum": ["C", "F"]},
                "note": {"type": "string"},
            },
            "required": ["city", "days", "unit"],
        },
    },
}
CLOCK: dict[str, Any] = {"type": "function", "function": {"name": "clock"}}


def test_text_is_the_same_for_the_same_seed_and_cut_at_the_cap():
    first = complete(HELLO, random.Random(7))
    assert first == complete(HELLO, random.Random(7))
    assert first.finish_reason == "stop"
    assert first.completion_tokens == len(first.pieces) > 5
    short = complete({**HELLO, "max_tokens": 3}, random.Random(7))
    assert (short.finish_reason, short.completion_tokens) == ("length", 3)
    assert first.text.startswith(short.text)


def test_the_first_tool_is_called_with_what_it_requires():
    answer = complete({**HELLO, "tools": [WEATHER, CLOCK]}, random.Random(1))
    call = answer.tool_call
    assert call is not None
    assert (call.name, answer.finish_reason, answer.text) == ("weather", "tool_calls", "")
    assert json.loads(call.arguments) == {"city": "simulated", "days": 2, "unit": "C"}
    assert len(call.id) == 9
    assert call.id.isalnum()


@pytest.mark.parametrize(
    "more, name",
    [
        ({"tool_choice": {"type": "function", "function": {"name": "clock"}}}, "clock"),
        ({"tool_choice": "auto"}, "weather"),
        ({"tool_choice": "none"}, None),
        ({"messages": [{"role": "tool", "tool_call_id": "a", "content": "12:00"}]}, None),
    ],
)
def test_a_tool_is_called_only_when_it_is_wanted(more: dict[str, Any], name: str | None):
    call = complete({**HELLO, "tools": [WEATHER, CLOCK], **more}, random.Random(1)).tool_call
    assert (call.name if call else None) == name


def test_json_is_of_the_schema():
    schema = WEATHER["function"]["parameters"]
    wanted = {"type": "json_schema", "json_schema": {"name": "w", "schema": schema}}
    answer = complete({**HELLO, "response_format": wanted}, random.Random(1))
    assert json.loads(answer.text) == {"city": "simulated", "days": 2, "unit": "C"}
    plain = complete({**HELLO, "response_format": {"type": "json_object"}}, random.Random(1))
    assert isinstance(json.loads(plain.text), dict)


@pytest.mark.parametrize(
    "schema, value",
    [
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": ["null", "number"], "maximum": 0.5}, 0.5),
        ({"type": "string", "minLength": 12}, "simulated..."),
        ({"type": "string", "maxLength": 3}, "sim"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"const": 7}, 7),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "integer", "exclusiveMinimum": 4}}}, 5),
        ({"properties": {"a": {"type": "null"}}, "required": ["a"]}, {"a": None}),
    ],
)
def test_an_instance_fits_its_schema(schema: dict[str, Any], value: object):
    assert instance(schema) == value


def test_a_schema_that_refers_to_itself_comes_to_an_end():
    node = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert 1 < json.dumps(instance(node)).count("next") < 20
