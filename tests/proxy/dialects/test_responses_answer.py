"""A chat answer as a Responses answer, whole and as events."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.dialects.dialect import EVENT_STREAM, Exchange, Failure
from proxy.dialects.responses import ResponsesDialect
from tests.proxy.dialects.chat import (
    DONE,
    TICKET,
    called,
    events,
    frame,
    frames,
    play,
    told,
    tool_call,
)

DIALECT = ResponsesDialect()
RESPONSE = f"resp_{TICKET.id}"


def read(**body: Any) -> Exchange:
    return DIALECT.read(orjson.dumps({"model": "free", "input": "Hi", **body}), TICKET)


def streamed(*deltas: dict[str, Any], **body: Any) -> list[dict[str, Any]]:
    return play(read(stream=True, **body).stream(), frames(*deltas))


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in found]


def test_a_plain_answer():
    custom = {"type": "custom", "name": "patch"}
    exchange = read(tools=[custom], instructions="brief", temperature=0.5, metadata={"a": "b"})
    calls = [tool_call("c1", "f", ""), tool_call("c2", "patch", '{"input":"x"}')]
    body = told(exchange, {"content": "hi", "reasoning": "hm", "tool_calls": calls}, "tool_calls")
    assert [item["type"] for item in body["output"]] == [
        "reasoning",
        "message",
        "function_call",
        "custom_tool_call",
    ]
    reasoning, message, call, patch = body["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert message["content"] == [
        {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
    ]
    assert (call["call_id"], call["name"], call["arguments"]) == ("c1", "f", "{}")
    assert (patch["call_id"], patch["input"]) == ("c2", "x")
    assert len({item["id"] for item in body["output"]}) == 4
    assert body["usage"] == {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 10},
        "output_tokens": 12,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 42,
    }
    expected = {
        "id": RESPONSE,
        "object": "response",
        "created_at": TICKET.at,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "served",
        "instructions": "brief",
        "temperature": 0.5,
        "metadata": {"a": "b"},
        "store": False,
        "tools": [custom],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
    assert {name: body[name] for name in expected} == expected


@pytest.mark.parametrize(
    "finish, status, reason",
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("odd", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_the_end_says_whether_the_answer_is_whole(finish: str, status: str, reason: Any):
    body = told(read(), {"content": "x"}, finish)
    assert (body["status"], body["incomplete_details"]) == (status, reason)
    last = play(read().stream(), frames({"content": "x"}, finish=finish))[-1]
    assert last["type"] == f"response.{status}"
    assert last["response"]["incomplete_details"] == reason


def test_a_text_stream_has_every_event_in_order():
    found = streamed({"content": "he"}, {"content": "llo"})
    assert kinds(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert found[0]["response"]["status"] == "in_progress"
    assert found[0]["response"]["model"] == "served"
    assert found[2]["item"]["content"] == []
    done = found[-1]["response"]
    assert done["output"] == [found[-2]["item"]]
    assert done["output"][0]["content"][0]["text"] == found[6]["text"] == "hello"
    assert done["usage"]["total_tokens"] == 42
    (item_id,) = {event["item_id"] for event in found[3:8]}
    assert item_id == found[2]["item"]["id"] == found[-2]["item"]["id"]


def test_reasoning_and_mixed_parallel_calls_in_a_stream():
    found = streamed(
        {"reasoning_content": "hm"},
        called(0, "", "f", "c1"),
        called(1, "", "g", "c2"),
        called(0, '{"a":'),
        called(1, "{}"),
        called(0, "1}"),
    )
    assert kinds(found)[2:-1] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    done = [event["item"] for event in found if event["type"] == "response.output_item.done"]
    assert [(item["type"], item.get("arguments")) for item in done] == [
        ("reasoning", None),
        ("function_call", '{"a":1}'),
        ("function_call", "{}"),
    ]
    assert found[-1]["response"]["output"] == done
    indexes = [event["output_index"] for event in found if "output_index" in event]
    assert indexes == sorted(indexes)


def test_the_text_of_a_custom_tool_is_told_once_it_is_whole():
    deltas = [called(0, '{"inp', "patch", "c1"), called(0, 'ut":"a\\nb"}')]
    found = streamed(*deltas, tools=[{"type": "custom", "name": "patch"}])
    assert kinds(found)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert found[2]["item"]["input"] == ""
    assert (found[3]["delta"], found[4]["input"]) == ("a\nb", "a\nb")
    assert found[5]["item"]["input"] == "a\nb"


def test_a_refusal_is_a_part_of_its_own_kind():
    found = streamed({"refusal": "no"})
    assert "refusal.delta" in kinds(found)
    assert found[-1]["response"]["output"][0]["content"] == [{"type": "refusal", "refusal": "no"}]


def test_usage_is_estimated_where_the_upstream_tells_none():
    found = play(read(input="x" * 400).stream(), frames({"content": "y" * 40}, usage=None))
    usage = found[-1]["response"]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (100, 10)


def test_a_broken_stream_ends_with_failed():
    telling = read().stream()
    telling.feed(frame({"content": "he"}))
    (failed,) = events(telling.interrupted("the stream stalled"))
    assert failed["type"] == "response.failed"
    assert failed["sequence_number"] == 5
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {
        "code": "stream_interrupted",
        "message": "the stream stalled",
    }


LIMITED = Failure(
    status=429,
    message="Every entry is at a limit.",
    type="rate_limit_error",
    code="rate_limit_exceeded",
    headers={"retry-after": "8", "x-should-retry": "false"},
    trail=[],
)


def test_a_stream_that_would_have_to_wait_is_told_so_in_a_stream():
    reply = read(stream=True).failed(LIMITED)
    assert (reply.status, reply.content_type) == (200, EVENT_STREAM)
    found = events(reply.body)
    assert kinds(found) == ["created", "in_progress", "failed"]
    error = found[-1]["response"]["error"]
    assert error["code"] == "rate_limit_exceeded"
    assert error["message"] == "Every entry is at a limit. Please try again in 8 s."


def test_a_plain_request_and_every_other_failure_get_openais_error():
    gone = Failure(status=503, message="m", type="server_error", code="chain_exhausted")
    for reply in (read().failed(LIMITED), read(stream=True).failed(gone)):
        assert reply.content_type == "application/json"
        assert orjson.loads(reply.body)["error"].keys() >= {"message", "type", "param", "code"}
    assert read().failed(LIMITED).status == 429


def test_frames_that_come_together_are_told_together():
    pieces = frames({"content": "a"}, {"content": "b"})
    assert pieces[-1] == DONE
    assert events(read().stream().feed(b"".join(pieces))) == play(read().stream(), pieces)
