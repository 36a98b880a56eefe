"""An Anthropic Messages request as a chat request."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.chat_request import ChatRequest
from proxy.dialects.messages import MessagesDialect
from tests.proxy.dialects.chat import TICKET, fault_of, tool_call

DIALECT = MessagesDialect()
HI: dict[str, Any] = {"role": "user", "content": "Hi"}
LEAST: dict[str, Any] = {"model": "claude-sonnet-4-5", "max_tokens": 99, "messages": [HI]}
CACHED = {"cache_control": {"type": "ephemeral"}}
PNG = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
IMAGE = {"type": "image", "source": PNG}
CHAT_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}},
}


def read(**body: Any) -> ChatRequest:
    return DIALECT.read(orjson.dumps({**LEAST, **body}), TICKET).chat


def text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def use(id: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **more}


ASKED = {"role": "assistant", "content": [use("t1", "f", {"a": 1})]}
CHAT_ASKED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [tool_call("t1", "f", '{"a":1}')],
}


TURNS: list[tuple[Any, ...]] = [
    ([HI], [HI]),
    ([{"role": "user", "content": [text("Hi")]}], [HI]),
    (
        [{"role": "user", "content": [text("one"), text("two"), IMAGE]}],
        [{"role": "user", "content": [text("one"), text("two"), CHAT_IMAGE]}],
    ),
    (
        [
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "url", "url": "https://x/y"}}],
            }
        ],
        [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://x/y"}}],
            }
        ],
    ),
    (
        [HI, {"role": "assistant", "content": [text("a"), text("b"), use("t1", "f", {})]}],
        [
            HI,
            {
                "role": "assistant",
                "content": "ab",
                "tool_calls": [tool_call("t1", "f", "{}")],
            },
        ],
    ),
    (
        [ASKED, {"role": "user", "content": [text("and now?"), result("t1", "42")]}],
        [
            CHAT_ASKED,
            {"role": "tool", "tool_call_id": "t1", "content": "42"},
            {"role": "user", "content": "and now?"},
        ],
    ),
    (
        [
            ASKED,
            {
                "role": "user",
                "content": [result("t1", [text("seen"), text("this"), IMAGE]), text("so?")],
            },
        ],
        [
            CHAT_ASKED,
            {"role": "tool", "tool_call_id": "t1", "content": "seen\n\nthis"},
            {"role": "user", "content": [CHAT_IMAGE, text("so?")]},
        ],
    ),
    (
        [ASKED, {"role": "user", "content": [result("t1", None)]}],
        [CHAT_ASKED, {"role": "tool", "tool_call_id": "t1", "content": ""}],
    ),
    (
        [
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm"}, text("yes")],
            }
        ],
        [{"role": "assistant", "content": "yes", "reasoning_content": "hm"}],
    ),
    (
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "a text"},
                    }
                ],
            }
        ],
        [{"role": "user", "content": "a text"}],
    ),
    (
        [HI, {"role": "assistant", "content": []}],
        [HI, {"role": "assistant", "content": ""}],
    ),
]


@pytest.mark.parametrize(
    "turns, messages",
    TURNS,
    ids=[
        "string",
        "one text",
        "texts and an image",
        "image by address",
        "text and a call",
        "results before text",
        "image in a result",
        "empty result",
        "thinking",
        "document of text",
        "empty turn",
    ],
)
def test_turns_become_messages(turns: list[Any], messages: list[Any]):
    assert read(messages=turns).body["messages"] == messages


@pytest.mark.parametrize(
    "system, first",
    [("be brief", "be brief"), ([text("be", **CACHED), text("brief")], "be\n\nbrief")],
)
def test_the_system_prompt_is_the_first_message(system: object, first: str):
    assert read(system=system).body["messages"] == [{"role": "system", "content": first}, HI]


SETTINGS: list[tuple[Any, ...]] = [
    ({}, {}),
    ({"stream": True, "top_p": 0.5}, {"stream": True, "top_p": 0.5}),
    ({"stop_sequences": ["a", "b"]}, {"stop": ["a", "b"]}),
    ({"tools": [TOOL]}, {"tools": [CHAT_TOOL]}),
    ({"tools": [{**TOOL, "type": "custom"}]}, {"tools": [CHAT_TOOL]}),
    (
        {"tools": [TOOL], "tool_choice": {"type": "auto"}},
        {"tools": [CHAT_TOOL], "tool_choice": "auto"},
    ),
    (
        {"tools": [TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        {"tools": [CHAT_TOOL], "tool_choice": "required", "parallel_tool_calls": False},
    ),
    (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "f"}},
        {
            "tools": [CHAT_TOOL],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        },
    ),
    (
        {"tools": [TOOL], "tool_choice": {"type": "none"}},
        {"tools": [CHAT_TOOL], "tool_choice": "none"},
    ),
    (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
            }
        },
    ),
]


@pytest.mark.parametrize(
    "given, chat",
    SETTINGS,
    ids=lambda value: ",".join(value),
)
def test_settings_go_by_their_names_in_chat(given: dict[str, Any], chat: dict[str, Any]):
    body = read(**given).body
    assert body["max_tokens"] == 99
    assert body["model"] == "claude-sonnet-4-5"
    rest = {name: body[name] for name in body if name not in ("model", "messages", "max_tokens")}
    assert rest == chat


LEFT_OUT: list[tuple[Any, ...]] = [
    ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, ("thinking",)),
    ({"thinking": {"type": "disabled"}}, ()),
    ({"top_k": 5, "metadata": {"user_id": "u"}}, ("metadata", "top_k")),
    ({"system": [text("x", **CACHED)], "tools": [{**TOOL, **CACHED}]}, ("cache_control",)),
    ({"messages": [{"role": "user", "content": [text("x", **CACHED)]}]}, ("cache_control",)),
    (
        {"tools": [TOOL, {"type": "web_search_20250305", "name": "web_search"}]},
        ("tools.web_search_20250305",),
    ),
    ({"tools": [{**TOOL, "eager_input_streaming": True}]}, ("tools.*.eager_input_streaming",)),
    ({"output_config": {"effort": "high"}}, ("output_config.effort",)),
    ({"messages": [HI, {"role": "system", "content": "x"}]}, ("messages.*.role",)),
    ({"context_management": {}, "mcp_servers": []}, ("context_management", "mcp_servers")),
    (
        {
            "messages": [
                HI,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "s"},
                        {"type": "redacted_thinking", "data": "x"},
                        text("yes"),
                    ],
                },
                {"role": "user", "content": [result("t1", "no", is_error=True)]},
            ]
        },
        (
            "messages.*.content.*.is_error",
            "messages.*.content.*.redacted_thinking",
            "messages.*.content.*.signature",
        ),
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
    ({"max_tokens": None}, "max_tokens", "missing"),
    ({"max_tokens": 0}, "max_tokens", "at least 1"),
    ({"messages": []}, "messages", "empty"),
    ({"messages": ["x"]}, "messages.0", "object"),
    ({"messages": [{"content": "x"}]}, "messages.0.role", "missing"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "tool"),
    ({"messages": [{"role": "user"}]}, "messages.0.content", "missing"),
    (
        {"messages": [{"role": "user", "content": [{"type": "search_result"}]}]},
        "messages.0.content.0",
        "search_result",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "document", "source": PNG}]}]},
        "messages.0.content.0",
        "text",
    ),
    (
        {
            "messages": [
                {"role": "user", "content": [{"type": "image", "source": {"type": "file"}}]}
            ]
        },
        "messages.0.content.0",
        "base64",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]},
        "messages.0.content.0.tool_use_id",
        "missing",
    ),
    ({"system": [{"type": "image"}]}, "system.0", "text"),
    ({"tools": [{"name": "f"}]}, "tools.0.input_schema", "object"),
    ({"tool_choice": {"type": "tool", "name": "f"}}, "tool_choice.name", "tool"),
    ({"tool_choice": {"type": "any"}}, "tool_choice", "tool"),
    ({"tools": [TOOL], "tool_choice": {"type": "odd"}}, "tool_choice.type", "auto"),
    ({"thinking": True}, "thinking", "object"),
    ({"temperature": "hot"}, "temperature", "number"),
    ({"model": None}, "model", "missing"),
]


@pytest.mark.parametrize(
    "given, param, word",
    REFUSED,
)
def test_what_would_change_the_meaning_is_refused_by_name(
    given: dict[str, Any], param: str, word: str
):
    fault = fault_of(DIALECT.read, {**LEAST, **given})
    assert fault.param == param
    assert word in fault.message


def test_counting_needs_no_max_tokens():
    body = {name: value for name, value in LEAST.items() if name != "max_tokens"}
    chat = DIALECT.read_to_count(orjson.dumps(body))
    assert chat.prompt_bytes == 2
    assert "max_tokens" not in chat.body
