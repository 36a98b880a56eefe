"""What stands around the text of an ordinary event."""

from __future__ import annotations

import json

import pytest

from proxy.template import learn, literal_bytes


def delta(text: str) -> bytes:
    return b'{"choices":[{"index":0,"delta":{%b},"finish_reason":null}]}' % text.encode()


def test_a_template_frames_another_text() -> None:
    data = delta('"content" : "a"')
    template = learn(data, b"data: " + b'{"id":1,' + data[1:] + b"\n\n", json.loads(data))
    assert template
    literal = template.text_of(delta(r'"content" : "\"€\n"'))
    assert literal
    assert literal == rb'"\"' + "€".encode() + rb'\n"'
    assert literal_bytes(literal) == 5
    framed = template.head + literal + template.tail
    assert framed.startswith(b'data: {"id":1,"choices"')
    assert framed.endswith(b'"finish_reason":null}]}\n\n')


@pytest.mark.parametrize(
    "data",
    [
        delta(""),
        delta('"content":""'),
        delta('"content":null'),
        delta('"content":["a"]'),
        delta('"content":"a","reasoning":"b"'),
        delta('"content":"a","tool_calls":[{"index":0,"function":{"arguments":"b"}}]'),
        delta('"content":"a","function_call":{"arguments":"b"}'),
        delta('"tool_calls":[{"index":0,"id":"t","function":{"arguments":"b"}}]'),
        delta('"tool_calls":[{"index":0,"function":{"name":"f","arguments":"b"}}]'),
        delta('"tool_calls":[{"function":{"arguments":"a"}},{"function":{"arguments":"b"}}]'),
        # Where the first thing that looks like the field is something else.
        delta('"x":{"content":"a"},"content":"b"'),
        delta('"content":"a","content":"b"'),
        delta(r'"x":"\"content\":\"a\"","x2":{"content":"a"},"content":"b"'),
        delta('"content":"a"').replace(b"null", b'"stop"'),
        delta('"content":"a"').replace(b"]}", b',{"index":1,"delta":{"content":"b"}}]}'),
        b'{"choices":[]}',
        b'{"content":"a"}',
    ],
)
def test_nothing_is_learned_from_what_is_not_ordinary(data: bytes) -> None:
    assert learn(data, b"data: " + data + b"\n\n", json.loads(data)) is None


@pytest.mark.parametrize(
    "text", ['"', "a", "null", '"a', '"a"b"', '"a","content":"b"', '"\x01"', ""]
)
def test_what_is_no_string_does_not_fit(text: str) -> None:
    data = delta('"content":"a"')
    template = learn(data, b"data: " + data + b"\n\n", json.loads(data))
    assert template
    assert template.text_of(delta(f'"content":{text}')) is None
    assert template.text_of(data[: len(template.prefix) + 3]) is None
