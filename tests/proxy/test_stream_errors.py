"""Errors inside a stream, and what is no chunk at all."""

from __future__ import annotations

import json

import pytest

from proxy.errors import UpstreamFault
from tests.proxy.chunks import (
    DONE,
    FIRST,
    ROLE,
    SECOND,
    STOP,
    chunk,
    event,
    make,
    play,
    relay,
    said,
)

ERRORS = [
    b'data: {"error":{"message":"Provider returned error","code":502}}\n\n',
    b'data: {"error":"overloaded"}\n\n',
    b'data: {"id":"g","choices":[],"error":{"code":502,"message":"limit"}}\n\n',
    b'data: {"id":"g","error":{"code":429,"message":"Rate limit exceeded"},'
    b'"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{},"error":{"code":502,"message":"gone"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"error"}]}\n\n',
    b'event: error\ndata: {"type":"error","message":"overloaded"}\n\n',
    b"event: error\ndata: overloaded\n\n",
    b'data: {"type":"error","message":"overloaded"}\n\n',
    b'data: {"object":"error","message":"The request queue is full.","code":503}\n\n',
    b'data: {"success":false,"errors":[{"code":4006,"message":"daily free allocation"}]}\n\n',
    b'data: {"detail":"no"}\n\n',
    b'data: {"message":"Too many requests","code":"queue_exceeded"}\n\n',
]


class TestErrors:
    @pytest.mark.parametrize("error", ERRORS)
    @pytest.mark.parametrize("before", [[], [ROLE], [b": ping\n\n", ROLE]])
    def test_before_the_first_word(self, before: list[bytes], error: bytes) -> None:
        stream = make()
        frames, fault = play(stream, *before, error + DONE)
        assert frames == []
        assert not stream.begun
        assert fault
        assert fault.kind == "error"
        assert fault.body

    @pytest.mark.parametrize("error", ERRORS)
    @pytest.mark.parametrize("together", [True, False])
    def test_after_the_first_word(self, together: bool, error: bytes) -> None:
        stream = make()
        chunks = [ROLE, FIRST, SECOND, error, DONE]
        frames, fault = play(stream, *([b"".join(chunks)] if together else chunks))
        assert frames == [ROLE, FIRST, SECOND]
        assert stream.begun
        assert fault
        assert fault.kind == "error"
        with pytest.raises(UpstreamFault):
            stream.feed(STOP)
        with pytest.raises(UpstreamFault):
            stream.end()

    def test_the_body_is_the_error(self) -> None:
        _, fault = play(make(), ERRORS[0])
        assert fault
        assert json.loads(fault.body)["error"]["code"] == 502
        _, fault = play(make(), ERRORS[4])
        assert fault
        assert json.loads(fault.body) == {"error": {"code": 502, "message": "gone"}}

    @pytest.mark.parametrize("empty", [None, "", {}, []])
    def test_no_error_is_none(self, empty: object) -> None:
        data = event(chunk({"content": "a"}, error=empty, errors=empty))
        assert relay(data, STOP, DONE) == [data, STOP, DONE]

    @pytest.mark.parametrize(
        "data",
        [
            b"{",
            b"NaN",
            b"null",
            b"[]",
            b'"text"',
            b'{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":NaN}]}',
            b'{"choices":[{"index":0,"delta":{"content":"a"},"p":-Infinity}]}',
            b'{"choices":[{"index":0,"delta":{"content":"a"},"p":' + b"9" * 5000 + b"}]}",
            b'{"choices":[{"index":0,"delta":{"content":"a"},"p":' + b"[" * 5000,
            b'{"choices":[{"index":0,"delta":{"content":"a"},"p":'
            + b"[" * 900
            + b"]" * 900
            + b"}]}",
            b'{"choices":{"0":{}}}',
            b'{"choices":[null]}',
            b'{"choices":[{"index":0,"delta":"text"}]}',
        ],
    )
    @pytest.mark.parametrize("before", [[], [FIRST]])
    def test_what_is_no_chunk(self, before: list[bytes], data: bytes) -> None:
        frames, fault = play(make(), *before, event(data), STOP)
        assert frames == before
        assert fault
        assert fault.kind == "broken"

    def test_an_event_over_the_limit(self) -> None:
        frames, fault = play(make(), ROLE + FIRST + b"data: " + b"x" * (1024 * 1024 + 1))
        assert frames == [ROLE, FIRST]
        assert fault
        assert fault.kind == "broken"

    def test_an_event_of_700_kilobytes(self) -> None:
        large = said("y" * 700_000)
        assert relay(large[:300_000], large[300_000:], STOP, DONE) == [large, STOP, DONE]
