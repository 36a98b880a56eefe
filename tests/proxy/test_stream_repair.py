"""What is put right in a stream, and what is told of its usage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.proxy.chunks import (
    DONE,
    FIRST,
    HEAD,
    SECOND,
    STOP,
    USAGE,
    USAGE_CHUNK,
    chunk,
    content,
    event,
    make,
    play,
    read,
    relay,
    said,
)


class TestRepair:
    def test_missing_fields(self) -> None:
        frames = relay(
            b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
            b'data: {"id":null,"choices":[{"index":0,"finish_reason":"stop"}],"x":1}\n\n',
        )
        first, last, done = read(frames)
        head = {
            "id": "chatcmpl-x",
            "object": "chat.completion.chunk",
            "created": 99,
            "model": "fallback",
        }
        assert first == {**head, "choices": [{"index": 0, "delta": {"content": "a"}}]}
        assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
        assert last["x"] == 1
        assert done == "[DONE]"

    def test_what_the_upstream_said_before_is_repeated(self) -> None:
        frames = relay(FIRST, b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n', STOP)
        assert {name: read(frames)[1][name] for name in HEAD} == HEAD

    def test_modelscope_null_choices(self) -> None:
        null = b'{"id":null,"choices":null,"usage":{"prompt_tokens":3,"completion_tokens":1}}'
        assert relay(FIRST, event(null), DONE) == [FIRST, DONE]
        usage = read(relay(FIRST, event(null), DONE, wants_usage=True))[1]
        assert (usage["id"], usage["choices"]) == ("c1", [])
        assert usage["usage"]["prompt_tokens"] == 3

    def test_azure_preamble_passes(self) -> None:
        preamble = b'{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter":[1]}'
        assert relay(event(preamble), FIRST, STOP, DONE) == [event(preamble), FIRST, STOP, DONE]

    def test_invalid_utf8_becomes_a_replacement_character(self) -> None:
        frames = relay(FIRST, FIRST.replace(b"FI", b"a\xffb\xed\xa0\x80"), STOP, DONE)
        assert content(frames).startswith("FIa\ufffdb\ufffd")

    def test_half_a_surrogate_pair_becomes_a_replacement_character(self) -> None:
        text = rb"\ud83d\ude00 \ud83d \\ud83d \ude00\ud83d"
        frames = relay(FIRST, FIRST.replace(b"FI", text), STOP, DONE)
        assert content(frames) == "FI😀 \ufffd \\ud83d \ufffd\ufffd"

    def test_tool_calls_without_index(self) -> None:
        def call(**more: Any) -> bytes:
            return event(chunk({"tool_calls": [more]}))

        frames = relay(
            call(id="a", function={"name": "f", "arguments": ""}),
            call(function={"arguments": "{1"}),
            call(function={"arguments": "}"}),
            call(id="b", function={"name": "g", "arguments": "{2"}),
            call(function={"arguments": "}"}),
            event(chunk(finish="tool_calls")),
        )
        calls = [each["choices"][0]["delta"]["tool_calls"][0] for each in read(frames[:5])]
        assert [each["index"] for each in calls] == [0, 0, 0, 1, 1]

    def test_gemini_parallel_calls_all_with_index_0(self) -> None:
        calls = [
            {
                "index": 0,
                "id": name,
                "function": {"name": name, "arguments": "{}"},
                "extra_content": {},
            }
            for name in ("f", "g")
        ]
        stream = make()
        frames, _ = play(stream, event(chunk({"tool_calls": calls})), STOP)
        placed = read(frames)[0]["choices"][0]["delta"]["tool_calls"]
        assert [each["index"] for each in placed] == [0, 1]
        assert [{**each, "index": 0} for each in placed] == calls
        assert stream.tool_call_ids == ["f", "g"]

    def test_tool_call_ids_are_mapped(self) -> None:
        stream = make(map_tool_id="call_{}".format)
        start = {"index": 0, "id": "a1", "function": {"name": "f", "arguments": ""}}
        more = event(chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}))
        frames, _ = play(stream, event(chunk({"tool_calls": [start]})), more, STOP, DONE)
        assert read(frames)[0]["choices"][0]["delta"]["tool_calls"] == [{**start, "id": "call_a1"}]
        assert frames[1] == more
        assert stream.tool_call_ids == ["call_a1"]


class TestUsage:
    null = (
        said("FI", usage=None),
        said("RST", usage=None),
        event(chunk(finish="stop", usage=None)),
    )

    def test_hidden(self) -> None:
        stream = make()
        frames, _ = play(stream, *self.null, USAGE_CHUNK, DONE)
        assert frames == [FIRST, SECOND, STOP, DONE]
        assert stream.usage == (5, 2)

    def test_asked_for(self) -> None:
        frames = [*self.null, USAGE_CHUNK, DONE]
        assert relay(*frames, wants_usage=True) == frames

    @pytest.mark.parametrize("wants_usage", [True, False])
    @pytest.mark.parametrize(
        "events",
        [
            [FIRST, event(chunk(finish="stop", usage=USAGE))],
            [FIRST, event(chunk(finish="stop", x_groq={"id": "r", "usage": USAGE}))],
            [
                said("FI", usage={**USAGE, "completion_tokens": 1}),
                event(chunk(finish="stop", usage=USAGE)),
            ],
            [FIRST, event(chunk(finish="stop", usage={**USAGE, "prompt_tokens": 9})), USAGE_CHUNK],
            [FIRST, STOP, USAGE_CHUNK.replace(b"5", b"4"), USAGE_CHUNK],
            [FIRST, STOP, event(json.dumps({"usage": USAGE}).encode())],
            [FIRST, event(chunk(finish="stop", usage={"prompt_tokens": 5, "total_tokens": 7}))],
        ],
    )
    def test_wherever_it_stands(self, events: list[bytes], wants_usage: bool) -> None:
        stream = make(wants_usage=wants_usage)
        frames, fault = play(stream, *events, DONE)
        assert fault is None
        assert stream.usage == (5, 2)
        *chunks, done = read(frames)
        assert done == "[DONE]"
        if wants_usage:
            assert [each.get("usage") is not None for each in chunks] == [False, False, True]
            assert chunks[-1]["choices"] == []
            assert chunks[-1]["usage"]["prompt_tokens"] == 5
            assert chunks[-1]["id"] == "c1"
        else:
            assert all("usage" not in each and each["choices"] for each in chunks)

    @pytest.mark.parametrize(
        "usage",
        [
            {},
            {"prompt_tokens": -1, "completion_tokens": 2},
            {"prompt_tokens": 10**12, "completion_tokens": 2},
            {"prompt_tokens": True, "completion_tokens": 2},
            {"prompt_tokens": "5", "completion_tokens": 2},
            {"total_tokens": 7},
            "none",
            [],
        ],
    )
    def test_nonsense_is_none(self, usage: object) -> None:
        for wants_usage in (True, False):
            stream = make(wants_usage=wants_usage)
            frames, fault = play(stream, FIRST, event(chunk(finish="stop", usage=usage)), DONE)
            assert fault is None
            assert stream.usage is None
            assert len(frames) == 3

    def test_the_key_is_cut_out_of_the_bytes(self) -> None:
        odd = FIRST.replace(b'"choices"', b'"big": 1e3 , "usage" : null, "choices"')
        assert relay(odd, STOP, DONE)[0] == FIRST.replace(b'"choices"', b'"big": 1e3 , "choices"')

    def test_another_key_of_that_name_stays(self) -> None:
        nested = {"a": 1, "usage": None}
        frames = relay(said("x", y=nested, usage=None), said("x", y=nested), STOP, DONE)
        assert [each.get("y") for each in read(frames[:2])] == [nested, nested]
        assert all("usage" not in each for each in read(frames[:2]))

    def test_text_that_looks_like_the_key(self) -> None:
        text = ',"usage":null'
        assert content(relay(said(text, usage=None), said(text), STOP, DONE)) == text * 2
