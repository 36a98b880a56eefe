"""A stream in answer to a plain request, and the other way round."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.answer import Usage
from proxy.completion import Completion
from proxy.conversion import StreamCollector, stream_from_completion
from proxy.errors import UpstreamFault

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))

HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
DONE = b"data: [DONE]\n\n"


def event(delta: dict[str, Any], finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish, **more}
    return b"data: " + json.dumps({**HEAD, "choices": [choice]}).encode() + b"\n\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**70) | st.sampled_from(["", "a", "€"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["content", "tool_calls", "function", "arguments", "name", "id", "index"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
OBJECTS = st.dictionaries(
    st.sampled_from(["role", "content", "tool_calls", "reasoning", "function_call", "x"]), JSON
)


def collect(*chunks: bytes) -> Completion:
    collector = StreamCollector(model="fallback", now=99, id="x")
    for chunk in chunks:
        collector.feed(chunk)
    return collector.end()


def test_text_and_reasoning() -> None:
    usage = b"data: " + json.dumps({**HEAD, "choices": [], "usage": USAGE}).encode() + b"\n\n"
    found = collect(
        event({"role": "assistant", "content": ""}),
        event({"reasoning": "h"}),
        event({"reasoning": "m"}),
        event({"content": "a"}),
        event({"content": "€"}),
        event({}, "stop"),
        usage,
        DONE,
    )
    assert json.loads(found.body) == {
        **HEAD,
        "object": "chat.completion",
        "usage": USAGE,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "a€", "reasoning": "hm"},
                "finish_reason": "stop",
            }
        ],
    }
    assert found.usage == Usage(5, 2)
    assert found.text_bytes == 6


def test_tool_calls() -> None:
    signature = {"google": {"thought_signature": "s"}}
    start = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
    other = {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}}
    found = collect(
        event({"role": "assistant", "content": None, "tool_calls": [start]}),
        event({"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]}),
        event({"tool_calls": [{**other, "extra_content": signature}]}),
        event({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ":1}"}}]}),
        event({}, "tool_calls"),
    )
    choice = json.loads(found.body)["choices"][0]
    function = {"name": "f", "arguments": '{"x":1}'}
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "a", "type": "function", "function": function},
            {
                "id": "b",
                "type": "function",
                "function": {"name": "g", "arguments": "{}"},
                "extra_content": signature,
            },
        ],
    }


def test_several_choices_log_probabilities_and_lists() -> None:
    found = collect(
        event({"content": "a"}, logprobs={"content": [1]}),
        event({"content": "x"}, index=1),
        event({"content": "b", "annotations": [1]}, logprobs={"content": [2], "refusal": None}),
        event({"annotations": [2]}, "stop", x=1),
        event({}, "length", index=1),
        DONE,
    )
    first, second = json.loads(found.body)["choices"]
    assert first["message"] == {"role": "assistant", "content": "ab", "annotations": [1, 2]}
    assert first["logprobs"] == {"content": [1, 2]}
    assert first["x"] == 1
    assert (second["message"]["content"], second["finish_reason"]) == ("x", "length")


def test_parts_of_a_content() -> None:
    parts: list[Any] = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]
    found = collect(event({"content": parts[:1]}), event({"content": parts[1:]}, "stop"), DONE)
    assert json.loads(found.body)["choices"][0]["message"]["content"] == parts


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [DONE],
        [event({"content": "a"})],
        [event({"content": "a"}) + b'data: {"error":{"message":"no"}}\n\n'],
        [event({"content": "a"}), b"data: nonsense\n\n", event({}, "stop")],
    ],
)
def test_what_is_not_whole_is_no_answer(chunks: list[bytes]) -> None:
    with pytest.raises(UpstreamFault):
        collect(*chunks)


def test_a_fault_is_raised_at_once() -> None:
    collector = StreamCollector(model="m", now=1, id="x")
    with pytest.raises(UpstreamFault) as caught:
        collector.feed(event({"content": "a"}) + b'data: {"error":{"message":"no"}}\n\n')
    assert caught.value.kind == "error"


CALLS: list[dict[str, Any]] = [
    {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
]


@settings(max_examples=EXAMPLES, deadline=None)
@given(deltas=st.lists(OBJECTS, max_size=4), choices=st.lists(JSON, max_size=2), more=JSON)
def test_any_chunks_give_a_completion_or_a_fault(
    deltas: list[dict[str, Any]], choices: list[Any], more: Any
) -> None:
    last = {**HEAD, "choices": choices, "usage": more, "x": more}
    last_event = b"data: " + json.dumps(last).encode() + b"\n\n"
    try:
        found = collect(*map(event, deltas), last_event, event({"content": "a"}, "stop"))
    except UpstreamFault:
        return
    answer = json.loads(found.body)
    assert answer["choices"][0]["message"].keys() >= {"role", "content"}
    assert stream_from_completion(answer, wants_usage=True)[-1] == DONE


MESSAGE: dict[str, Any] = {
    "role": "assistant",
    "content": "hi",
    "refusal": None,
    "reasoning_content": "hm",
    "tool_calls": CALLS,
}
COMPLETION = {
    **HEAD,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls", "x": 1}],
    "usage": USAGE,
    "system_fingerprint": "fp",
}


def test_a_stream_from_a_completion() -> None:
    *frames, done = stream_from_completion(COMPLETION, wants_usage=True)
    assert done == DONE
    chunks: list[Any] = [json.loads(frame.removeprefix(b"data: ")) for frame in frames]
    assert all({**chunk, **HEAD, "system_fingerprint": "fp"} == chunk for chunk in chunks)
    parts, end, usage = chunks[:-2], chunks[-2], chunks[-1]
    deltas: list[Any] = [part["choices"][0]["delta"] for part in parts]
    numbered = [{**call, "index": number} for number, call in enumerate(CALLS)]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "hm"},
        {"content": "hi"},
        {"tool_calls": numbered},
    ]
    assert end["choices"] == [{"index": 0, "delta": {}, "finish_reason": "tool_calls", "x": 1}]
    assert (usage["choices"], usage["usage"]) == ([], USAGE)


def test_usage_only_where_it_is_wanted() -> None:
    frames = stream_from_completion(COMPLETION, wants_usage=False)
    assert not any(b'"usage"' in frame for frame in frames)
    frames = stream_from_completion({**COMPLETION, "usage": None}, wants_usage=True)
    assert not any(b'"usage"' in frame for frame in frames)


def test_there_and_back() -> None:
    frames = stream_from_completion(COMPLETION, wants_usage=True)
    message = {name: value for name, value in MESSAGE.items() if value is not None}
    found = json.loads(collect(b"".join(frames)).body)
    assert found["choices"][0]["message"] == message
    assert {**found, "choices": 0} == {**COMPLETION, "choices": 0}
