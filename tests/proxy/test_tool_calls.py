"""Whose fragment is whose."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.tool_calls import ToolCalls

Fragment = tuple[int | None, str | None, str | None]
"""Index, id and name as the upstream says them."""


@pytest.mark.parametrize(
    "fragments, indexes",
    [
        # As OpenAI does it, the second call's fragments mixed with the first's.
        (
            [(0, "a", "f"), (0, None, None), (1, "b", "g"), (0, None, None), (1, None, None)],
            "00101",
        ),
        # The id and the name in every fragment.
        ([(0, "a", "f"), (0, "a", "f"), (1, "b", "g"), (1, "b", "g")], "0011"),
        # The id after the name.
        ([(0, None, "f"), (0, "a", None), (0, None, None)], "000"),
        # A new id for each fragment, but no name: still one call.
        ([(0, "a", "f"), (0, "b", None), (0, "c", "")], "000"),
        # Gemini: whole calls, all with index 0.
        ([(0, "a", "f"), (0, "b", "f"), (0, None, None), (0, "c", "g")], "0112"),
        # No index at all.
        ([(None, "a", "f"), (None, None, None), (None, "b", "g"), (None, "b", None)], "0011"),
        ([(None, None, "f"), (None, None, None), (None, "", "g")], "001"),
        ([(None, "a", None), (None, "b", None)], "01"),
        # Indexes that do not begin with 0 stay as they are.
        ([(1, "a", "f"), (1, None, None), (2, "b", "g")], "112"),
        # A renumbered call does not take the place of one that comes later.
        ([(0, "a", "f"), (0, "b", "g"), (1, "c", "h"), (1, None, None)], "0122"),
    ],
)
def test_indexes(fragments: list[Fragment], indexes: str) -> None:
    tools = ToolCalls()
    for (said, call_id, name), expected in zip(fragments, indexes, strict=True):
        fragment: dict[str, Any] = {"function": {"name": name, "arguments": "x"}}
        if said is not None:
            fragment["index"] = said
        if call_id is not None:
            fragment["id"] = call_id
        before = {**fragment, "index": int(expected)}
        changed = tools.place(fragment)
        assert fragment == before
        assert changed is (said != int(expected))


@pytest.mark.parametrize(
    "fragment", [{}, {"index": "0", "id": 7, "function": []}, {"index": None, "function": None}]
)
def test_nonsense_does_no_harm(fragment: dict[str, Any]) -> None:
    assert ToolCalls().place(fragment)
    assert fragment["index"] == 0


def test_ids_are_the_clients() -> None:
    tools = ToolCalls("call_{}".format)
    first = {"index": 0, "id": "a", "function": {"name": "f"}}
    assert tools.place(first)
    assert tools.place({"index": 0, "id": "a"})
    assert not tools.place({"index": 0, "id": ""})
    assert first["id"] == "call_a"
    assert tools.ids == ["call_a"]
