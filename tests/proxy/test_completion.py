"""A plain answer."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.answer import Usage
from proxy.completion import Completion, read_completion
from proxy.errors import UpstreamFault

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
MESSAGE = {"role": "assistant", "content": "hi"}


def completion(
    message: dict[str, Any] | None = None, finish: str | None = "stop", **more: Any
) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message or MESSAGE, "finish_reason": finish}],
        "usage": USAGE,
        **more,
    }


def read(body: object, **options: Any) -> Completion:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_completion(raw, model="fallback", id="chatcmpl-x", created=99, **options)


def refused(body: object) -> UpstreamFault:
    with pytest.raises(UpstreamFault) as caught:
        read(body)
    return caught.value


@pytest.mark.parametrize(
    "message, finish",
    [
        (MESSAGE, "stop"),
        ({"role": "assistant", "content": ""}, "stop"),
        ({"role": "assistant", "content": ""}, "length"),
        ({"role": "assistant", "content": None}, "content_filter"),
        ({"role": "assistant", "content": None, "reasoning": "hm"}, "stop"),
        ({"role": "assistant", "content": None, "reasoning_content": "hm"}, "stop"),
        ({"role": "assistant", "content": None, "refusal": "no"}, "stop"),
        ({"content": [{"type": "text", "text": "hi"}]}, "stop"),
        ({"content": None, "tool_calls": [{"id": "a", "function": {"name": "f"}}]}, "tool_calls"),
    ],
)
def test_whole_answers_keep_their_bytes(message: dict[str, Any], finish: str) -> None:
    raw = b" \n" + json.dumps(completion(message, finish), indent=1).encode()
    assert read(raw).body == raw
    assert read(b"\xef\xbb\xbf" + raw.lstrip()).body == raw.lstrip()


def test_unknown_fields_and_odd_spellings_stay() -> None:
    raw = json.dumps(completion(x={"y": [1.0, 2**70]}, error=None, errors=[])).encode()
    raw = raw.replace(b'"hi"', rb'"\u00e9\/"')
    assert read(raw).body == raw


def test_missing_fields_are_filled_in() -> None:
    found = read({"choices": [{"message": MESSAGE}, {"message": MESSAGE, "index": 7}], "x": 1})
    assert json.loads(found.body) == {
        "id": "chatcmpl-x",
        "object": "chat.completion",
        "created": 99,
        "model": "fallback",
        "choices": [
            {"index": 0, "message": MESSAGE, "finish_reason": "stop"},
            {"index": 7, "message": MESSAGE, "finish_reason": "stop"},
        ],
        "x": 1,
    }
    assert found.usage is None


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_finish_reason_beside_tool_calls(missing: str | None) -> None:
    message = {"content": None, "tool_calls": [{"id": "a", "function": {"name": "f"}}]}
    assert b'"finish_reason":"tool_calls"' in read(completion(message, missing)).body


def test_tool_call_ids_are_mapped() -> None:
    calls: list[dict[str, Any]] = [
        {"id": "a", "function": {"name": "f"}},
        {"function": {"name": "g"}},
    ]
    body = completion({"content": None, "tool_calls": calls}, "tool_calls")
    mapped = json.loads(read(body, map_tool_id="call_{}".format).body)
    calls[0]["id"] = "call_a"
    assert mapped["choices"][0]["message"]["tool_calls"] == calls
    raw = json.dumps(body).encode()
    assert read(raw, map_tool_id=str).body == raw


@pytest.mark.parametrize(
    "more, usage",
    [
        ({}, Usage(5, 2)),
        ({"usage": None}, None),
        ({"usage": {"prompt_tokens": -1, "completion_tokens": 2}}, None),
        ({"usage": None, "x_groq": {"usage": USAGE}}, Usage(5, 2)),
        ({"usage": {"prompt_tokens": 5, "total_tokens": 7}}, Usage(5, 2)),
        ({"usage": {"prompt_tokens": 5.5, "completion_tokens": 1}}, None),
    ],
)
def test_usage(more: dict[str, Any], usage: Usage | None) -> None:
    assert read(completion(**more)).usage == usage


def test_text_is_counted_in_bytes() -> None:
    calls = [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]
    message = {"content": "h€", "reasoning": "abc", "tool_calls": calls}
    assert read(completion(message)).text_bytes == 4 + 3 + 3


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no", "code": 502}},
        {"error": "overloaded"},
        [{"error": {"code": 429, "message": "Quota exceeded"}}],
        {"object": "error", "message": "Service tier capacity exceeded", "code": "3505"},
        {"type": "error", "error": {"type": "overloaded_error"}},
        {"success": False, "errors": [{"code": 4006, "message": "daily free allocation"}]},
        {"errors": {"message": "limit", "request_id": "r"}},
        {"detail": "Not found"},
        {"message": "Too many", "code": "queue_exceeded"},
        {"code": 20012, "message": "Model does not exist", "data": None},
        {"status": 403, "title": "Forbidden", "detail": "no"},
        {**completion(), "error": {"code": 502, "message": "gone"}},
        completion(finish="error"),
    ],
)
def test_errors_in_a_200(body: object) -> None:
    fault = refused(body)
    assert fault.kind == "error"
    assert json.loads(fault.body) == body


def test_an_error_within_a_choice() -> None:
    error = {"code": 502, "message": "Provider disconnected mid-stream"}
    body = completion()
    body["choices"][0] |= {"finish_reason": "error", "error": error}
    fault = refused(body)
    assert fault.kind == "error"
    assert json.loads(fault.body) == {"error": error}


WHOLE = json.dumps(completion()).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf",
        b"  \n",
        b"null",
        b"[]",
        b"[null]",
        b'"Invalid token"',
        b"42",
        b"{}",
        b"<html>busy</html>",
        b"data: {}\n\n",
        WHOLE[:-1],
        WHOLE + b"}",
        WHOLE.replace(b'"created": 1', b'"created": NaN'),
        WHOLE.replace(b'"created": 1', b'"created": -Infinity'),
        WHOLE.replace(b'"created": 1', b'"created": ' + b"9" * 5000),
        b"[" * 100_000,
        WHOLE.replace(b'"usage"', b'"deep": ' + b"[" * 100_000 + b', "usage"'),
        WHOLE.replace(b'"id": "c1"', b'"deep": ' + b"[" * 900 + b"]" * 900),
        json.dumps(completion(choices=[])).encode(),
        json.dumps(completion(choices=None)).encode(),
        json.dumps(completion(choices={"0": {}})).encode(),
        json.dumps(completion(choices=["text"])).encode(),
        json.dumps(completion(choices=[{"index": 0, "finish_reason": "stop"}])).encode(),
        json.dumps(completion(choices=[{"text": "hi", "finish_reason": "stop"}])).encode(),
        json.dumps(completion({"role": "assistant", "content": None}, None)).encode(),
    ],
)
def test_what_is_no_completion(body: bytes) -> None:
    assert refused(body).kind == "broken"


@pytest.mark.parametrize(
    "text, content",
    [
        (b"a\xffb", "a\ufffdb"),
        (rb"a\ud800b", "a\ufffdb"),
        (rb"\ud83d\ude00", "😀"),
        (rb"\ude00\ud83d", "\ufffd\ufffd"),
        (rb"\\ud800", "\\ud800"),
    ],
)
def test_what_strict_readers_refuse_is_mended(text: bytes, content: str) -> None:
    found = read(WHOLE.replace(b"hi", text))
    assert json.loads(found.body)["choices"][0]["message"]["content"] == content
    assert found.text_bytes == len(content.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "tool_calls", "function", "usage", "error", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    value=JSON,
    place=st.sampled_from(["top", "choices", "choice", "message", "tool_calls", "usage"]),
)
def test_any_json_gives_a_strict_completion_or_a_fault(value: Any, place: str) -> None:
    body: Any = completion({**MESSAGE, "tool_calls": value} if place == "tool_calls" else None)
    if place == "top":
        body = value
    elif place in ("choices", "usage"):
        body[place] = value
    elif place == "choice":
        body["choices"] = [value]
    elif place == "message":
        body["choices"][0]["message"] = value
    check(json.dumps(body).encode())


@settings(max_examples=EXAMPLES, deadline=None)
@given(at=st.integers(0, len(WHOLE)), cut=st.integers(0, 5), put=st.binary(max_size=5))
def test_any_damage_gives_a_strict_completion_or_a_fault(at: int, cut: int, put: bytes) -> None:
    check(WHOLE[:at] + put + WHOLE[at + cut :])


def check(body: bytes) -> None:
    try:
        found = read(body)
    except UpstreamFault:
        return
    answer = json.loads(found.body.decode(), parse_constant=pytest.fail)
    assert answer["choices"][0]["finish_reason"]
    assert {"id", "object", "created", "model"} <= answer.keys()
    assert found.text_bytes >= 0
