"""Dotted names of request fields: generalised, judged, removed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.paths import NEVER_DROPPED, droppable, generalise, holds, without


@pytest.mark.parametrize(
    "path, general",
    [
        ("temperature", "temperature"),
        ("messages.3.reasoning_content", "messages.*.reasoning_content"),
        ("messages[3].reasoning_content", "messages.*.reasoning_content"),
        ("messages[].name", "messages.*.name"),
        ("messages.*.name", "messages.*.name"),
        ("messages.0.tool_calls.12.extra_content", "messages.*.tool_calls.*.extra_content"),
        ("messages[0].content[1].cache_control", "messages.*.content.*.cache_control"),
        ("tools[2].function.strict", "tools.*.function.strict"),
        ("modalities.0", "modalities"),
        ("logit_bias.50256", "logit_bias"),
        ("messages.3", "messages"),
        ("stop[0]", "stop"),
        ("", ""),
        ("...", ""),
        ("7", ""),
    ],
)
def test_a_path_holds_for_every_message(path: str, general: str) -> None:
    assert generalise(path) == general


@given(st.text("messages.*[]0123a_", max_size=25))
def test_generalising_twice_changes_nothing(path: str) -> None:
    assert generalise(generalise(path)) == generalise(path)
    assert droppable(path) is droppable(generalise(path))


DROPPABLE = [
    "temperature",
    "seed",
    "max_tokens",
    "stream_options",
    "stream_options.include_usage",
    "reasoning.effort",
    "logit_bias.50256",
    "messages.3.reasoning",
    "messages.3.reasoning_content",
    "messages.3.reasoning_details",
    "messages.3.reasoning_details.0.signature",
    "messages.3.extra_content",
    "messages.3.name",
    "messages.3.refusal",
    "messages.3.annotations",
    "messages.3.audio",
    "messages.3.function_call",
    "messages.0.content.1.cache_control",
    "messages.0.content.1.image_url.detail",
    "messages.1.tool_calls.0.extra_content",
    "messages.1.tool_calls.0.index",
    "messages.1.tool_calls.0.function.strict",
    "tools.0.function.strict",
    "tools.0.cache_control",
]

KEPT = [
    *sorted(NEVER_DROPPED),
    "",
    "messages.3",
    "messages.3.role",
    "messages.3.content",
    "messages.3.content.0",
    "messages.3.content.0.text",
    "messages.3.content.0.type",
    "messages.3.content.0.image_url",
    "messages.3.content.0.image_url.url",
    "messages.3.tool_calls",
    "messages.3.tool_calls.0.id",
    "messages.3.tool_calls.0.function",
    "messages.3.tool_calls.0.function.name",
    "messages.3.tool_calls.0.function.arguments",
    "messages.3.tool_call_id",
    "messages.3.function_call.name",
    "messages.content",
    "tools.0",
    "tools.0.function",
    "tools.0.function.name",
    "tools.0.function.parameters",
    "tools.0.function.parameters.properties.x.strict",
    "tool_choice.function.name",
    "response_format.json_schema.strict",
    "stop.0",
]


@pytest.mark.parametrize("path", DROPPABLE)
def test_what_may_be_left_out(path: str) -> None:
    assert droppable(path)


@pytest.mark.parametrize("path", KEPT)
def test_what_may_not(path: str) -> None:
    assert not droppable(path)


@pytest.mark.parametrize(
    "path, kept",
    [
        ("a", {"b": {"c": 1, "d": 2}, "m": [{"x": 1, "y": 2}, {"y": 3}, 4]}),
        ("b.c", {"a": 0, "b": {"d": 2}, "m": [{"x": 1, "y": 2}, {"y": 3}, 4]}),
        ("m.*.x", {"a": 0, "b": {"c": 1, "d": 2}, "m": [{"y": 2}, {"y": 3}, 4]}),
        ("m.*.y", {"a": 0, "b": {"c": 1, "d": 2}, "m": [{"x": 1}, {}, 4]}),
    ],
)
def test_removal_copies_and_leaves_the_original(path: str, kept: Any) -> None:
    value = {"a": 0, "b": {"c": 1, "d": 2}, "m": [{"x": 1, "y": 2}, {"y": 3}, 4]}
    before = copy.deepcopy(value)
    assert without(value, tuple(path.split("."))) == kept
    assert value == before


@pytest.mark.parametrize("path", ["z", "a.z", "b.*.c", "m.x", "m.*.z", "b.c.d"])
def test_nothing_to_remove_gives_the_same_object(path: str) -> None:
    value = {"a": 0, "b": {"c": 1}, "m": [{"x": 1}]}
    assert without(value, tuple(path.split("."))) is value
    assert not holds(value, tuple(path.split(".")))


def test_an_object_left_empty_goes_as_well() -> None:
    assert without({"o": {"p": {"q": 1}}, "r": 2}, ("o", "p", "q")) == {"r": 2}


def test_null_is_as_good_as_absent() -> None:
    assert not holds([{"x": None}, {}], ("*", "x"))
    assert holds([{"x": None}, {"x": 0}], ("*", "x"))
