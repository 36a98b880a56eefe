"""An upstream's stream on its way to the client: what comes out, when it begins and ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.errors import UpstreamFault
from tests.proxy.chunks import (
    DONE,
    FIRST,
    ROLE,
    SECOND,
    STOP,
    chunk,
    content,
    event,
    make,
    play,
    relay,
    said,
)


class TestForwarding:
    def test_byte_exact(self) -> None:
        odd = (
            b'{ "model":"m","id" : "c1","created":1.0,"object":"chat.completion.chunk",'
            b'"x":\t[1e2],"choices":[{"delta":{"content":"\\u00e9\\/\xe2\x82\xac"},"index":0,'
            b'"finish_reason":null}] }'
        )
        frames = [ROLE, FIRST, event(odd), SECOND, STOP, DONE]
        assert relay(*frames) == frames
        assert relay(b"".join(frames)) == frames

    def test_each_event_leaves_as_it_arrives(self) -> None:
        stream = make()
        assert stream.feed(ROLE) == []
        assert not stream.begun
        assert stream.feed(FIRST) == [ROLE, FIRST]
        assert stream.begun
        assert stream.feed(SECOND) == [SECOND]
        assert stream.feed(STOP) == [STOP]
        assert (stream.finished, stream.done) == (True, False)
        assert stream.feed(DONE + SECOND + DONE) == [DONE]
        assert stream.done
        assert stream.feed(SECOND) == []
        assert stream.end() == []
        assert stream.text_bytes == 5

    def test_fields_and_comments_are_dropped(self) -> None:
        text = b": hi\n\nevent: message\nid: 1\nretry: 3\n" + FIRST + b": ping\n\n" + STOP + DONE
        assert relay(text) == [FIRST, STOP, DONE]

    def test_a_payload_over_several_lines_comes_in_one(self) -> None:
        pretty = json.dumps(json.loads(chunk({"content": "a"})), indent=1).encode()
        lines = b"".join(b"data: " + line + b"\n" for line in pretty.split(b"\n")) + b"\n"
        frames = relay(lines, STOP, DONE)
        assert frames == [event(pretty.replace(b"\n", b" ")), STOP, DONE]

    @pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
    def test_split_anywhere(self, step: int) -> None:
        text = b"".join([ROLE, said("Fï€😀"), STOP, DONE]).replace(b"\n", b"\r\n")
        assert content(relay(*(text[at : at + step] for at in range(0, len(text), step)))) == (
            "Fï€😀"
        )

    def test_pings_do_not_reach_the_client(self) -> None:
        ping = b'event: ping\ndata: {"type":"ping"}\n\n'
        assert relay(ping, FIRST, ping, event(b'{"x_groq":{}}'), b"data: \n\n", STOP, DONE) == [
            FIRST,
            STOP,
            DONE,
        ]


class TestBeginning:
    @pytest.mark.parametrize(
        "delta",
        [
            {"content": "a"},
            {"content": [{"type": "text", "text": "a"}]},
            {"reasoning": "a"},
            {"content": None, "reasoning_content": "a"},
            {"refusal": "no"},
            {"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": ""}}]},
            {"function_call": {"name": "f"}},
        ],
    )
    def test_meaningful(self, delta: dict[str, Any]) -> None:
        stream = make()
        assert stream.feed(ROLE) == []
        assert stream.feed(event(chunk(delta))) == [ROLE, event(chunk(delta))]

    def test_an_end_alone_is_an_answer(self) -> None:
        assert relay(ROLE, STOP, DONE) == [ROLE, STOP, DONE]

    @pytest.mark.parametrize(
        "data",
        [
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": None, "tool_calls": []}, finish=""),
            chunk(),
            b'{"id":"c1","choices":[],"prompt_filter_results":[]}',
            b'{"id":"c1","choices":null}',
            b'{"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":0}}',
            b'{"type":"ping"}',
        ],
    )
    def test_not_meaningful(self, data: bytes) -> None:
        stream = make()
        assert stream.feed(event(data)) == []
        assert not stream.begun
        with pytest.raises(UpstreamFault, match="before it said anything") as caught:
            stream.feed(DONE)
        assert caught.value.kind == "broken"

    def test_what_is_held_is_bounded_by_events(self) -> None:
        stream = make()
        for _ in range(64):
            assert stream.feed(b": ping\n\n" + ROLE) == []
        with pytest.raises(UpstreamFault):
            stream.feed(ROLE)

    def test_comments_are_not_counted(self) -> None:
        stream = make()
        assert stream.feed(b": ping\n\n" * 1000) == []
        assert stream.feed(FIRST) == [FIRST]

    def test_what_is_held_is_bounded_by_bytes(self) -> None:
        stream = make()
        large = event(chunk(padding="x" * 100_000))
        assert stream.feed(large) == []
        assert stream.feed(large) == []
        with pytest.raises(UpstreamFault):
            stream.feed(large)


class TestEnding:
    @pytest.mark.parametrize("tail", [b"", b"\n", b"data: [DO", b'data: {"id":"c', b": bye"])
    def test_done_is_repaired_after_a_finish_reason(self, tail: bytes) -> None:
        assert relay(FIRST, STOP, tail) == [FIRST, STOP, DONE]

    def test_done_without_its_blank_line(self) -> None:
        assert relay(FIRST, STOP, b"data: [DONE]") == [FIRST, STOP, DONE]

    def test_done_without_a_finish_reason_is_an_end(self) -> None:
        """ModelScope sends none."""
        assert relay(FIRST, DONE) == [FIRST, DONE]

    @pytest.mark.parametrize(
        "chunks, begun",
        [
            ([], False),
            ([DONE], False),
            ([ROLE], False),
            ([ROLE, DONE], False),
            ([b": ping\n\n"], False),
            ([b"<html>down</html>"], False),
            ([b'{"error":"no"}'], False),
            ([FIRST], True),
            ([FIRST, b'data: {"id":"c1","cho'], True),
            ([FIRST, SECOND[:-2]], True),
        ],
    )
    def test_no_end(self, chunks: list[bytes], begun: bool) -> None:
        stream = make()
        frames, fault = play(stream, *chunks)
        assert fault
        assert fault.kind == "broken"
        assert stream.begun is begun
        assert bool(frames) is begun

    def test_the_last_event_before_a_cut_comes_out(self) -> None:
        frames, fault = play(make(), FIRST, SECOND[:-1])
        assert frames == [FIRST, SECOND]
        assert fault
