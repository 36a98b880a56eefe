"""A Responses request as a chat request."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.chat_fields import FIELDS
from proxy.chat_request import ChatRequest
from proxy.dialects.responses import ResponsesDialect
from proxy.dialects.responses_request import _SAME_IN_CHAT  # pyright: ignore[reportPrivateUsage]
from tests.proxy.dialects.chat import TICKET, fault_of

DIALECT = ResponsesDialect()
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}
CHAT_FUNCTION = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object"}, "strict": False},
}


def read(**body: Any) -> ChatRequest:
    return DIALECT.read(orjson.dumps({"model": "free", "input": "Hi", **body}), TICKET).chat


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts)}


def asked(name: str, call_id: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def answered(call_id: str, output: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


THOUGHT = {"type": "summary_text", "text": "h"}
SCHEMA: dict[str, Any] = {"name": "n", "schema": {}, "strict": True}


SETTINGS: list[tuple[Any, ...]] = [
    ({"max_output_tokens": 7}, {"max_tokens": 7}),
    ({"reasoning": {"effort": "low", "summary": "auto"}}, {"reasoning_effort": "low"}),
    ({"text": {"format": {"type": "text"}, "verbosity": "low"}}, {"verbosity": "low"}),
    (
        {"text": {"format": {"type": "json_object"}}},
        {"response_format": {"type": "json_object"}},
    ),
    (
        {"text": {"format": {"type": "json_schema", **SCHEMA}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": SCHEMA,
            }
        },
    ),
    (
        {"temperature": 0.1, "top_p": 1, "user": "u"},
        {"temperature": 0.1, "top_p": 1, "user": "u"},
    ),
    ({"store": False, "previous_response_id": None, "stream": True}, {"stream": True}),
    ({"tools": [FUNCTION]}, {"tools": [CHAT_FUNCTION]}),
    (
        {"tools": [FUNCTION], "tool_choice": "required", "parallel_tool_calls": False},
        {"tools": [CHAT_FUNCTION], "tool_choice": "required", "parallel_tool_calls": False},
    ),
    (
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "f"}},
        {
            "tools": [CHAT_FUNCTION],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        },
    ),
    (
        {
            "tools": [FUNCTION, {**FUNCTION, "name": "g"}],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}],
            },
        },
        {"tools": [CHAT_FUNCTION], "tool_choice": "required"},
    ),
    ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}, {}),
]


@pytest.mark.parametrize(
    "given, chat",
    SETTINGS,
    ids=lambda value: ",".join(value),
)
def test_settings_go_by_their_names_in_chat(given: dict[str, Any], chat: dict[str, Any]):
    body = read(**given).body
    assert {name: body[name] for name in body if name not in ("model", "messages")} == chat


def test_a_custom_tool_is_a_function_of_one_text_and_its_grammar_is_told():
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}
    chat = read(tools=[{"type": "custom", "name": "p", "description": "d", "format": grammar}])
    (tool,) = chat.body["tools"]
    assert tool["function"]["name"] == "p"
    described = tool["function"]["parameters"]["properties"]["input"]["description"]
    assert described == "Text in this lark grammar:\nstart: /x/"
    assert chat.dropped == ()


LEFT_OUT: list[tuple[Any, ...]] = [
    ({"tools": [{"type": "web_search"}, FUNCTION]}, ("tools.web_search",)),
    ({"tools": [{**FUNCTION, "defer_loading": True}]}, ("tools.*.defer_loading",)),
    ({"include": ["reasoning.encrypted_content"]}, ("include",)),
    (
        {"prompt_cache_key": "k", "client_metadata": {}, "new_field": 1},
        ("client_metadata", "new_field", "prompt_cache_key"),
    ),
    ({"truncation": "auto"}, ("truncation",)),
    ({"truncation": "disabled", "include": [], "background": False, "metadata": {}}, ()),
    (
        {"input": [{"type": "web_search_call", "id": "w"}, {"role": "user", "content": "x"}]},
        ("input.web_search_call",),
    ),
    (
        {"input": [{"role": "user", "content": "x"}, {"role": "developer", "content": "y"}]},
        ("input.*.role",),
    ),
    (
        {
            "input": [
                {"type": "reasoning", "summary": [], "encrypted_content": "gA"},
                {"role": "user", "content": "x"},
            ]
        },
        ("input.reasoning.encrypted_content",),
    ),
    (
        {
            "input": [
                {"type": "reasoning", "summary": [THOUGHT]},
                {"role": "user", "content": "x"},
            ]
        },
        ("input.reasoning",),
    ),
]


@pytest.mark.parametrize(
    "given, dropped",
    LEFT_OUT,
)
def test_what_has_no_place_in_chat_is_left_out_and_named(
    given: dict[str, Any], dropped: tuple[str, ...]
):
    assert read(**given).dropped == dropped


REFUSED: list[tuple[Any, ...]] = [
    ({"store": True}, "store", "store=false"),
    ({"previous_response_id": "resp_1"}, "previous_response_id", "whole conversation"),
    ({"conversation": "conv_1"}, "conversation", "whole conversation"),
    ({"background": True}, "background", "leave it out"),
    ({"prompt": {"id": "p"}}, "prompt", "instructions"),
    ({"input": None}, "input", "missing"),
    ({"input": []}, "input", "empty"),
    ({"input": [1]}, "input.0", "object"),
    ({"input": [{"type": "item_reference", "id": "x"}]}, "input.0", "store=false"),
    ({"input": [{"role": "user", "content": []}]}, "input.0.content", "parts"),
    ({"input": [user({"type": "input_file", "file_id": "f"})]}, "input.0.content.0", "text"),
    (
        {"input": [user({"type": "input_image", "file_id": "f"})]},
        "input.0.content.0",
        "image_url",
    ),
    ({"input": [{"role": "critic", "content": "x"}]}, "input.0.role", "critic"),
    ({"input": [asked("", "c")]}, "input.0.name", "string"),
    ({"input": [answered("c", 3)]}, "input.0.output", "string"),
    ({"input": [{"type": "web_search_call"}]}, "input", "nothing"),
    ({"instructions": 3}, "instructions", "string"),
    ({"max_output_tokens": 0}, "max_output_tokens", "at least 1"),
    ({"tools": [{"type": "function"}]}, "tools.0.name", "string"),
    ({"tools": [{"name": "f"}]}, "tools.0.type", "string"),
    ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tool_choice", "call"),
    ({"tool_choice": {"type": "web_search"}}, "tool_choice", "function"),
    ({"tool_choice": "maybe"}, "tool_choice", "auto"),
    ({"text": {"format": {}}}, "text.format.type", "string"),
    ({"temperature": "hot"}, "temperature", "number"),
    ({"model": ""}, "model", "string"),
]


@pytest.mark.parametrize(
    "given, param, word",
    REFUSED,
)
def test_what_would_change_the_meaning_is_refused_by_name(
    given: dict[str, Any], param: str, word: str
):
    fault = fault_of(DIALECT.read, {"model": "m", "input": "Hi", **given})
    assert fault.param == param
    assert word in fault.message


def test_the_shared_settings_are_fields_of_chat():
    assert set(_SAME_IN_CHAT) <= set(FIELDS)
