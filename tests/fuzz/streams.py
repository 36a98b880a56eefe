"""Targets: what an upstream sends as its answer."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from proxy.completion import read_completion
from proxy.conversion import StreamCollector, stream_from_completion
from proxy.errors import UpstreamFault
from proxy.providers.listing import NoModelList, read_listing
from proxy.providers.quota import (
    read_deepseek_balance,
    read_ollama_ps,
    read_ollama_usage,
    read_openrouter_key,
)
from proxy.sse import Event, EventSplitter
from tests.fuzz.json_values import damaged_json
from tests.fuzz.target import Target
from tests.proxy.chunks import event
from tests.proxy.test_sse import reference
from tests.proxy.test_stream_speed import chunks, outcome

_MAX_EVENT = 64
_PIECES = st.lists(
    st.sampled_from(
        [
            *(b"data: ", b"data:", b"data", b"event: ", b"id: 1", b": c", b":", b" ", b"x", b"{}"),
            *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef", b"\x00"),
            b"y" * (_MAX_EVENT - 10),
        ]
    )
    | st.binary(max_size=4),
    max_size=40,
).map(b"".join)


@st.composite
def _segmented(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    text = draw(_PIECES)
    return text, sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))


def _split(text: bytes, cuts: list[int], max_event: int) -> tuple[list[Event], bool]:
    """The events, and whether one was too large."""
    splitter, events = EventSplitter(max_event), list[Event]()
    try:
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            events += splitter.feed(text[start:end])
        events += splitter.end()
    except UpstreamFault:
        return events, True
    return events, splitter.fault is not None


def _splits_alike(case: tuple[bytes, list[int]]) -> None:
    """However it is cut, the same events as a reader by the letter of the specification sees."""
    text, cuts = case
    events, too_large = _split(text, cuts, 10**6)
    assert not too_large
    assert events == reference(text)
    some, _ = _split(text, cuts, _MAX_EVENT)
    assert some == events[: len(some)]


_UPSTREAM_EVENTS = st.lists(chunks() | damaged_json().map(event), min_size=1, max_size=12)


def _sees_through(case: tuple[list[bytes], bool, bool]) -> None:
    """Events that are not parsed lead to what parsing each of them leads to."""
    events, wants_usage, mapped = case
    options: dict[str, Any] = {"wants_usage": wants_usage}
    if mapped:
        options["map_tool_id"] = "call_{}".format
    assert outcome(False, events, options) == outcome(True, events, options)


def _collects(events: list[bytes]) -> None:
    """A stream becomes a completion that can be told as a stream again, or a fault."""
    collector = StreamCollector(model="m", id="i", now=1)
    with suppress(UpstreamFault):
        for data in events:
            collector.feed(data)
        whole = json.loads(collector.end().body, parse_constant=_no_constant)
        assert stream_from_completion(whole, wants_usage=True)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


_COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "hi",
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def _completes(body: bytes) -> None:
    with suppress(UpstreamFault):
        completion = read_completion(body, model="m", id="i", created=1)
        told = json.loads(completion.body, parse_constant=_no_constant)
        assert told["choices"]
        assert completion.text_bytes >= 0


_LISTING = {"data": [{"id": "a/b:free", "context_length": 8192, "pricing": {"prompt": "0"}}]}


def _lists(body: bytes) -> None:
    with suppress(NoModelList):
        for model in read_listing(body):
            assert model.id
            assert len(model.id) <= 200
            assert model.id.isprintable()
            assert model.id.isascii()
    for read in (read_openrouter_key, read_ollama_usage, read_deepseek_balance, read_ollama_ps):
        read(body, 0.0)


TARGETS = (
    Target("event splitter", _segmented(), _splits_alike),
    Target(
        "unparsed events",
        st.tuples(_UPSTREAM_EVENTS, st.booleans(), st.booleans()),
        _sees_through,
    ),
    Target("stream collector", _UPSTREAM_EVENTS, _collects),
    Target("completion", damaged_json(_COMPLETION), _completes),
    Target("model list", damaged_json(_LISTING), _lists),
)
