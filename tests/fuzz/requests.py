"""Targets: what clients send, and what becomes of it on the way to an entry."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from proxy.chat_request import estimate, parse_chat
from proxy.errors import RequestFault
from proxy.model import Entry, ModelSpec, Provider, make_entry
from proxy.providers.adapter import adapt
from proxy.providers.presets import load_presets
from tests.fuzz.json_values import damaged_json, encoded, exchanged
from tests.fuzz.target import Target

_PRESETS = load_presets()

_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
_CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_FUNCTION: dict[str, Any] = {
    "name": "f",
    "parameters": {"type": "object", "properties": {}},
    "strict": True,
}
_REQUEST: dict[str, Any] = {
    "model": "free",
    "messages": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "look"}, _IMAGE], "name": "u"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{**_CALL, "extra_content": {"google": {"thought_signature": "s"}}}],
            "reasoning_content": "hm",
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "4"},
    ],
    "tools": [{"type": "function", "function": _FUNCTION}],
    "tool_choice": "auto",
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_tokens": 100,
    "stop": ["\n"],
    "n": 1,
    "temperature": 0.5,
    "logit_bias": {"1": 2},
    "store": False,
}


def _entry(preset: str) -> Entry:
    base_url = "https://lab.example/v1"
    provider = Provider(
        id="lab",
        preset=_PRESETS[preset],
        base_url=base_url,
        origin="https://lab.example:443",
        account="lab",
        models={"m": ModelSpec(max_output=50)},
    )
    return make_entry(provider, "m")


_ENTRIES = {preset: _entry(preset) for preset in sorted(_PRESETS)}
_REFUSED = st.frozensets(
    st.sampled_from(
        [
            *("temperature", "stop", "messages.*.name", "messages.1.content.0.type", "tools"),
            *("stream_options.include_usage", "tools.0.function.strict", "a.b", "messages", ""),
            *("messages.*.reasoning_content", "logit_bias", "messages[].tool_calls[].id", "*"),
        ]
    )
    | st.text("messages.*[]0123a_", max_size=20),
    max_size=4,
)


def _parses(raw: bytes) -> None:
    with suppress(RequestFault):
        request = parse_chat(raw)
        assert request.prompt_bytes >= 0
        assert estimate(request) >= 0
        assert request.cap is None or request.cap >= 0


def _adapts(case: tuple[Any, str, frozenset[str], int | None]) -> None:
    """What goes upstream is JSON for the entry's model with all of the prompt, or nothing goes."""
    value, preset, refused, cap = case
    try:
        request = parse_chat(encoded(value))
    except RequestFault:
        return
    before = repr(request.body)
    adapted = adapt(request, _ENTRIES[preset], refused=refused, cap=cap)
    assert repr(request.body) == before
    sent = json.loads(adapted.body)
    assert sent["model"] == "m"
    assert len(sent["messages"]) == len(request.body["messages"])
    assert not {"model", "messages", "stream", "stop", "tool_choice"} & set(adapted.dropped)
    asked, given = request.cap, sent.get("max_tokens") or sent.get("max_completion_tokens")
    assert asked is None or given is None or given <= asked


TARGETS = (
    Target("chat requests", damaged_json(_REQUEST), _parses),
    Target(
        "adapted requests",
        st.tuples(
            exchanged(_REQUEST),
            st.sampled_from(sorted(_ENTRIES)),
            _REFUSED,
            st.none() | st.integers(1, 200),
        ),
        _adapts,
    ),
)
