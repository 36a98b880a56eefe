"""An OpenAI Responses request as a chat request.

What belongs to stored responses is refused: 429chain keeps none. What only OpenAI's own servers
can do (built-in tools, caching hints, encrypted reasoning) is left out and named.
"""

from __future__ import annotations

from typing import Any

from proxy.chat_fields import NAME, OBJECT, STRING
from proxy.chat_request import ChatRequest
from proxy.dialects.dialect import made_chat
from proxy.dialects.fields import BOOLEAN, COUNT, optional, refused, required
from proxy.dialects.responses_input import read_input
from proxy.dialects.responses_tools import Tools, read_tools
from proxy.errors import RequestFault

_SAME_IN_CHAT = (
    "frequency_penalty",
    "logit_bias",
    "presence_penalty",
    "seed",
    "service_tier",
    "stop",
    "stream",
    "temperature",
    "top_p",
    "user",
)
"""What clients send here as they do in chat; some of it is not even OpenAI's."""

_READ = frozenset(
    {
        "input",
        "instructions",
        "max_output_tokens",
        "model",
        "parallel_tool_calls",
        "reasoning",
        "store",
        "text",
        "tool_choice",
        "tools",
        *_SAME_IN_CHAT,
    }
)
_ANSWERED = frozenset({"metadata", "stream_options"})
"""Told in the answer, or of no weight for it."""

_STORED = {
    "previous_response_id": (
        "429chain stores no responses. Leave previous_response_id out and send the whole "
        "conversation as input."
    ),
    "conversation": (
        "429chain stores no conversations. Leave conversation out and send the whole "
        "conversation as input."
    ),
    "prompt": "429chain stores no prompts. Send the prompt's text as instructions and input.",
}


def read_responses(body: dict[str, Any]) -> tuple[ChatRequest, Tools]:
    """The chat request, and the tools as the client named them. Raises RequestFault (400)."""
    required(body, "model", NAME)
    _refuse_stored(body)
    history = read_input(body.get("input"), optional(body, "instructions", STRING))
    tools = read_tools(body)
    chat: dict[str, Any] = {"model": body["model"], "messages": history.messages}
    chat |= {name: body[name] for name in _SAME_IN_CHAT if body.get(name) is not None}
    cap = optional(body, "max_output_tokens", COUNT)
    if cap is not None:
        chat["max_tokens"] = cap
    chat |= tools.chat_fields()
    chat |= _answer_format(body)
    effort = optional(_group(body, "reasoning"), "effort", STRING, "reasoning")
    if effort is not None:
        chat["reasoning_effort"] = effort
    return made_chat(chat, [*history.dropped, *tools.dropped, *_left_out(body)]), tools


def _refuse_stored(body: dict[str, Any]) -> None:
    if optional(body, "store", BOOLEAN):
        raise RequestFault(
            "'store' is true, but 429chain stores no responses. Send store=false, or leave it out.",
            param="store",
        )
    for name, message in _STORED.items():
        if body.get(name) is not None:
            raise RequestFault(f"'{name}': {message}", param=name)
    if optional(body, "background", BOOLEAN):
        raise refused("background", "429chain answers at once and stores nothing; leave it out.")


def _group(body: dict[str, Any], name: str) -> dict[str, Any]:
    return optional(body, name, OBJECT) or {}


def _answer_format(body: dict[str, Any]) -> dict[str, Any]:
    """`text`: a schema for the answer, and how long it should be."""
    group = _group(body, "text")
    fields: dict[str, Any] = {}
    verbosity = optional(group, "verbosity", STRING, "text")
    if verbosity is not None:
        fields["verbosity"] = verbosity
    wanted = optional(group, "format", OBJECT, "text")
    if wanted is None or wanted.get("type") == "text":
        return fields
    kind = required(wanted, "type", NAME, "text.format")
    if kind == "json_schema":
        schema = {name: value for name, value in wanted.items() if name != "type"}
        fields["response_format"] = {"type": kind, "json_schema": schema}
    else:
        fields["response_format"] = wanted
    return fields


def _left_out(body: dict[str, Any]) -> list[str]:
    """Names of what was given and has no place in chat. A default that is spelled out has none."""
    defaults: dict[str, Any] = {"truncation": "disabled", "include": [], "background": False}
    known = _READ | _ANSWERED | _STORED.keys()
    return [
        name
        for name, value in body.items()
        if name not in known and value is not None and value != defaults.get(name)
    ]
