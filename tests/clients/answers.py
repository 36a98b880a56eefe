"""What a provider answers to the clients of other formats: tool calls, mixed ones, thoughts."""

from __future__ import annotations

from tests.upstreams.replies import chunk, stream


def fragment(index: int, arguments: str, name: str = "", id: str = "") -> bytes:
    """A chunk with a piece of a tool call."""
    function = {"arguments": arguments, **({"name": name} if name else {})}
    call = {"index": index, "function": function, **({"id": id, "type": "function"} if id else {})}
    return chunk({"tool_calls": [call]})


CITY = '{"city":"Vienna"}'
ONE_CALL = stream(
    fragment(0, "", "weather", "c1"), fragment(0, '{"city":'), fragment(0, '"Vienna"}'),
    finish="tool_calls",
)  # fmt: skip
TWO_CALLS = stream(
    fragment(0, "", "weather", "c1"), fragment(1, "", "weather", "c2"),
    fragment(0, '{"city":'), fragment(1, CITY), fragment(0, '"Vienna"}'),
    finish="tool_calls",
)  # fmt: skip
REASONING = stream(chunk({"reasoning_content": "let me "}), chunk({"reasoning": "think"}), "yes")
