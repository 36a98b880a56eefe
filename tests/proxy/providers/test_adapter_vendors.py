"""The matrix: every vendor's history, served by every other provider.

A small validator per provider knows what that provider answers with a 400.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from proxy.providers.adapter import adapt
from proxy.providers.presets import load_presets
from tests.proxy.providers.conversations import (
    ENTRIES,
    HISTORIES,
    PRESETS,
    Message,
    chat,
    entry,
    sent,
    texts,
)

MESSAGE_KEYS = {
    "groq": {
        "role",
        "content",
        "tool_calls",
        "tool_call_id",
        "refusal",
        "annotations",
        "audio",
        "function_call",
    },
    "gemini": {
        *("role", "content", "tool_calls", "tool_call_id", "extra_content"),
        *("name", "refusal", "annotations", "audio", "function_call"),
    },
    "mistral": {"role", "content", "tool_calls", "tool_call_id", "name"},
    "deepseek": {
        *("role", "content", "tool_calls", "tool_call_id", "name"),
        *("reasoning", "reasoning_content", "reasoning_details"),
        *("refusal", "annotations", "audio", "function_call"),
    },
    "openai": {
        *("role", "content", "tool_calls", "tool_call_id", "name"),
        *("refusal", "annotations", "audio", "function_call"),
    },
}


def check(provider: str, messages: list[Message]) -> None:
    """What a provider refuses: unknown fields, foreign parts, results without their call."""
    open_ids: set[str] = set()
    for message in messages:
        assert set(message) <= MESSAGE_KEYS[provider]
        calls: list[Message] = message.get("tool_calls") or []
        for made in calls:
            assert set(made) - {"extra_content"} <= {"id", "type", "function", "index"}
            assert provider == "gemini" or "extra_content" not in made
        if calls and provider == "gemini":
            assert calls[0]["extra_content"]["google"]["thought_signature"]
        if provider == "mistral":
            assert all(re.fullmatch(r"[A-Za-z0-9]{9}", made["id"]) for made in calls)
        elif isinstance(message.get("content"), list):
            assert all(part["type"] != "thinking" for part in message["content"])
        open_ids |= {made["id"] for made in calls}
        if message["role"] == "tool":
            assert message["tool_call_id"] in open_ids


@pytest.mark.parametrize("provider", sorted(PRESETS))
@pytest.mark.parametrize("vendor", sorted(HISTORIES))
def test_one_vendor_s_history_is_served_by_another(vendor: str, provider: str) -> None:
    request = chat(HISTORIES[vendor])
    adapted = adapt(request, ENTRIES[provider])
    check(provider, sent(adapted))
    assert list(texts(sent(adapted))) == list(texts(HISTORIES[vendor]))
    assert request.body["messages"] == HISTORIES[vendor]


@pytest.mark.parametrize("vendor", ["groq", "gemini", "mistral", "deepseek", "openai"])
def test_a_vendor_gets_its_own_history_back_whole(vendor: str) -> None:
    preset = replace(PRESETS[vendor], refused=(), reasoning_history=vendor in ("groq", "deepseek"))
    adapted = adapt(chat(HISTORIES[vendor]), entry(preset))
    assert sent(adapted) == HISTORIES[vendor]
    assert (adapted.dropped, adapted.map_back) == ((), None)


@pytest.mark.parametrize("provider", sorted(load_presets()))
@pytest.mark.parametrize("vendor", sorted(HISTORIES))
def test_the_shipped_presets_keep_every_text(vendor: str, provider: str) -> None:
    preset = load_presets()[provider]
    messages = sent(adapt(chat(HISTORIES[vendor]), entry(preset)))
    assert list(texts(messages)) == list(texts(HISTORIES[vendor]))
    foreign = "reasoning_content" in str(messages) or "reasoning_details" in str(messages)
    assert preset.reasoning_history or not foreign
    assert preset.signatures or "extra_content" not in str(messages)
    assert not preset.signatures or "thought_signature" in str(messages)
