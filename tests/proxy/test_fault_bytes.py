"""The bodies of the fault scripts, without their HTTP and their timing."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.completion import read_completion
from proxy.conversion import StreamCollector
from proxy.errors import UpstreamFault
from proxy.stream import ChatStream

SCRIPTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "fault-scripts.json").read_text(encoding="utf-8")
)["scripts"]

FRAMING = {
    "short-content-length",
    "chunked-no-terminator",
    "bad-chunk-size",
    "gzip-truncated",
    "body-over-limit",
    "body-drip",
}
"""Faults of what carries the body: `upstream` sees those."""


def cases(mode: str) -> list[Any]:
    return [
        pytest.param(script["steps"][mode], script["expect"][mode]["only"], id=script["name"])
        for script in SCRIPTS
        if script["group"] in ("body", "stream")
        and script["name"] not in FRAMING
        and mode in script["steps"]
    ]


def body_of(steps: list[dict[str, Any]]) -> list[bytes]:
    """What the steps send as a body, in the pieces in which they send it."""
    head, pieces = b"", list(sent(steps))
    while b"\r\n\r\n" not in head:
        head += pieces.pop(0)
    head, _, first = head.partition(b"\r\n\r\n")
    pieces.insert(0, first)
    if b"chunked" in head:
        return list(unchunked(b"".join(pieces)))
    if length := re.search(rb"(?i)content-length: *(\d+)", head):
        return [b"".join(pieces)[: int(length[1])]]
    return pieces


def sent(steps: list[dict[str, Any]]) -> Iterator[bytes]:
    for step in steps:
        if step["op"] == "send":
            data = step["utf8"].encode() if "utf8" in step else b64decode(step["base64"])
            size = step.get("split") or len(data)
            for _ in range(step.get("repeat", 1)):
                yield from (data[at : at + size] for at in range(0, len(data), size))


def unchunked(data: bytes) -> Iterator[bytes]:
    while b"\r\n" in data:
        size, _, data = data.partition(b"\r\n")
        yield data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]


def test_there_are_cases() -> None:
    assert len(cases("stream")) >= 20
    assert len(cases("non_stream")) >= 12


@pytest.mark.parametrize("steps, expected", cases("non_stream"))
def test_plain(steps: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    allowed = expected.get("of", [expected])
    body = b"".join(body_of(steps))
    try:
        answer = read_completion(body, model="m", id="x", created=1)
    except UpstreamFault:
        assert "error" in [each["kind"] for each in allowed]
        return
    found = json.loads(answer.body, parse_constant=pytest.fail)["choices"][0]["message"]["content"]
    accepted = next(each for each in allowed if each["kind"] == "ok")
    assert found == accepted.get("content", found)
    assert answer.usage == (3, 1)


@pytest.mark.parametrize("steps, expected", cases("stream"))
def test_stream(steps: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    stream = ChatStream(model="m", wants_usage=False, now=1, id="x")
    frames: list[bytes] = []
    fault: UpstreamFault | None = None
    try:
        for piece in body_of(steps):
            frames += stream.feed(piece)
            if stream.done:
                break
        frames += stream.end()
    except UpstreamFault as caught:
        fault = caught

    text = "".join(
        choice["delta"].get("content") or ""
        for frame in frames
        if frame != b"data: [DONE]\n\n"
        for choice in json.loads(frame[6:])["choices"]
    )
    if expected["kind"] == "ok":
        assert fault is None
        assert text == expected["content"]
        assert frames.count(b"data: [DONE]\n\n") == 1
        assert frames[-1] == b"data: [DONE]\n\n"
    else:
        assert fault
        assert stream.begun is (expected["kind"] == "partial")
        assert text == expected.get("content_prefix", "")


@pytest.mark.parametrize("steps, expected", cases("stream"))
def test_stream_for_a_plain_request(steps: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    collector = StreamCollector(model="m", now=1, id="x")
    try:
        for piece in body_of(steps):
            collector.feed(piece)
        answer = json.loads(collector.end().body)
    except UpstreamFault:
        assert expected["kind"] != "ok"
        return
    assert expected["kind"] == "ok"
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"] == expected["content"]
