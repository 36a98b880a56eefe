"""An Anthropic Messages request as a chat request."""

from __future__ import annotations

from typing import Any

from proxy.chat_fields import NAME, OBJECT, STRING
from proxy.chat_request import ChatRequest
from proxy.dialects.conversation import BETWEEN_BLOCKS
from proxy.dialects.dialect import made_chat
from proxy.dialects.fields import COUNT, objects, optional, refused, required, text
from proxy.dialects.messages_history import read_history
from proxy.dialects.messages_tools import read_tools

_SAME_IN_CHAT = ("stream", "temperature", "top_p")
_READ = frozenset(
    {
        "max_tokens",
        "messages",
        "model",
        "output_config",
        "output_format",
        "stop_sequences",
        "system",
        "tool_choice",
        "tools",
        *_SAME_IN_CHAT,
    }
)


def read_messages(body: dict[str, Any], *, counting: bool = False) -> ChatRequest:
    """The chat request. Raises RequestFault (400) with the path of what is wrong.

    `counting`: for count_tokens, where nothing is answered and `max_tokens` has no place.
    """
    required(body, "model", NAME)
    dropped: set[str] = set()
    messages = read_history(_system(body.get("system"), dropped), body.get("messages"), dropped)
    chat: dict[str, Any] = {"model": body["model"], "messages": messages}
    if not counting:
        chat["max_tokens"] = required(body, "max_tokens", COUNT)
    chat |= {name: body[name] for name in _SAME_IN_CHAT if body.get(name) is not None}
    if body.get("stop_sequences"):
        chat["stop"] = body["stop_sequences"]
    chat |= read_tools(body, dropped)
    chat |= _answer_format(body, dropped)
    dropped |= {name for name in body.keys() - _READ if body[name] is not None}
    if not wants_thinking(body):
        dropped.discard("thinking")
    return made_chat(chat, dropped)


def wants_thinking(body: dict[str, Any]) -> bool:
    """Whether the client wants to see the model's thoughts."""
    thinking = optional(body, "thinking", OBJECT)
    return thinking is not None and thinking.get("type") in ("enabled", "adaptive")


def _system(value: Any, dropped: set[str]) -> str:
    """The system prompt: a string, or blocks of text."""
    if value is None or type(value) is str:
        return value or ""
    texts: list[str] = []
    for at, block in objects(value, "system"):
        if block.get("type") != "text":
            raise refused(at, "only text can stand here.")
        texts.append(text(block, "text", at))
        dropped |= {"cache_control"} & block.keys()
    return BETWEEN_BLOCKS.join(texts)


def _answer_format(body: dict[str, Any], dropped: set[str]) -> dict[str, Any]:
    """A schema for the answer, under its present or its former name."""
    settings: dict[str, Any] = optional(body, "output_config", OBJECT) or {}
    dropped |= {f"output_config.{name}" for name in settings.keys() - {"format"}}
    wanted = optional(settings, "format", OBJECT, "output_config")
    wanted = wanted or optional(body, "output_format", OBJECT)
    if wanted is None:
        return {}
    if required(wanted, "type", STRING, "output_config.format") != "json_schema":
        raise refused("output_config.format", "only json_schema can be carried.")
    schema = required(wanted, "schema", OBJECT, "output_config.format")
    described = {"name": "answer", "schema": schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": described}}
