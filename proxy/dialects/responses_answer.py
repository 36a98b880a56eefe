"""The objects of OpenAI's Responses: the response itself, its items, its usage."""

from __future__ import annotations

from typing import Any

import orjson

from proxy.dialects.blocks import Block
from proxy.dialects.dialect import Ticket
from proxy.dialects.frames import Tokens
from proxy.dialects.responses_tools import Tools
from proxy.jsontext import is_object

_REPEATED = (
    "instructions",
    "max_output_tokens",
    "metadata",
    "temperature",
    "top_p",
    "user",
)
"""Of the request, as the answer tells them again; null where they were not given."""


class Writer:
    """Writes the answer of one request."""

    def __init__(self, request: dict[str, Any], tools: Tools, ticket: Ticket) -> None:
        self._ticket = ticket
        self._tools = tools
        reasoning = request.get("reasoning")
        reasoning = reasoning if is_object(reasoning) else {}
        self._given: dict[str, Any] = {
            **{name: request.get(name) for name in _REPEATED},
            "parallel_tool_calls": tools.parallel is not False,
            "reasoning": {
                "effort": reasoning.get("effort"),
                "summary": reasoning.get("summary"),
            },
            "text": request.get("text") or {"format": {"type": "text"}},
            "tool_choice": tools.given_choice or "auto",
            "tools": tools.given,
        }
        self.model: str = request["model"]
        """The model that serves, once it is known."""

    def response(
        self,
        status: str,
        output: list[dict[str, Any]],
        *,
        usage: Tokens | None = None,
        error: tuple[str, str] | None = None,
        incomplete: str | None = None,
    ) -> dict[str, Any]:
        """The `response` object. `error` is a code and a message."""
        return {
            "id": f"resp_{self._ticket.id}",
            "object": "response",
            "created_at": self._ticket.at,
            "status": status,
            "background": False,
            "error": None if error is None else {"code": error[0], "message": error[1]},
            "incomplete_details": None if incomplete is None else {"reason": incomplete},
            "model": self.model,
            "output": output,
            "previous_response_id": None,
            "store": False,
            "truncation": "disabled",
            "usage": None if usage is None else _usage(usage),
            **self._given,
        }

    def item(self, block: Block, status: str = "completed") -> dict[str, Any]:
        """The output item of a block; while it is in progress, an empty one."""
        whole = status == "completed"
        if block.kind == "reasoning":
            summary = [summary_part(block.text)] if whole else []
            return {"id": self.item_id(block), "type": "reasoning", "summary": summary}
        if block.kind != "call":
            return {
                "id": self.item_id(block),
                "type": "message",
                "role": "assistant",
                "status": status,
                "content": [content_part(block, block.text)] if whole else [],
            }
        item: dict[str, Any] = {
            "id": self.item_id(block),
            "call_id": block.call_id or f"call_{self._ticket.id}_{block.index}",
            "name": block.name,
            "status": status,
        }
        if self.is_custom(block):
            given = custom_input(block) if whole else ""
            return {**item, "type": "custom_tool_call", "input": given}
        arguments = (block.text or "{}") if whole else ""
        return {**item, "type": "function_call", "arguments": arguments}

    def is_custom(self, block: Block) -> bool:
        return block.kind == "call" and block.name in self._tools.custom

    def item_id(self, block: Block) -> str:
        kinds = {"reasoning": "rs", "call": "ctc" if self.is_custom(block) else "fc"}
        return f"{kinds.get(block.kind, 'msg')}_{self._ticket.id}_{block.index}"


def content_part(block: Block, text: str) -> dict[str, Any]:
    if block.kind == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def summary_part(text: str) -> dict[str, Any]:
    return {"type": "summary_text", "text": text}


def custom_input(block: Block) -> str:
    """The text that a model wrote for a custom tool; all its arguments where it kept no form."""
    try:
        arguments: Any = orjson.loads(block.text)
    except orjson.JSONDecodeError:
        return block.text
    given = arguments.get("input") if is_object(arguments) else None
    return given if type(given) is str else block.text


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "input_tokens": tokens.prompt,
        "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.answer,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.prompt + tokens.answer,
    }
