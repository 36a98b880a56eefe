"""Conversations as each vendor's clients keep them, and entries of the providers to serve them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from proxy.chat_request import ChatRequest, parse_chat
from proxy.jsontext import is_array
from proxy.model import Entry, Preset, Provider, make_entry
from proxy.providers.adapter import Adapted

Message = dict[str, Any]

PRESETS = {
    "groq": Preset(id="groq", title="Groq", refused=("messages[].name",)),
    "gemini": Preset(id="gemini", title="Gemini", signatures=True),
    "mistral": Preset(
        id="mistral",
        title="Mistral",
        tool_call_ids="mistral9",
        thinking_parts=True,
        include_usage=False,
        refused=(
            "messages.*.refusal",
            "messages.*.annotations",
            "messages.*.audio",
            "messages.*.function_call",
        ),
    ),
    "deepseek": Preset(id="deepseek", title="DeepSeek", reasoning_history=True),
    "openai": Preset(id="openai", title="OpenAI"),
}


def entry(preset: Preset) -> Entry:
    return make_entry(
        Provider(
            id=preset.id, preset=preset, base_url="http://x", origin="http://x:80", account="x"
        ),
        "m",
    )


ENTRIES = {name: entry(preset) for name, preset in PRESETS.items()}


def call(call_id: str, city: str, **extra: Any) -> Message:
    arguments = json.dumps({"city": city})
    function = {"name": "weather", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function, **extra}


def result(call_id: str, text: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": text}


def signed(value: str) -> Message:
    return {"extra_content": {"google": {"thought_signature": value}}}


QUESTION: Message = {
    "role": "user",
    "content": "Wie warm ist es in Köln und 北京? 🌡",
    "name": "ann",
}

HISTORIES: dict[str, list[Message]] = {
    "groq": [
        QUESTION,
        {
            "role": "assistant",
            "reasoning": "They want two cities.",
            "tool_calls": [call("call_d5wg", "Köln"), call("call_x8fz", "北京")],
        },
        result("call_d5wg", "12"),
        result("call_x8fz", "7"),
        {"role": "assistant", "content": "12 and 7.", "reasoning": "Done."},
        {"role": "user", "content": "And tomorrow?"},
    ],
    "gemini": [
        QUESTION,
        {
            "role": "assistant",
            "content": None,
            "extra_content": {"google": {"thought": True}},
            "tool_calls": [
                call("function-call-1234567890123456789", "Köln", **signed("CpQB")),
                call("function-call-1234567890123456790", "北京"),
            ],
        },
        result("function-call-1234567890123456789", "12"),
        result("function-call-1234567890123456790", "7"),
        {
            "role": "assistant",
            "tool_calls": [call("function-call-9", "Bonn", **signed("CqRC"))],
        },
        result("function-call-9", "13"),
    ],
    "mistral": [
        QUESTION,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Two cities."}]},
                {"type": "text", "text": "I look it up."},
            ],
            "tool_calls": [call("D681PevKs", "Köln", index=0), call("aB3xY9Zq1", "北京", index=1)],
        },
        result("D681PevKs", "12"),
        result("aB3xY9Zq1", "7"),
    ],
    "deepseek": [
        QUESTION,
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "Two cities.",
            "tool_calls": [call("call_00_Zq", "Köln"), call("call_01_Xe", "北京")],
        },
        result("call_00_Zq", "12"),
        result("call_01_Xe", "7"),
        {"role": "assistant", "content": "12 and 7.", "reasoning_content": "Done."},
        {"role": "user", "content": "And tomorrow?"},
    ],
    "openai": [
        QUESTION,
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "annotations": [],
            "audio": None,
            "function_call": None,
            "tool_calls": [call("call_" + "a" * 24, "Köln")],
        },
        result("call_" + "a" * 24, "12"),
    ],
    "openrouter": [
        QUESTION,
        {
            "role": "assistant",
            "content": "",
            "reasoning": "Two cities.",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": "xyz"}],
            "tool_calls": [call("tool_0_weather", "Köln")],
        },
        result("tool_0_weather", "12"),
    ],
}


def texts(messages: list[Message]) -> Iterator[str]:
    """Every text of a conversation but a model's own thoughts, in order."""
    for message in messages:
        yield message["role"]
        content: Any = message.get("content")
        if is_array(content):
            yield from (part["text"] for part in content if part["type"] == "text")
        elif content:
            yield content
        for made in message.get("tool_calls") or ():
            yield made["function"]["name"]
            yield made["function"]["arguments"]


def chat(messages: list[Message], **fields: Any) -> ChatRequest:
    return parse_chat(json.dumps({"model": "free", "messages": messages, **fields}).encode())


def sent(adapted: Adapted) -> list[Message]:
    return json.loads(adapted.body)["messages"]


def call_ids(messages: list[Message]) -> list[str]:
    return [made["id"] for message in messages for made in message.get("tool_calls") or ()]
