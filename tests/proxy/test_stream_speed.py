"""The way of an ordinary event: not parsed, seen through all the same."""

from __future__ import annotations

import json
import os
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import stream as stream_module
from tests.proxy.chunks import (
    FIRST,
    HEAD,
    ROLE,
    SECOND,
    STOP,
    USAGE,
    chunk,
    event,
    make,
    play,
    read,
    relay,
    said,
)

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))


class TestWithoutParsing:
    def parsed(self, *events: bytes, **options: Any) -> int:
        """How many of the events were looked into after the first two."""
        stream = make(**options)
        for data in events[:2]:
            stream.feed(data)
        with mock.patch.object(stream_module, "parse", wraps=stream_module.parse) as parse:
            for data in events[2:]:
                assert stream.feed(data)
        return parse.call_count

    def test_ordinary_events_are_not_parsed(self) -> None:
        assert self.parsed(ROLE, FIRST, *map(said, ("a", "€", 'q"\n\\', "", "😀"))) == 0
        assert self.parsed(ROLE, *(said(text, usage=None) for text in "abcd")) == 0
        assert self.parsed(ROLE, *(said(t, usage=None) for t in "abcd"), wants_usage=True) == 0
        think = [event(chunk({"reasoning_content": text, "content": None})) for text in "abcd"]
        assert self.parsed(ROLE, *think) == 0
        bare = [b'data: {"choices":[{"delta":{"content":"%d"}}]}\n\n' % n for n in range(4)]
        assert self.parsed(*bare) == 0
        start = {"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}
        more = [
            event(chunk({"tool_calls": [{"index": 0, "function": {"arguments": text}}]}))
            for text in ("{", '"a":', "1}")
        ]
        assert self.parsed(event(chunk({"tool_calls": [start]})), *more) == 0

    def test_events_that_always_differ_are_not_learned_from_for_ever(self) -> None:
        stream = make()
        with mock.patch.object(stream_module, "learn", wraps=stream_module.learn) as learn:
            for number in range(100):
                stream.feed(said("a", obfuscation=str(number)))
        assert learn.call_count <= 12

    def test_a_template_does_not_outlive_the_call_it_was_learned_from(self) -> None:
        def call(note: int = 8, **more: Any) -> bytes:
            return event(chunk({"tool_calls": [more]}, note=note))

        frames = relay(
            call(id="a", function={"name": "f", "arguments": ""}),
            *(call(note, function={"arguments": "x"}) for note in range(2, 9)),
            call(id="b", function={"name": "g", "arguments": ""}),
            call(function={"arguments": "y"}),
            STOP,
        )
        indexes = [
            each["choices"][0]["delta"]["tool_calls"][0]["index"] for each in read(frames[:10])
        ]
        assert indexes == [0] * 8 + [1, 1]

    @pytest.mark.parametrize(
        "strange",
        [
            FIRST.replace(b'"FI"', b"null"),
            FIRST.replace(b'"FI"', b'"a","content":"b"'),
            FIRST.replace(b'"FI"', b'"a"},"error":{"code":502},"x":{"y":"b"'),
            FIRST.replace(b'"FI"', b'"a\x01"'),
            FIRST.replace(b'"FI"', b'"a\xff"'),
            FIRST.replace(b'"FI"', rb'"\ud800"'),
            FIRST.replace(b'"FI"', b'"a'),
            FIRST.replace(b'"FI"', b""),
            FIRST.replace(b"null", b'"stop"'),
            FIRST.replace(b"null", b'"error"'),
            FIRST.replace(b"}\n\n", b', "usage": {"prompt_tokens":1,"completion_tokens":1}}\n\n'),
            FIRST[:40] + b"\n\n",
            b"event: error\n" + FIRST,
        ],
    )
    def test_strange_events_are_seen(self, strange: bytes) -> None:
        assert outcome(False, [FIRST, SECOND, strange, SECOND], {}) == outcome(
            True, [FIRST, SECOND, strange, SECOND], {}
        )


def outcome(always_parse: bool, events: list[bytes], options: dict[str, Any]) -> dict[str, Any]:
    stream = make(**options)
    if always_parse:
        with mock.patch.object(stream_module, "learn", return_value=None):
            frames, fault = play(stream, *events)
    else:
        frames, fault = play(stream, *events)
    return {
        "read": read(frames),
        "fault": fault and (fault.kind, fault.message, fault.body),
        "state": (stream.begun, stream.finished, stream.done, stream.usage, stream.text_bytes),
        "ids": stream.tool_call_ids,
    }


TEXTS = st.text(max_size=6) | st.sampled_from(
    ["", '"', "\\", '"content":"x"', ',"usage":null', '{"error":1}', "\n", "\ud83d", "data: [DONE]"]
)


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    """One event, ordinary or not, of an upstream with few habits, so that templates do fit."""
    text = draw(TEXTS)
    call: dict[str, Any] = {"index": 0, "function": {"arguments": text}}
    named = {"id": draw(st.sampled_from("ab")), "function": {"name": "f", "arguments": text}}
    deltas: list[dict[str, Any]] = [
        {"content": text},
        {"content": text},
        {"reasoning": text, "content": ""},
        {"reasoning": text, "content": text},
        {"tool_calls": [call]},
        {"tool_calls": [{"function": {"arguments": text}}]},
        {"tool_calls": [named]},
    ]
    value: dict[str, Any] = {
        **draw(st.sampled_from([HEAD, HEAD, HEAD, {}, {**HEAD, "id": None}])),
        "choices": [
            {
                "index": draw(st.sampled_from([0, 0, 0, 1])),
                "delta": draw(st.sampled_from(deltas)),
                "finish_reason": draw(st.sampled_from([None] * 9 + ["stop", "error"])),
            }
        ],
        **draw(st.sampled_from([{}, {}, {"usage": None}, {"usage": USAGE}, {"note": text}])),
    }
    data = json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 19)) == 0:
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + draw(st.sampled_from([b"", b'"', b"}", b"x", b"\xff"])) + data[at + 1 :]
    return event(data.replace(b"\n", b""))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    events=st.lists(chunks(), min_size=2, max_size=14),
    wants_usage=st.booleans(),
    mapped=st.booleans(),
)
def test_the_fast_way_says_the_same(events: list[bytes], wants_usage: bool, mapped: bool) -> None:
    options: dict[str, Any] = {"wants_usage": wants_usage}
    if mapped:
        options["map_tool_id"] = "call_{}".format
    assert outcome(False, events, options) == outcome(True, events, options)


@settings(max_examples=EXAMPLES, deadline=None)
@given(events=st.lists(chunks() | st.binary(max_size=30).map(event), max_size=8))
def test_no_bytes_crash_it_and_frames_are_strict(events: list[bytes]) -> None:
    stream = make()
    frames, fault = play(stream, *events)
    read(frames)
    assert fault is not None or stream.done
    assert not (fault and frames and not stream.begun)
