"""A chat answer as blocks that never overlap."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.blocks import Blocks, Step, whole_blocks
from tests.proxy.dialects.chat import called


def steps(*deltas: dict[str, Any]) -> list[Step]:
    blocks = Blocks()
    found = [step for delta in deltas for step in blocks.feed(delta)]
    return [*found, *blocks.end()]


def outline(found: list[Step]) -> list[str]:
    """`opened 0`, `said 0 he`, `closed 0`."""
    return [f"{step.what} {step.block.index} {step.text}".rstrip() for step in found]


def test_text_is_told_as_it_comes():
    assert outline(steps({"content": "he"}, {"content": ""}, {"content": "llo"})) == [
        "opened 0",
        "said 0 he",
        "said 0 llo",
        "closed 0",
    ]


def test_reasoning_ends_where_text_begins():
    found = steps({"reasoning": "hm"}, {"reasoning_content": "!", "content": "yes"})
    assert outline(found) == [
        "opened 0",
        "said 0 hm",
        "said 0 !",
        "closed 0",
        "opened 1",
        "said 1 yes",
        "closed 1",
    ]
    assert [step.block.kind for step in found if step.what == "opened"] == ["reasoning", "text"]


def test_calls_one_after_the_other_are_told_as_they_come():
    found = steps(
        called(0, "", "a", "i0"), called(0, '{"x":'), called(0, "1}"), called(1, "{}", "b", "i1")
    )
    assert outline(found) == [
        "opened 0",
        'said 0 {"x":',
        "said 0 1}",
        "closed 0",
        "opened 1",
        "said 1 {}",
        "closed 1",
    ]


def test_a_mixed_call_waits_until_the_one_before_is_whole():
    found = steps(
        called(0, "", "a", "i0"),
        called(1, "", "b", "i1"),
        called(0, '{"x":'),
        called(1, '{"y":'),
        called(0, "1}"),
        called(1, "2}"),
    )
    assert outline(found) == [
        "opened 0",
        'said 0 {"x":',
        "said 0 1}",
        "closed 0",
        "opened 1",
        'said 1 {"y":',
        "said 1 2}",
        "closed 1",
    ]


def test_a_call_opens_once_its_name_is_known():
    found = steps(called(0, "{"), called(0, "}", "late", "i"))
    assert outline(found) == ["opened 0", "said 0 {}", "closed 0"]
    assert (found[0].block.name, found[0].block.call_id) == ("late", "i")


def test_parts_of_a_content_are_told_apart():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    message = {"content": [thinking, {"type": "text", "text": "yes"}, "odd", {"type": "other"}]}
    found, _ = whole_blocks(message)
    assert [(block.kind, block.text) for block in found] == [("reasoning", "hm"), ("text", "yes")]


def test_arguments_that_are_an_object_are_written_out():
    call = {"id": "i", "function": {"name": "f", "arguments": {"a": 1}}}
    found, blocks = whole_blocks({"content": None, "tool_calls": [call]})
    assert [(block.name, block.text) for block in found] == [("f", '{"a":1}')]
    assert blocks.has_calls


_ARGUMENTS = st.dictionaries(st.text(max_size=3), st.text(max_size=6), max_size=3).map(json.dumps)


@given(st.lists(_ARGUMENTS, min_size=1, max_size=4), st.data())
def test_however_calls_are_mixed_nothing_is_lost_and_nothing_overlaps(
    arguments: list[str], data: st.DataObject
):
    left = dict(enumerate(arguments))
    blocks, found = Blocks(), list[Step]()
    for index in left:
        found += blocks.feed(called(index, "", f"f{index}", f"id{index}"))
    while left:
        index = data.draw(st.sampled_from(sorted(left)))
        cut = data.draw(st.integers(1, len(left[index])))
        found += blocks.feed(called(index, left[index][:cut]))
        left[index] = left[index][cut:]
        if not left[index]:
            del left[index]
    found += blocks.end()
    assert [step.block.index for step in found] == sorted(step.block.index for step in found)
    said = dict.fromkeys(range(len(arguments)), "")
    for step in found:
        said[step.block.index] += step.text
    assert list(said.values()) == arguments
    closed = [step.block for step in found if step.what == "closed"]
    assert [block.text for block in closed] == arguments
