"""JSON from clients: strict, exact, and never repeated in an error."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import jsontext

BIG = 2**70 + 1

_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_plain)
def test_what_is_read_is_what_was_written(value: Any) -> None:
    assert jsontext.loads(json.dumps(value).encode()) == value
    assert jsontext.loads(jsontext.dumps(value)) == value


@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_a_value_error(raw: bytes) -> None:
    with suppress(ValueError):
        value = jsontext.loads(raw, once=("a",))
        assert jsontext.loads(jsontext.dumps(value)) == value


@given(st.text(st.characters(codec=None, categories=["Cs", "Lu"]), min_size=1, max_size=6))
def test_lone_surrogates_travel_as_escapes(text: str) -> None:
    raw = json.dumps({"content": text}).encode()
    value = jsontext.loads(raw)
    assert value == json.loads(raw)
    assert json.loads(jsontext.dumps(value)) == json.loads(raw)


def test_a_lone_surrogate_is_written_in_ascii() -> None:
    assert jsontext.dumps(jsontext.loads(b'{"a":"x\\ud83d"}')) == b'{"a":"x\\ud83d"}'


@pytest.mark.parametrize("number", [BIG, -BIG, 2**64, -(2**63) - 1, 10**300, 2**63, 2**53 + 1])
def test_integers_of_any_size_are_not_rounded(number: int) -> None:
    value = jsontext.loads(b'{"seed":%d,"deep":[{"x":%d}]}' % (number, number))
    assert value == {"seed": number, "deep": [{"x": number}]}
    assert b"%d" % number in jsontext.dumps(value)


def test_large_floats_stay_floats() -> None:
    assert jsontext.loads(b"[1e30, -2.5e100]") == [1e30, -2.5e100]
    assert isinstance(jsontext.loads(b"[1e30]")[0], float)


def test_a_byte_order_mark_is_allowed() -> None:
    assert jsontext.loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_a_hundred_levels_are_read_and_one_more_is_not() -> None:
    assert jsontext.loads(b"[" * 100 + b"]" * 100)
    with pytest.raises(ValueError, match="more than 100 levels"):
        jsontext.loads(b"[" * 101 + b"]" * 101)


REFUSED: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b" \n ", "empty"),
    (b'{"secret":1,}', r"line 1, column 1[23]"),
    (b'{\n "secret": 1\n "b": 2}', "line 3, column"),
    (b'{"secret": 1', "line 1, column 13"),
    (b'{"secret": NaN}', "line 1, column 12"),
    (b'{"secret": -Infinity}', "line 1"),
    (b'{"secret": 1e999}', "infinity"),
    (b'{"secret":' + b"7" * 5000 + b"}", "line 1"),
    (b'{"secret":"\\ud800","x":NaN}', "NaN"),
    (b'{"secret":"\\ud800","x":1e999}', "too large"),
    (b'{"secret":"\\ud800","x":' + b"7" * 400 + b"}", "308 digits"),
    (b'{"secret":"\\ud800","x":\n }', "line 2"),
    (b'{"secret":"\\ud800","x":' + b"[" * 50_000, "levels"),
    (b"[" * 100_000, "depth"),
    (b'{"a":' * 100_000, "depth"),
    (b'{"secret":"\xff"}', "not UTF-8"),
    (b'{\n"secret":"\xed\xa0\x80"}', "line 2, byte 11"),
    (b'{"secret":"\\ud800\xff"}', "not UTF-8"),
    (b'{"secret":"\x01"}', "line 1"),
    (b"secret", "line 1, column 1"),
]


@pytest.mark.parametrize("raw, told", REFUSED)
def test_refusals_tell_what_and_where_but_not_the_text(raw: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        jsontext.loads(raw)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None  # the parser's own error holds the document


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"a","model":"b"}',
        b'{"model":"a","x":[{"model":"c"}],"model":"b"}',
        b'{"model":"\\ud800","x":"y","model":"b"}',
        b'{"mod\\u0065l":"a","x":"\\"model","x2":{"model":1},"model":"b"}',
    ],
)
def test_a_name_that_may_stand_once_is_refused_twice(raw: bytes) -> None:
    with pytest.raises(ValueError, match="'model' is given twice"):
        jsontext.loads(raw, once=("messages", "model"))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"a","tools":[{"properties":{"model":{},"messages":1}}]}',
        b'{"model":"a","content":"say \\"model\\": \\"b\\" or \\"model"}',
        b'{"model":"model"}',
        b'{"tools":{"model":1,"model":2},"model":"a"}',
        b'["model","model"]',
    ],
)
def test_the_same_name_elsewhere_is_no_repetition(raw: bytes) -> None:
    assert jsontext.loads(raw, once=("messages", "model")) == json.loads(raw)
