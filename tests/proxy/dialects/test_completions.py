"""Text completions to chat and back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.dialects.completions import CompletionsDialect
from proxy.dialects.dialect import Exchange, Failure
from tests.proxy.dialects.chat import TICKET, completion, fault_of, frame, frames

DIALECT = CompletionsDialect()


def read(**body: Any) -> Exchange:
    return DIALECT.read(orjson.dumps({"model": "free", "prompt": "Once", **body}), TICKET)


@pytest.mark.parametrize("prompt", ["Once", ["Once"]])
def test_the_prompt_becomes_the_users_message(prompt: object):
    chat = read(prompt=prompt, max_tokens=9, stop=["."], temperature=0.5, top_k=3).chat
    assert chat.body == {
        "model": "free",
        "messages": [{"role": "user", "content": "Once"}],
        "max_tokens": 9,
        "stop": ["."],
        "temperature": 0.5,
        "top_k": 3,
    }
    assert chat.cap == 9
    assert chat.dropped == ()


def test_logprobs_are_a_number_here_and_a_switch_there():
    body = read(logprobs=2).chat.body
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


def test_best_of_is_named_where_it_asks_for_more_than_n():
    for body, dropped in (({"best_of": 3}, ("best_of",)), ({"best_of": 2, "n": 2}, ())):
        legacy = read(**body).chat.legacy
        assert legacy is not None
        assert legacy.dropped == dropped


@pytest.mark.parametrize(
    "body, param",
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": ["one", "two"]}, "prompt"),
        ({"prompt": [1, 2, 3]}, "prompt"),
        ({"prompt": "x", "suffix": "end"}, "suffix"),
        ({"prompt": "x", "echo": 1}, "echo"),
        ({"prompt": "x", "logprobs": "2"}, "logprobs"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(body: dict[str, Any], param: str):
    assert fault_of(DIALECT.read, {"model": "m", **body}).param == param


def test_a_plain_answer():
    told = orjson.loads(read().plain(completion({"content": " upon a time"}, "length")))
    assert (told["object"], told["model"], told["usage"]["total_tokens"]) == (
        "text_completion",
        "served",
        42,
    )
    assert told["choices"] == [
        {"text": " upon a time", "index": 0, "logprobs": None, "finish_reason": "length"}
    ]


def test_echo_stands_before_each_choice_once():
    pieces = frames({"content": " upon"}, {"content": " a time"}, usage=None)
    told = read(echo=True).stream().feed(b"".join(pieces)).decode()
    events = [one.removeprefix("data: ") for one in told.split("\n\n") if one]
    assert events[-1] == "[DONE]"
    chunks = [orjson.loads(one) for one in events[:-1]]
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == "Once upon a time"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_usage_is_told_only_to_those_who_asked():
    assert not read(stream=True).chat.wants_usage
    chat = read(stream=True, stream_options={"include_usage": True}).chat
    assert chat.wants_usage


def test_log_probabilities_come_back_in_the_old_form():
    tokens: list[dict[str, Any]] = [
        {"token": "a", "logprob": -0.1, "top_logprobs": [{"token": "b", "logprob": -2.0}]},
        {"token": "bc", "logprob": -0.2, "top_logprobs": []},
    ]
    choice: dict[str, Any] = {
        "index": 0,
        "delta": {"content": "abc"},
        "logprobs": {"content": tokens},
    }
    telling = read(logprobs=1).stream()
    telling.feed(frame({"content": "xy"}))
    told = telling.feed(frame(choices=[choice])).removeprefix(b"data: ")
    assert orjson.loads(told)["choices"][0]["logprobs"] == {
        "tokens": ["a", "bc"],
        "token_logprobs": [-0.1, -0.2],
        "top_logprobs": [{"b": -2.0}, {}],
        "text_offset": [2, 3],
    }


def test_errors_are_those_of_chat():
    failure = Failure(status=429, message="m", type="rate_limit_error", code="c", trail=[])
    reply = read().failed(failure)
    assert (reply.status, orjson.loads(reply.body)["error"]["code"]) == (429, "c")
    broken = read().stream().interrupted("m").removeprefix(b"data: ")
    assert orjson.loads(broken)["error"]["code"] == "stream_interrupted"
