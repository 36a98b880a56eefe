"""Whatever a client sends is read or refused; whatever an upstream says is told."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.dialect import Dialect
from proxy.dialects.spoken import DIALECTS
from proxy.errors import RequestFault
from tests.proxy.dialects.chat import DONE, TICKET, completion, events, frame

NAMES = (
    "arguments", "call_id", "content", "data", "effort", "format", "id", "image_url", "input",
    "input_schema", "is_error", "max_output_tokens", "max_tokens", "media_type", "messages",
    "name", "output", "parameters", "prompt", "reasoning", "role", "schema", "source", "summary",
    "system", "text", "thinking", "tool_choice", "tool_use_id", "tools", "type", "url",
)  # fmt: skip
WORDS = (
    "", "assistant", "auto", "base64", "custom", "developer", "document", "function",
    "function_call", "function_call_output", "image", "input_image", "input_text", "json_schema",
    "message", "reasoning", "required", "system", "text", "thinking", "tool", "tool_result",
    "tool_use", "user",
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=20,
)
LEAST: dict[str, dict[str, Any]] = {
    "/completions": {"model": "m", "prompt": "Hi"},
    "/responses": {"model": "m", "input": "Hi"},
    "/messages": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
}
OTHERS = [pytest.param(path, DIALECTS[path], id=path) for path in LEAST]


@pytest.mark.parametrize("path, dialect", OTHERS)
@given(body=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_a_body_is_read_or_refused(path: str, dialect: Dialect, body: dict[str, Any]):
    given_body = {**LEAST[path], **body}
    try:
        chat = dialect.read(orjson.dumps(given_body), TICKET).chat
    except RequestFault as refused:
        fault = refused
    else:
        assert chat.body["messages"]
        assert all(name.isascii() for name in chat.dropped)
        return
    assert fault.status == 400
    # Named as the client calls it, not as chat does.
    assert fault.param is not None
    assert fault.param.partition(".")[0] in given_body
    assert f"'{fault.param}'" in fault.message


SAID = st.fixed_dictionaries(
    {},
    optional={
        "content": VALUES,
        "reasoning": VALUES,
        "refusal": VALUES,
        "tool_calls": VALUES
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": st.integers(-1, 2),
                    "id": VALUES,
                    "function": st.fixed_dictionaries(
                        {}, optional={"name": VALUES, "arguments": VALUES}
                    ),
                },
            ),
            max_size=2,
        ),
    },
)
FINISH = st.none() | st.sampled_from(["stop", "length", "tool_calls", "odd"])


@pytest.mark.parametrize("path, dialect", OTHERS)
@given(deltas=st.lists(SAID, max_size=5), finish=FINISH)
def test_a_stream_is_told_to_its_end(
    path: str, dialect: Dialect, deltas: list[dict[str, Any]], finish: str | None
):
    telling = dialect.read(orjson.dumps(LEAST[path]), TICKET).stream()
    pieces = [*(frame(delta) for delta in deltas), frame({}, finish), DONE]
    told = b"".join(telling.feed(piece) for piece in pieces)
    if path == "/completions":
        assert told.endswith(DONE)
        return
    found = events(told)
    ends = [event for event in found if event["type"] in ENDS]
    assert ends == found[-1:]
    opened = [event for event in found if event["type"].endswith(OPENED)]
    closed = [event for event in found if event["type"].endswith(CLOSED)]
    assert len(opened) == len(closed)


ENDS = ("message_stop", "response.completed", "response.incomplete")
OPENED = ("content_block_start", "output_item.added")
CLOSED = ("content_block_stop", "output_item.done")


@pytest.mark.parametrize("path, dialect", OTHERS)
@given(message=SAID, finish=FINISH)
def test_a_plain_answer_is_told(
    path: str, dialect: Dialect, message: dict[str, Any], finish: str | None
):
    exchange = dialect.read(orjson.dumps(LEAST[path]), TICKET)
    assert orjson.loads(exchange.plain(completion(message, finish or "stop")))["model"] == "served"


def test_a_lone_surrogate_passes():
    raw = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"\\ud83d"}]}'
    chat = DIALECTS["/messages"].read(raw, TICKET).chat
    assert chat.encoded("messages") == b'[{"role":"user","content":"\\ud83d"}]'
    raw = b'{"model":"m","input":"Hi","instructions":"\\ud83d"}'
    exchange = DIALECTS["/responses"].read(raw, TICKET)
    assert b'"instructions":"\\ud83d"' in exchange.plain(completion({"content": "x"}))
