"""The body that one entry is sent: model, parameters, cap, usage."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.chat_request import ChatRequest, parse_chat
from proxy.model import Entry, ModelSpec, Preset, Provider, make_entry
from proxy.providers.adapter import Adapted, adapt

USER = {"role": "user", "content": "hi"}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "f", "strict": True, "parameters": {}},
}


def entry(model: str = "llama", max_output: int | None = None, **preset: Any) -> Entry:
    return make_entry(
        Provider(
            id="lab",
            preset=Preset(id="lab", title="Lab", **preset),
            base_url="http://lab/v1",
            origin="http://lab:80",
            account="lab",
            models={model: ModelSpec(max_output=max_output)},
        ),
        model,
    )


PLAIN = entry()
STRICT = entry(
    refused=("store", "stream_options", "max_completion_tokens", "messages[].name", "tools"),
    renamed={"max_completion_tokens": "max_tokens", "seed": "random_seed"},
    include_usage=False,
)


def chat(**fields: Any) -> ChatRequest:
    return parse_chat(json.dumps({"model": "free", "messages": [USER], **fields}).encode())


def sent(adapted: Adapted) -> dict[str, Any]:
    return json.loads(adapted.body)


def test_a_plain_request_changes_its_model_and_nothing_else() -> None:
    fields = {"temperature": 0, "odd": {"x": [1, None]}, "base_url": "http://evil", "stop": None}
    adapted = adapt(chat(tools=[TOOL], **fields), PLAIN)
    assert sent(adapted) == {"model": "llama", "messages": [USER], "tools": [TOOL], **fields}
    assert (adapted.dropped, adapted.capped, adapted.map_back) == ((), None, None)


def test_a_request_of_messages_alone_is_a_whole_body() -> None:
    assert sent(adapt(chat(), entry('odd "model"'))) == {
        "model": 'odd "model"',
        "messages": [USER],
    }


def test_entries_of_one_request_do_not_disturb_each_other() -> None:
    request = chat(stream=True, seed=3, tools=[TOOL], max_tokens=90)
    before = copy.deepcopy(request.body)
    first = adapt(request, PLAIN)
    adapt(request, STRICT, refused=frozenset({"tools.0.function.strict", "stream"}), cap=5)
    assert adapt(request, PLAIN) == first
    assert request.body == before


@pytest.mark.parametrize(
    "fields, options",
    [
        ({"stream": True}, {"include_usage": True}),
        ({"stream": True, "stream_options": None}, {"include_usage": True}),
        ({"stream": True, "stream_options": {"include_usage": False}}, {"include_usage": True}),
        (
            {"stream": True, "stream_options": {"include_obfuscation": False}},
            {"include_obfuscation": False, "include_usage": True},
        ),
        ({}, None),
    ],
)
def test_streams_are_asked_for_their_usage(fields: dict[str, Any], options: Any) -> None:
    assert sent(adapt(chat(**fields), PLAIN)).get("stream_options") == options


@pytest.mark.parametrize("refused", ["stream_options", "stream_options.include_usage"])
def test_usage_is_not_asked_for_where_that_is_refused(refused: str) -> None:
    request = chat(stream=True)
    adapted = adapt(request, PLAIN, refused=frozenset({refused}))
    assert "stream_options" not in sent(adapted)
    assert adapted.dropped == ()
    assert "stream_options" not in sent(adapt(request, STRICT))


def test_a_refused_wish_for_usage_is_told() -> None:
    request = chat(stream=True, stream_options={"include_usage": True})
    assert adapt(request, STRICT).dropped == ("stream_options",)
    learned = adapt(request, PLAIN, refused=frozenset({"stream_options.include_usage"}))
    assert learned.dropped == ("stream_options.include_usage",)
    assert "stream_options" not in sent(learned)


def test_refused_parameters_are_left_out_and_named() -> None:
    request = chat(
        store=True, user="u", logprobs=True, top_p=1, reasoning={"effort": "low", "x": 1}
    )
    refused = frozenset({"user", "logprobs", "top_k", "reasoning.effort"})
    adapted = adapt(request, STRICT, refused=refused)
    assert adapted.dropped == ("logprobs", "reasoning.effort", "store", "user")
    assert sent(adapted) == {
        "model": "llama",
        "messages": [USER],
        "top_p": 1,
        "reasoning": {"x": 1},
    }


def test_a_refused_null_is_left_out_without_a_word() -> None:
    adapted = adapt(chat(store=None), STRICT)
    assert "store" not in sent(adapted)
    assert adapted.dropped == ()


def test_what_may_not_be_dropped_stays_whoever_refuses_it() -> None:
    fields: dict[str, Any] = {
        "stream": True,
        "tools": [TOOL],
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "stop": ["x"],
        "n": 2,
    }
    refused = frozenset(
        {*fields, "model", "messages", "messages.0.content", "tools.0.function.name"}
    )
    adapted = adapt(
        chat(**fields), entry(refused=("n", "tools"), include_usage=False), refused=refused
    )
    assert sent(adapted) == {"model": "llama", "messages": [USER], **fields}
    assert adapted.dropped == ()


def test_names_refused_within_messages_and_tools_are_left_out_everywhere() -> None:
    messages = [{**USER, "name": "ann"}, USER, {**USER, "name": "bob"}]
    request = chat(messages=messages, tools=[TOOL, TOOL])
    refused = frozenset({"messages.2.name", "tools[0].function.strict"})
    adapted = adapt(request, PLAIN, refused=refused)
    assert adapted.dropped == ("messages.*.name", "tools.*.function.strict")
    assert sent(adapted)["messages"] == [USER, USER, USER]
    assert all("strict" not in tool["function"] for tool in sent(adapted)["tools"])
    assert adapt(request, STRICT).dropped == ("messages.*.name",)


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"max_completion_tokens": 9}, {"max_tokens": 9}),
        ({"max_completion_tokens": 9, "max_tokens": 5}, {"max_tokens": 9}),
        ({"max_tokens": 5, "max_completion_tokens": 9}, {"max_tokens": 9}),
        ({"max_tokens": 5, "max_completion_tokens": None}, {"max_tokens": 5}),
        ({"max_completion_tokens": 9, "max_tokens": None}, {"max_tokens": 9}),
        ({"seed": 4}, {"random_seed": 4}),
        ({"seed": None, "random_seed": 4}, {"random_seed": 4}),
    ],
)
def test_fields_go_out_under_the_provider_s_names(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    adapted = adapt(chat(**fields), STRICT)
    assert sent(adapted) == {"model": "llama", "messages": [USER], **expected}
    assert adapted.dropped == ()


@pytest.mark.parametrize(
    "given_as, refused, expected, dropped",
    [
        ("max_tokens", {"max_tokens"}, {"max_completion_tokens": 9}, ()),
        ("max_completion_tokens", {"max_completion_tokens"}, {"max_tokens": 9}, ()),
        ("max_tokens", {"max_tokens", "max_completion_tokens"}, {}, ("max_tokens",)),
    ],
)
def test_a_cap_whose_name_is_refused_takes_the_other(
    given_as: str, refused: set[str], expected: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    adapted = adapt(chat(**{given_as: 9}), PLAIN, refused=frozenset(refused))
    assert sent(adapted) == {"model": "llama", "messages": [USER], **expected}
    assert adapted.dropped == dropped


def test_a_cap_does_not_return_to_a_name_that_the_preset_renames() -> None:
    adapted = adapt(chat(max_completion_tokens=9), STRICT, refused=frozenset({"max_tokens"}))
    assert sent(adapted) == {"model": "llama", "messages": [USER]}
    assert adapted.dropped == ("max_completion_tokens",)


@pytest.mark.parametrize(
    "fields, cap, own, expected, capped",
    [
        ({"max_tokens": 900}, 500, None, {"max_tokens": 500}, 500),
        ({"max_tokens": 900}, None, 600, {"max_tokens": 600}, 600),
        ({"max_tokens": 900}, 500, 600, {"max_tokens": 500}, 500),
        ({"max_tokens": 900}, 700, 600, {"max_tokens": 600}, 600),
        ({"max_tokens": 500}, 500, 600, {"max_tokens": 500}, None),
        ({"max_tokens": 5}, 500, 600, {"max_tokens": 5}, None),
        ({"max_completion_tokens": 900}, 500, None, {"max_completion_tokens": 500}, 500),
        (
            {"max_completion_tokens": 900, "max_tokens": 50},
            500,
            None,
            {"max_completion_tokens": 500, "max_tokens": 50},
            500,
        ),
        ({}, 500, 600, {}, None),
        ({"max_tokens": None}, 500, 600, {"max_tokens": None}, None),
    ],
)
def test_the_cap_is_lowered_and_told(
    fields: dict[str, Any],
    cap: int | None,
    own: int | None,
    expected: dict[str, Any],
    capped: int | None,
) -> None:
    adapted = adapt(chat(**fields), entry(max_output=own), cap=cap)
    assert sent(adapted) == {"model": "llama", "messages": [USER], **expected}
    assert adapted.capped == capped


def test_a_renamed_cap_is_lowered_too() -> None:
    adapted = adapt(chat(max_completion_tokens=900), STRICT, cap=500)
    assert (sent(adapted)["max_tokens"], adapted.capped) == (500, 500)


def test_a_lone_surrogate_goes_out_as_an_escape() -> None:
    raw = b'{"model":"m","user":"\\ud800","messages":[{"role":"user","content":"a\\udc00"}]}'
    adapted = adapt(parse_chat(raw), PLAIN)
    assert adapted.body.isascii()
    assert sent(adapted) == {**json.loads(raw), "model": "llama"}


def test_integers_of_any_size_go_out_exactly() -> None:
    assert sent(adapt(chat(seed=2**70), PLAIN))["seed"] == 2**70


_names = st.sampled_from(
    ["store", "user", "seed", "max_tokens", "max_completion_tokens", "stream_options", "odd"]
)
_paths = st.sampled_from(
    ["n", "odd.a.b", "odd.a", "messages.*.name", "stream_options.include_usage", "[]", "."]
)
_values = st.sampled_from([None, 7, True, "x", {"include_usage": True}, {"a": {"b": 1}}, [1]])
_refused = st.frozensets(_names | _paths)


@given(
    fields=st.dictionaries(_names, _values),
    stream=st.booleans(),
    refused=_refused,
    preset=_refused,
    renamed=st.dictionaries(_names, st.sampled_from(["max_tokens", "store", "x"]), max_size=2),
    cap=st.none() | st.integers(1, 10),
)
def test_whatever_is_refused_the_body_says_what_was_done(
    fields: dict[str, Any],
    stream: bool,
    refused: frozenset[str],
    preset: frozenset[str],
    renamed: dict[str, str],
    cap: int | None,
) -> None:
    # Past the checks of a request: adapting must stand whatever a value is.
    base = chat(stream=stream, messages=[{**USER, "name": "ann"}])
    given = {name: value for name, value in fields.items() if _fits(name, value)}
    request = replace(base, body={**base.body, **given}, memo={})
    before = copy.deepcopy(request.body)
    to = entry(refused=tuple(preset), renamed=renamed)
    adapted = adapt(request, to, refused=refused, cap=cap)
    body = sent(adapted)
    assert request.body == before
    assert body["model"] == "llama"
    assert [m["content"] for m in body["messages"]] == ["hi"]
    assert body["stream"] is stream
    assert adapted.dropped == tuple(sorted(set(adapted.dropped)))
    for name in adapted.dropped:
        assert name.split(".")[0] in request.body
        assert name in refused | preset or renamed.get(name) in refused | preset
    assert not {"store", "user"} & (refused | preset) & set(body)


def _fits(name: str, value: Any) -> bool:
    return name != "stream_options" or value is None or isinstance(value, dict)


@pytest.mark.parametrize("choice", [{}, {"tool_choice": "auto"}, {"tool_choice": "none"}])
def test_an_empty_list_of_tools_is_left_out_where_it_is_refused(choice: dict[str, Any]) -> None:
    request = chat(tools=[], **choice)
    assert sent(adapt(request, PLAIN))["tools"] == []
    picky = adapt(request, entry(empty_tools=False))
    assert sent(picky).keys() == {"model", "messages"}
    assert picky.dropped == ()


def test_tools_and_their_choice_stay_where_an_empty_list_is_refused() -> None:
    request = chat(tools=[TOOL], tool_choice="auto")
    assert sent(adapt(request, entry(empty_tools=False)))["tool_choice"] == "auto"
    forced = chat(tools=[], tool_choice="required")
    assert sent(adapt(forced, entry(empty_tools=False)))["tool_choice"] == "required"
