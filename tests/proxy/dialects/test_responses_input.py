"""The input of a Responses request as chat messages."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.chat_request import ChatRequest
from proxy.dialects.responses import ResponsesDialect
from tests.proxy.dialects.chat import TICKET, tool_call

DIALECT = ResponsesDialect()
PIXEL = "data:image/png;base64,AAAA"


def read(**body: Any) -> ChatRequest:
    return DIALECT.read(orjson.dumps({"model": "free", "input": "Hi", **body}), TICKET).chat


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts)}


def asked(name: str, call_id: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def answered(call_id: str, output: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


THOUGHT = {"type": "summary_text", "text": "h"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [tool_call("c1", "f", "{}")]}


INPUTS: list[tuple[Any, ...]] = [
    ("Hi", [{"role": "user", "content": "Hi"}]),
    ([{"role": "user", "content": "Hi"}], [{"role": "user", "content": "Hi"}]),
    ([user({"type": "input_text", "text": "Hi"})], [{"role": "user", "content": "Hi"}]),
    (
        [
            user(
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": PIXEL, "detail": "low"},
            )
        ],
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
                ],
            }
        ],
    ),
    (
        [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": "Hi"},
            {"role": "system", "content": "now"},
        ],
        [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "Hi"},
            {"role": "user", "content": "now"},
        ],
    ),
    (
        [
            {
                "type": "message",
                "role": "assistant",
                "id": "msg_1",
                "content": [{"type": "output_text", "text": "one", "annotations": []}],
            },
            asked("f", "c1", '{"a":1}'),
            asked("g", "c2", ""),
            answered("c1", "1"),
            answered("c2", [{"type": "input_text", "text": "2"}]),
        ],
        [
            {
                "role": "assistant",
                "content": "one",
                "tool_calls": [tool_call("c1", "f", '{"a":1}'), tool_call("c2", "g", "{}")],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
            {"role": "tool", "tool_call_id": "c2", "content": "2"},
        ],
    ),
    (
        [asked("f", "c1"), answered("c1", [{"type": "input_image", "image_url": PIXEL}])],
        [
            CALLED,
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": "The result is the image in the next message.",
            },
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": PIXEL}}],
            },
        ],
    ),
    (
        [
            {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": 'a"b'},
            {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
        ],
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [tool_call("c1", "patch", '{"input":"a\\"b"}')],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "done"},
        ],
    ),
    (
        [
            {
                "type": "reasoning",
                "id": "r",
                "summary": [THOUGHT],
            },
            asked("f", "c1"),
        ],
        [{**CALLED, "reasoning_content": "h"}],
    ),
    (
        [{"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}],
        [{"role": "assistant", "content": "", "refusal": "no"}],
    ),
]


@pytest.mark.parametrize(
    "given, messages",
    INPUTS,
    ids=[
        "string",
        "message without type",
        "one text",
        "image",
        "system roles",
        "parallel calls",
        "image as a result",
        "custom tool",
        "reasoning",
        "refusal",
    ],
)
def test_input_becomes_messages(given: object, messages: list[dict[str, Any]]):
    assert read(input=given).body["messages"] == messages


def test_instructions_and_what_follows_them_are_one_system_message():
    chat = read(
        instructions="You are brief.",
        input=[{"role": "developer", "content": "Use tools."}, {"role": "user", "content": "Hi"}],
    )
    assert chat.body["messages"] == [
        {"role": "system", "content": "You are brief.\n\nUse tools."},
        {"role": "user", "content": "Hi"},
    ]
