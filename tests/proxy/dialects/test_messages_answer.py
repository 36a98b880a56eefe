"""A chat answer as an Anthropic answer, whole and as events."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.dialects.dialect import Exchange, Failure
from proxy.dialects.messages import MessagesDialect
from tests.proxy.dialects.chat import TICKET, called, events, frame, frames, play, told, tool_call

DIALECT = MessagesDialect()
THINKING = {"type": "enabled", "budget_tokens": 1024}


def read(**body: Any) -> Exchange:
    least = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    return DIALECT.read(orjson.dumps({**least, **body}), TICKET)


def streamed(*deltas: dict[str, Any], finish: str = "stop", **body: Any) -> list[dict[str, Any]]:
    return play(read(stream=True, **body).stream(), frames(*deltas, finish=finish))


def outline(found: list[dict[str, Any]]) -> list[str]:
    """`content_block_delta 0`, with the index where there is one."""
    return [f"{event['type']} {event.get('index', '')}".rstrip() for event in found]


def test_a_plain_answer():
    calls = [tool_call("t1", "f", '{"a":1}'), tool_call("t2", "g", ""), tool_call("", "h", "[1]")]
    message = {"content": "hi", "reasoning": "hm", "tool_calls": calls}
    body = told(read(thinking=THINKING), message, "tool_calls")
    assert body == {
        "id": f"msg_{TICKET.id}",
        "type": "message",
        "role": "assistant",
        "model": "served",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "hi"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
            {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
            {
                "type": "tool_use",
                "id": f"toolu_{TICKET.id}_4",
                "name": "h",
                "input": {"arguments": "[1]"},
            },
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 20,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 10,
            "output_tokens": 12,
        },
    }


@pytest.mark.parametrize(
    "message, finish, reason",
    [
        ({"content": "x"}, "stop", "end_turn"),
        ({"content": "x"}, "length", "max_tokens"),
        ({"content": "x"}, "content_filter", "refusal"),
        ({"refusal": "x"}, "stop", "refusal"),
        ({"tool_calls": [tool_call("t", "f", "{}")]}, "tool_calls", "tool_use"),
        ({"tool_calls": [tool_call("t", "f", "{}")]}, "stop", "tool_use"),
        ({"tool_calls": [tool_call("t", "f", '{"a')]}, "length", "max_tokens"),
    ],
)
def test_stop_reasons(message: dict[str, Any], finish: str, reason: str):
    assert told(read(), message, finish)["stop_reason"] == reason
    found = streamed(message, finish=finish)
    assert found[-2]["delta"] == {"stop_reason": reason, "stop_sequence": None}


def test_a_text_stream_has_every_event_in_order():
    found = streamed({"content": "he"}, {"content": "llo"})
    assert outline(found) == [
        "message_start",
        "ping",
        "content_block_start 0",
        "content_block_delta 0",
        "content_block_delta 0",
        "content_block_stop 0",
        "message_delta",
        "message_stop",
    ]
    start = found[0]["message"]
    assert (start["content"], start["stop_reason"], start["model"]) == ([], None, "served")
    assert start["usage"]["input_tokens"] == 1
    assert found[3]["delta"] == {"type": "text_delta", "text": "he"}
    assert found[-2]["usage"]["output_tokens"] == 12
    assert found[-2]["usage"]["input_tokens"] == 20


def test_mixed_parallel_calls_become_blocks_one_after_the_other():
    found = streamed(
        {"content": "see"},
        called(0, "", "f", "t1"),
        called(1, "", "g", "t2"),
        called(0, '{"a":'),
        called(1, '{"b":2}'),
        called(0, "1}"),
        finish="tool_calls",
    )
    assert outline(found)[2:-2] == [
        "content_block_start 0",
        "content_block_delta 0",
        "content_block_stop 0",
        "content_block_start 1",
        "content_block_delta 1",
        "content_block_delta 1",
        "content_block_stop 1",
        "content_block_start 2",
        "content_block_delta 2",
        "content_block_stop 2",
    ]
    assert found[5]["content_block"] == {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    assert found[6]["delta"] == {"type": "input_json_delta", "partial_json": '{"a":'}


def test_a_call_without_arguments_has_no_delta():
    found = streamed(called(0, "", "f", "t1"), finish="tool_calls")
    assert outline(found)[2:-2] == ["content_block_start 0", "content_block_stop 0"]


def test_thoughts_are_shown_to_those_who_asked_and_else_are_signs_of_life():
    deltas = [{"reasoning": "hm"}, {"content": "yes"}]
    shown = streamed(*deltas, thinking=THINKING)
    assert shown[2]["content_block"]["type"] == "thinking"
    assert shown[3]["delta"] == {"type": "thinking_delta", "thinking": "hm"}
    assert outline(shown)[-3:] == ["content_block_stop 1", "message_delta", "message_stop"]
    assert outline(streamed(*deltas))[1:4] == ["ping", "ping", "content_block_start 0"]
    assert told(read(), {"content": "yes", "reasoning": "hm"})["content"] == [
        {"type": "text", "text": "yes"}
    ]


def test_usage_is_estimated_where_the_upstream_tells_none():
    found = play(read().stream(), frames({"content": "y" * 40}, usage=None))
    assert found[-2]["usage"]["output_tokens"] == 10


def test_a_broken_stream_ends_with_an_error_event():
    telling = read().stream()
    telling.feed(frame({"content": "he"}))
    (error,) = events(telling.interrupted("the stream stalled"))
    assert error["type"] == "error"
    assert error["error"] == {"type": "api_error", "message": "the stream stalled"}


@pytest.mark.parametrize(
    "status, code, kind",
    [
        (400, None, "invalid_request_error"),
        (401, "invalid_api_key", "authentication_error"),
        (404, "model_not_found", "not_found_error"),
        (405, "method_not_allowed", "invalid_request_error"),
        (413, "request_too_large", "request_too_large"),
        (422, None, "invalid_request_error"),
        (429, "rate_limit_exceeded", "rate_limit_error"),
        (429, "insufficient_quota", "billing_error"),
        (500, "internal_error", "api_error"),
        (502, "upstream_credentials_exhausted", "api_error"),
        (503, "chain_exhausted", "overloaded_error"),
        (504, "upstream_timeout", "timeout_error"),
    ],
)
def test_errors_in_anthropics_shape(status: int, code: str | None, kind: str):
    failure = Failure(status=status, message="m", type="t", code=code, headers={"retry-after": "3"})
    reply = DIALECT.refusal(failure, TICKET.id)
    assert reply.status == status
    assert reply.headers == {"retry-after": "3", "request-id": TICKET.id}
    assert orjson.loads(reply.body) == {
        "type": "error",
        "error": {"type": kind, "message": "m"},
        "request_id": TICKET.id,
    }


def test_an_error_after_routing_has_the_trail():
    failure = Failure(status=429, message="m", type="t", trail=[{"entry": "a/b"}])
    body = orjson.loads(read().failed(failure).body)
    assert body["error"]["trail"] == [{"entry": "a/b"}]


def test_a_prompt_too_long_is_told_in_the_words_that_claude_code_knows():
    failure = Failure(status=400, message="m", type="t", code="context_length_exceeded")
    body = orjson.loads(read().failed(failure).body)
    assert body["error"]["message"] == "prompt is too long: m"
