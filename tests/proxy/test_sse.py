"""Server-sent events, cut anywhere. `FUZZ_EXAMPLES=25000` runs the properties for longer."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import UpstreamFault
from proxy.sse import Event, EventSplitter

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "500"))


def split(*chunks: bytes, max_event: int = 1024) -> list[Event]:
    splitter = EventSplitter(max_event)
    events = [event for chunk in chunks for event in splitter.feed(chunk)]
    return events + splitter.end()


def reference(text: bytes) -> list[Event]:
    """The same by the letter of the specification: all at once, one byte after the other."""
    if text[:3] == b"\xef\xbb\xbf":
        text = text[3:]
    lines: list[bytes] = []
    line = bytearray()
    for at, byte in enumerate(text):
        if byte == 0x0A and at and text[at - 1] == 0x0D:
            continue
        if byte in (0x0A, 0x0D):
            lines.append(bytes(line))
            line.clear()
        else:
            line.append(byte)
    lines += [bytes(line), b""]

    events: list[Event] = []
    name, data = b"", bytearray()
    for whole in lines:
        if not whole:
            if data:
                events.append(Event(name, bytes(data[:-1])))
            name, data = b"", bytearray()
            continue
        field, colon, value = whole.partition(b":")
        if colon and value[:1] == b" ":
            value = value[1:]
        if field == b"data":
            data += value + b"\n"
        elif field == b"event":
            name = value
    return events


@pytest.mark.parametrize(
    "text, events",
    [
        (b"data: a\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\r\rdata: b\r\r", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\r\n\ndata: b\n\r\ndata: c\r\n\r", [(b"", b"a"), (b"", b"b"), (b"", b"c")]),
        (b"data:a\n\ndata:  b\n\n", [(b"", b"a"), (b"", b" b")]),
        (b"data: a\ndata:b\ndata\n\n", [(b"", b"a\nb\n")]),
        (b": OPENROUTER PROCESSING\n\n:\n\ndata: a\n: in between\n\n", [(b"", b"a")]),
        (
            b"id: 7\nretry: 10\nevent: error\ndata: a\n\ndata: b\n\n",
            [(b"error", b"a"), (b"", b"b")],
        ),
        (b"event:x\nevent: y\ndata: a\n\n", [(b"y", b"a")]),
        (b"event: ping\n\ndata: a\n\n", [(b"", b"a")]),
        (b"\n\n\ndata: a\n\n\n\n\n", [(b"", b"a")]),
        (b"data:\n\n", [(b"", b"")]),
        (b"nothing: known\nat all\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [(b"", b"a")]),
        (b"data: \xe2\x80\xa8\xc3\xa9\n\n", [(b"", b"\xe2\x80\xa8\xc3\xa9")]),
        (b"data: a\n\ndata: b\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\n\ndata: b", [(b"", b"a"), (b"", b"b")]),
        (b"", []),
        (b"\xef\xbb", []),
    ],
)
def test_events_of_a_text(text: bytes, events: list[tuple[bytes, bytes]]) -> None:
    assert reference(text) == events
    assert split(text) == events
    assert split(*(text[at : at + 1] for at in range(len(text)))) == events
    for cut in range(len(text)):
        assert split(text[:cut], text[cut:]) == events


def test_a_line_feed_after_a_cut_behind_crlf_ends_the_event() -> None:
    """Taken for the second half of a CRLF, it would join two events."""
    assert split(b"data: a\r\n", b"\ndata: b\n\n") == [(b"", b"a"), (b"", b"b")]


def test_a_line_feed_after_a_cut_behind_cr_is_its_second_half() -> None:
    assert split(b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n") == [(b"", b"a\nb")]


def test_a_byte_order_mark_is_one_at_the_very_start_only() -> None:
    """In the second line it makes another field's name."""
    assert split(b"\n\xef\xbb\xbfdata: a\n\n") == []
    assert split(b"data: a\n", b"\xef\xbb\xbfdata: b\n\n") == [(b"", b"a")]
    assert split(b"\xef", b"\xbb", b"\xbf\xef\xbb\xbfdata: a\n\n") == []


def test_an_event_is_out_before_the_next_byte_comes() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\r\n\r") == [(b"", b"a")]
    assert splitter.feed(b"\ndata: b\n") == []
    assert splitter.feed(b"\n") == [(b"", b"b")]


PIECES = st.sampled_from(
    [
        *(b"data: ", b"data:", b"data", b"event: ", b"id: 1", b": c", b":", b" ", b"x", b"{}"),
        *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\x00", b"[DONE]"),
        *(b"\xef\xbb\xbf", "é€😀".encode()),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=60)


@settings(max_examples=EXAMPLES, deadline=None)
@given(text=TEXTS, cuts=st.lists(st.integers(min_value=0, max_value=200), max_size=12))
def test_no_cut_changes_the_events(text: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    chunks = [text[start:stop] for start, stop in pairwise(places)]
    assert split(*chunks) == split(text) == reference(text)


@settings(max_examples=EXAMPLES // 5, deadline=None)
@given(text=TEXTS, step=st.integers(min_value=1, max_value=9), limit=st.integers(5, 30))
def test_nothing_over_the_limit_is_kept_or_passed(text: bytes, step: int, limit: int) -> None:
    splitter = EventSplitter(limit)
    with suppress(UpstreamFault):
        for at in range(0, len(text), step):
            for event in splitter.feed(text[at : at + step]):
                assert len(event.data) <= limit
            assert len(splitter._pending) <= max(limit, 3)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 1100],
        [b"data: " + b"x" * 600, b"x" * 600],
        [b"data: " + b"x" * 1100 + b"\n\ndata: y\n\n"],
        [b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"] * 40,
        [b": comment without end\n" * 60],
        [b"event: " + b"x" * 1100],
    ],
)
def test_an_event_over_the_limit_is_refused_before_it_ends(chunks: list[bytes]) -> None:
    splitter = EventSplitter(1024)
    with pytest.raises(UpstreamFault) as caught:
        split(*chunks)
    assert caught.value.kind == "broken"
    for chunk in chunks:
        with suppress(UpstreamFault):
            assert splitter.feed(chunk) == []
    with pytest.raises(UpstreamFault):
        splitter.feed(b"data: a\n\n")
    with pytest.raises(UpstreamFault):
        splitter.end()


@pytest.mark.parametrize("after", [b"", b"\n\n", b"\n\ndata: b\n\n"])
def test_events_before_one_over_the_limit_come_out(after: bytes) -> None:
    splitter = EventSplitter(1024)
    assert splitter.feed(b"data: a\n\ndata: " + b"x" * 1100 + after) == [(b"", b"a")]
    assert splitter.fault
    with pytest.raises(UpstreamFault):
        splitter.feed(b"\n\n")


def test_a_large_event_under_the_limit_passes_byte_by_byte() -> None:
    data = b"y" * 1000
    text = b"data: " + data + b"\n\n"
    assert split(*(text[at : at + 1] for at in range(len(text)))) == [(b"", data)]
