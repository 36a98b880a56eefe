"""What a vendor leaves in a conversation, and what becomes of it at the next provider."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.adapter import adapt
from proxy.providers.history import UNSIGNED
from proxy.providers.presets import load_presets
from proxy.providers.tool_ids import nine_character_ids, with_ids
from tests.proxy.providers.conversations import (
    ENTRIES,
    HISTORIES,
    PRESETS,
    Message,
    call,
    call_ids,
    chat,
    entry,
    result,
    sent,
    signed,
    texts,
)


def test_what_vendors_do_not_share_is_not_named_as_dropped() -> None:
    assert adapt(chat(HISTORIES["deepseek"]), ENTRIES["openai"]).dropped == ()


def test_what_an_answer_refused_in_the_history_is_named() -> None:
    request = chat(HISTORIES["deepseek"])
    refused = frozenset({"messages.1.reasoning_content"})
    adapted = adapt(request, ENTRIES["deepseek"], refused=refused)
    assert adapted.dropped == ("messages.*.reasoning_content",)
    assert all("reasoning_content" not in message for message in sent(adapted))
    assert adapt(request, ENTRIES["openai"], refused=refused).dropped == ()


def test_gemini_gets_the_validator_value_on_the_first_call_of_each_unsigned_step() -> None:
    step = {"role": "assistant", "tool_calls": [call("a", "x"), call("b", "y")]}
    other = {
        "role": "assistant",
        "tool_calls": [call("c", "z", extra_content={"google": {"k": 1}})],
    }
    own = {"role": "assistant", "tool_calls": [call("d", "z", **signed("mine"))]}
    calls = [m["tool_calls"] for m in sent(adapt(chat([step, other, own]), ENTRIES["gemini"]))]
    assert calls[0] == [call("a", "x", **signed(UNSIGNED)), call("b", "y")]
    assert calls[1][0]["extra_content"] == {"google": {"k": 1, "thought_signature": UNSIGNED}}
    assert calls[2] == own["tool_calls"]


@pytest.mark.parametrize("odd", [None, "x", {}, {"google": None}, {"google": "x"}])
def test_odd_extra_content_still_gets_a_signature(odd: Any) -> None:
    step = {"role": "assistant", "tool_calls": [call("a", "x", extra_content=odd)]}
    made = sent(adapt(chat([step]), ENTRIES["gemini"]))[0]["tool_calls"][0]
    assert made["extra_content"]["google"]["thought_signature"] == UNSIGNED


def test_a_null_function_call_goes_where_it_is_refused_and_a_real_one_stays() -> None:
    null = {"role": "assistant", "content": "x", "function_call": None}
    real = {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}
    refused = frozenset({"messages.0.function_call"})
    adapted = adapt(chat([null, real]), ENTRIES["openai"], refused=refused)
    assert sent(adapted) == [{"role": "assistant", "content": "x"}, real]
    assert adapted.dropped == ()
    assert sent(adapt(chat([null]), ENTRIES["openai"])) == [null]


def test_a_message_of_thoughts_alone_keeps_its_place() -> None:
    thoughts = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    message = {"role": "assistant", "content": [thoughts]}
    assert sent(adapt(chat([message]), ENTRIES["groq"])) == [{"role": "assistant", "content": ""}]


def test_ids_of_the_answer_are_mapped_back() -> None:
    adapted = adapt(chat(HISTORIES["groq"]), ENTRIES["mistral"])
    assert adapted.map_back is not None
    mapped = call_ids(sent(adapted))
    assert [adapted.map_back(known) for known in mapped] == ["call_d5wg", "call_x8fz"]
    assert adapted.map_back("newOne123") == "newOne123"


def test_a_conversation_s_next_request_maps_its_ids_the_same_way() -> None:
    short, full = HISTORIES["groq"][:3], HISTORIES["groq"]
    first = call_ids(sent(adapt(chat(short), ENTRIES["mistral"])))
    assert call_ids(sent(adapt(chat(full), ENTRIES["mistral"]))) == first


def test_an_empty_id_is_mapped_and_a_missing_one_left() -> None:
    step = {"role": "assistant", "tool_calls": [call("", "x"), {"function": {"name": "f"}}]}
    messages = sent(adapt(chat([step, result("", "1")]), ENTRIES["mistral"]))
    assert len(messages[0]["tool_calls"][0]["id"]) == 9
    assert messages[1]["tool_call_id"] == messages[0]["tool_calls"][0]["id"]
    assert "id" not in messages[0]["tool_calls"][1]


@given(st.lists(st.text(max_size=12) | st.from_regex(r"[A-Za-z0-9]{9}", fullmatch=True)))
def test_ids_map_one_to_one(ids: list[str]) -> None:
    messages: list[Message] = [
        {"role": "assistant", "tool_calls": [call(known, "x") for known in ids]},
        *(result(known, "1") for known in ids),
    ]
    before = copy.deepcopy(messages)
    mapped = nine_character_ids(messages)
    after = with_ids(messages, mapped)
    new = [made["id"] for made in after[0]["tool_calls"]]
    assert messages == before
    assert all(re.fullmatch(r"[A-Za-z0-9]{9}", known) for known in new)
    assert len(set(new)) == len(set(ids))
    assert [message["tool_call_id"] for message in after[1:]] == new
    back = {short: known for known, short in mapped.items()}
    assert [back.get(short, short) for short in new] == ids


def test_a_mapped_id_evades_one_that_is_there_already() -> None:
    taken = nine_character_ids([result("call_1", "x")])["call_1"]
    mapped = nine_character_ids([result(taken, "x"), result("call_1", "x")])
    assert set(mapped) == {"call_1"}
    assert mapped["call_1"] != taken


FUNCTION: Any = {"name": "f", "arguments": "{}"}
_ids: st.SearchStrategy[Any] = st.none() | st.sampled_from(
    ["", "call_1", "call_2", "D681PevKs", "ünï"]
)
_extra: st.SearchStrategy[Any] = st.sampled_from(
    [None, "x", {}, {"google": {}}, {"google": {"thought_signature": "s"}}]
)
_calls: st.SearchStrategy[list[Message]] = st.lists(
    st.fixed_dictionaries(
        {"id": _ids, "function": st.just(FUNCTION)},
        optional={"extra_content": _extra},
    ),
    max_size=3,
)
PARTS: list[Message] = [
    {"type": "text", "text": "é"},
    {"type": "thinking", "thinking": []},
    {"type": "image_url", "image_url": {"url": "http://x"}},
]
_parts = st.lists(st.sampled_from(PARTS), max_size=3)
_messages: st.SearchStrategy[list[Message]] = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "developer"])},
        optional={
            "content": st.none() | st.text(max_size=5) | _parts,
            "tool_calls": st.none() | _calls,
            "tool_call_id": _ids,
            "reasoning": st.none() | st.just("r"),
            "reasoning_content": st.just("r"),
            "reasoning_details": st.just(PARTS),
            "extra_content": _extra,
            "name": st.none() | st.just("n"),
            "refusal": st.none() | st.just("no"),
        },
    ),
    min_size=1,
    max_size=5,
)
_refused = st.frozensets(
    st.sampled_from(
        [
            "messages.0.name",
            "messages.*.refusal",
            "messages.1.content",
            "messages.2.role",
            "messages.*.tool_calls",
            "messages.*.tool_calls.0.extra_content",
            "messages[].reasoning",
        ]
    )
)


@given(messages=_messages, provider=st.sampled_from(sorted(PRESETS)), refused=_refused)
def test_any_history_keeps_its_texts_at_every_provider(
    messages: list[Message], provider: str, refused: frozenset[str]
) -> None:
    request = chat(messages)
    adapted = adapt(request, ENTRIES[provider], refused=refused)
    assert list(texts(sent(adapted))) == list(texts(messages))
    assert request.body["messages"] == messages
    assert set(adapted.dropped) <= {
        *("messages.*.name", "messages.*.refusal", "messages.*.annotations", "messages.*.audio"),
        *("messages.*.tool_calls.*.extra_content", "messages.*.reasoning"),
    }
    for name, key in (("messages.*.name", "name"), ("messages.*.refusal", "refusal")):
        gone = any(message.get(key) for message in messages) and not any(
            message.get(key) for message in sent(adapted)
        )
        assert gone is (name in adapted.dropped)
    assert adapt(request, ENTRIES[provider], refused=refused).body == adapted.body


def test_the_role_developer_is_system_where_only_that_is_known() -> None:
    brief = {"role": "developer", "content": "be brief"}
    request = chat([brief, {"role": "user", "content": "hi"}])
    assert sent(adapt(request, ENTRIES["openai"]))[0] == brief
    for name in ("mistral", "deepseek"):
        adapted = adapt(request, entry(load_presets()[name]))
        assert sent(adapted)[0] == {**brief, "role": "system"}
        assert adapted.dropped == ()
    assert request.body["messages"][0] == brief
