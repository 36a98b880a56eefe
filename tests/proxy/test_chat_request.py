"""A client's chat request: what is refused, what passes, and what is measured."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.chat_fields import FIELDS
from proxy.chat_request import ChatRequest, estimate, parse_chat
from proxy.errors import RequestFault

USER = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def chat(**fields: Any) -> ChatRequest:
    return parse_chat(json.dumps({"model": "free", "messages": [USER], **fields}).encode())


def say(*messages: Any) -> ChatRequest:
    return chat(messages=list(messages))


def part(**fields: Any) -> dict[str, Any]:
    return {"role": "user", "content": [fields]}


def step(call: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def fault_of(fields: dict[str, Any]) -> RequestFault | None:
    try:
        chat(**fields)
    except RequestFault as fault:
        return fault
    return None


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"model": ""}, "model"),
    ({"model": 1}, "model"),
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": {}}, "messages"),
    ({"messages": ["hi"]}, "messages.0"),
    ({"messages": [USER, None]}, "messages.1"),
    ({"messages": [USER, USER, {"content": "x"}]}, "messages.2.role"),
    ({"messages": [{"role": 7, "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": {"type": "text"}}]}, "messages.0.content"),
    ({"messages": [{"role": "user", "content": ["x"]}]}, "messages.0.content.0"),
    ({"messages": [part(text="x")]}, "messages.0.content.0.type"),
    ({"messages": [part(type="text")]}, "messages.0.content.0.text"),
    ({"messages": [part(type="text", text=3)]}, "messages.0.content.0.text"),
    ({"messages": [part(type="image_url")]}, "messages.0.content.0.image_url"),
    ({"messages": [part(type="image_url", image_url={})]}, "messages.0.content.0.image_url.url"),
    ({"messages": [{**USER, "name": 3}]}, "messages.0.name"),
    (
        {"messages": [{"role": "tool", "content": "x", "tool_call_id": 3}]},
        "messages.0.tool_call_id",
    ),
    ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages.0.tool_calls"),
    ({"messages": [step("x")]}, "messages.0.tool_calls"),
    ({"messages": [step({**CALL, "id": 3})]}, "messages.0.tool_calls.0.id"),
    ({"messages": [step({"id": "c"})]}, "messages.0.tool_calls.0.function"),
    ({"messages": [step({**CALL, "function": {}})]}, "messages.0.tool_calls.0.function.name"),
    (
        {"messages": [step({**CALL, "function": {"name": "f", "arguments": {}}})]},
        "messages.0.tool_calls.0.function.arguments",
    ),
    ({"messages": [{"role": "assistant", "function_call": "f"}]}, "messages.0.function_call"),
    ({"stream": "yes"}, "stream"),
    ({"stream": 1}, "stream"),
    ({"stream_options": True}, "stream_options"),
    ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
    ({"temperature": "x"}, "temperature"),
    ({"temperature": True}, "temperature"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": "5"}, "max_tokens"),
    ({"max_tokens": 5.5}, "max_tokens"),
    ({"max_completion_tokens": 0}, "max_completion_tokens"),
    ({"n": 0}, "n"),
    ({"n": True}, "n"),
    ({"stop": 5}, "stop"),
    ({"stop": ["a", 5]}, "stop"),
    ({"tools": {}}, "tools"),
    ({"tools": ["f"]}, "tools"),
    ({"tools": [{"type": "function"}]}, "tools.0.function"),
    ({"tools": [TOOL, {"type": "function", "function": {}}]}, "tools.1.function.name"),
    ({"tools": [{"type": 3, "function": {"name": "f"}}]}, "tools.0.type"),
    ({"tools": [{"function": {"name": "f", "parameters": "{}"}}]}, "tools.0.function.parameters"),
    ({"tool_choice": 1}, "tool_choice"),
    ({"response_format": "json"}, "response_format"),
    ({"response_format": {"type": 1}}, "response_format.type"),
    ({"response_format": {"type": "x", "json_schema": "{}"}}, "response_format.json_schema"),
    ({"seed": 1.5}, "seed"),
    ({"logit_bias": []}, "logit_bias"),
    ({"user": {}}, "user"),
    ({"metadata": "x"}, "metadata"),
]


@pytest.mark.parametrize("fields, param", REFUSED, ids=lambda value: str(value)[:60])
def test_wrong_types_are_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestFault) as caught:
        chat(**fields)
    fault = caught.value
    assert (fault.status, fault.type, fault.param) == (400, "invalid_request_error", param)
    assert fault.message.startswith(f"'{param}' ")


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_known_field_has_a_wrong_type_and_takes_null(name: str) -> None:
    wrong: Any = 1.5 if FIELDS[name].fits("x") or FIELDS[name].fits({}) else "x"
    with pytest.raises(RequestFault) as caught:
        chat(**{name: wrong})
    assert caught.value.param == name
    assert chat(**{name: None}).body[name] is None


def test_faults_never_repeat_what_the_client_wrote() -> None:
    with pytest.raises(RequestFault) as caught:
        chat(temperature="sk-secret")
    assert "sk-secret" not in caught.value.message


@pytest.mark.parametrize(
    "raw, told",
    [
        (b"", "empty"),
        (b'{"model":"free",\n"messages":[}', "line 2, column"),
        (b'{"model":"a","messages":[{}],"model":"b"}', "'model' is given twice"),
        (b'{"model":"a","x":[' + b"[" * 120 + b"]" * 121 + b"}", "100 levels"),
        (b'{"model":"a","x":NaN}', "line 1"),
    ],
)
def test_a_body_that_is_no_json_tells_where(raw: bytes, told: str) -> None:
    with pytest.raises(RequestFault, match=told) as caught:
        parse_chat(raw)
    assert (caught.value.status, caught.value.param) == (400, None)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"null", b"3"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(RequestFault, match="must be a JSON object"):
        parse_chat(raw)


SLOPPY: list[list[Any]] = [
    [{"role": "developer", "content": "be brief"}, USER],
    [{"role": "user", "content": ""}],
    [USER, {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None}],
    [USER, {"role": "assistant", "tool_calls": [CALL], "function_call": None, "audio": None}],
    [USER, {"role": "assistant", "content": "x", "tool_calls": None, "name": None}],
    [USER, {"role": "assistant", "content": "x", "tool_calls": []}],
    [USER, {"role": "assistant", "tool_calls": [{**CALL, "index": 0, "id": ""}]}],
    [USER, {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "ok"}]}],
    [USER, {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}],
    [USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": []}]}],
    [{"role": "user", "content": [{"type": "image_url", "image_url": "http://x/i.png"}]}],
    [{"role": "user", "content": []}],
    [{"role": "function", "name": "f", "content": "1"}],
    [step({"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}})],
]


@pytest.mark.parametrize("messages", SLOPPY, ids=lambda value: str(value)[:50])
def test_what_real_clients_send_passes(messages: list[Any]) -> None:
    assert say(*messages).body["messages"] == messages


def test_unknown_fields_pass() -> None:
    body = {"model": "free", "messages": [USER], "base_url": "http://evil", "top_k": {"odd": [1]}}
    assert parse_chat(json.dumps(body).encode()).body == body


def test_what_routing_needs_is_read() -> None:
    request = chat(stream=True, stream_options={"include_usage": True}, n=2, max_tokens=9)
    assert (request.model, request.stream, request.wants_usage, request.n) == (
        "free",
        True,
        True,
        2,
    )
    plain = chat()
    assert (plain.stream, plain.wants_usage, plain.n, plain.cap) == (False, False, 1, None)
    assert not chat(stream=None, stream_options=None).wants_usage


@pytest.mark.parametrize(
    "fields, cap, name",
    [
        ({"max_tokens": 7}, 7, "max_tokens"),
        ({"max_completion_tokens": 8, "max_tokens": 7}, 8, "max_completion_tokens"),
        ({"max_completion_tokens": None, "max_tokens": 7}, 7, "max_tokens"),
        ({"max_tokens": 100.0}, 100, "max_tokens"),
        ({}, None, None),
    ],
)
def test_the_cap_is_the_newer_field_s(
    fields: dict[str, Any], cap: int | None, name: str | None
) -> None:
    assert (chat(**fields).cap, chat(**fields).cap_field) == (cap, name)


@pytest.mark.parametrize(
    "fields, needs",
    [
        ({"tools": [TOOL]}, True),
        ({"tools": [TOOL], "tool_choice": "required"}, True),
        ({"tools": [TOOL], "tool_choice": "none"}, False),
        ({"tools": []}, False),
        ({"functions": [{"name": "f"}]}, True),
        ({"functions": [{"name": "f"}], "function_call": "none"}, False),
        ({"messages": [USER, step(CALL)]}, False),
    ],
)
def test_tools_are_needed_when_they_may_be_called(fields: dict[str, Any], needs: bool) -> None:
    assert chat(**fields).needs_tools is needs


def test_images_are_counted_and_their_data_is_not() -> None:
    data = "data:image/png;base64," + "A" * 9000
    request = say(
        part(type="image_url", image_url={"url": data}),
        part(type="input_image", image_url=data),
        {
            "role": "tool",
            "tool_call_id": "c",
            "content": [{"type": "image_url", "image_url": {"url": "http://x"}}],
        },
        USER,
    )
    assert (request.images, request.needs_vision, request.prompt_bytes) == (3, True, 2)
    assert estimate(request) == 1 + 3 * 1500
    assert not say(USER).needs_vision


def test_prompt_bytes_are_those_of_utf8() -> None:
    assert say({"role": "user", "content": "aé漢😀"}).prompt_bytes == 1 + 2 + 3 + 4
    assert say(part(type="text", text="é"), part(type="text", text="b")).prompt_bytes == 3


def test_tool_calls_definitions_and_schemas_count() -> None:
    call = step({"id": "c", "type": "function", "function": {"name": "ff", "arguments": '{"a":1}'}})
    assert say(USER, call).prompt_bytes == 2 + 2 + 7
    size = len(json.dumps([TOOL], separators=(",", ":")))
    assert chat(tools=[TOOL]).prompt_bytes == 2 + size
    schema = {"name": "s", "schema": {"type": "object"}}
    answer = {"type": "json_schema", "json_schema": schema}
    assert chat(response_format=answer).prompt_bytes == 2 + len(
        json.dumps(schema, separators=(",", ":"))
    )
    assert chat(response_format={"type": "json_object"}).prompt_bytes == 2


def test_the_estimate_follows_the_divisor() -> None:
    request = say({"role": "user", "content": "x" * 600})
    assert [estimate(request, divisor) for divisor in (1.5, 4.0, 6.0)] == [400, 150, 100]
    assert estimate(say({"role": "user", "content": "x"})) == 1


def test_a_lone_surrogate_in_a_message_is_no_error() -> None:
    request = parse_chat(b'{"model":"m","messages":[{"role":"user","content":"hi \\ud83d"}]}')
    assert request.body["messages"][0]["content"] == "hi \ud83d"
    assert request.prompt_bytes == 6


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(-1e9, 1e9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "function", "name", "image_url", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["messages", "tools", "stream", "response_format", "stop", *FIELDS]),
        _json,
        max_size=6,
    )
)
def test_any_object_is_a_request_or_a_fault_with_a_param(fields: dict[str, Any]) -> None:
    fault = fault_of(fields)
    assert fault is None or (fault.status == 400 and fault.param)
