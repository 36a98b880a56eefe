"""A chat stream told as the events of Anthropic's Messages (wire-contract 5.1)."""

from __future__ import annotations

from typing import Any

from proxy import jsontext
from proxy.chat_messages import text_size
from proxy.chat_request import ChatRequest, estimate
from proxy.dialects.blocks import Blocks, Step
from proxy.dialects.dialect import Ticket
from proxy.dialects.frames import Tokens, estimated_tokens, first_choice, payloads, tokens_of
from proxy.dialects.messages_answer import empty_block, message, stop_reason, usage_of

_DELTAS = {
    "reasoning": ("thinking_delta", "thinking"),
    "call": ("input_json_delta", "partial_json"),
    "text": ("text_delta", "text"),
    "refusal": ("text_delta", "text"),
}


class MessagesTelling:
    """`message_start`, the blocks, `message_delta` with the usage, `message_stop`.

    Without `thinking`, the client is told that the model lives (`ping`) while it reasons.
    """

    def __init__(self, chat: ChatRequest, ticket: Ticket, *, thinking: bool) -> None:
        self._chat = chat
        self._ticket = ticket
        self._thinking = thinking
        self._blocks = Blocks()
        self._events: list[bytes] = []
        self._started = False
        self._told = 0
        """Blocks that are closed: the next one's index."""
        self._tokens: Tokens | None = None
        self._size = 0
        self._finish: str | None = None

    def feed(self, frames: bytes) -> bytes:
        for payload in payloads(frames):
            if payload is None:
                self._end()
            else:
                self._take(payload)
        events, self._events = self._events, []
        return b"".join(events)

    def interrupted(self, message: str) -> bytes:
        fault = {"type": "api_error", "message": message}
        return _event("error", {"error": fault, "request_id": self._ticket.id})

    def _take(self, payload: dict[str, Any]) -> None:
        if not self._started:
            self._start(payload["model"])
        self._tokens = tokens_of(payload) or self._tokens
        choice = first_choice(payload)
        if choice is None:
            return
        self._finish = choice.finish or self._finish
        for step in self._blocks.feed(choice.said):
            self._tell(step)

    def _start(self, model: str) -> None:
        self._started = True
        # The upstream tells its usage at the end; `message_delta` puts this right.
        usage = usage_of(Tokens(estimate(self._chat), 0))
        self._add("message_start", message=message(self._ticket, model, [], None, usage))
        self._add("ping")

    def _end(self) -> None:
        for step in self._blocks.end():
            self._tell(step)
        reason = stop_reason(
            self._finish, calls=self._blocks.has_calls, refusal=self._blocks.has_refusal
        )
        tokens = self._tokens or estimated_tokens(self._chat, self._size)
        self._add(
            "message_delta",
            delta={"stop_reason": reason, "stop_sequence": None},
            usage=usage_of(tokens),
        )
        self._add("message_stop")

    def _tell(self, step: Step) -> None:
        block = step.block
        self._size += text_size(step.text)
        if block.kind == "reasoning" and not self._thinking:
            if step.what == "said":
                self._add("ping")
            return
        match step.what:
            case "opened":
                content = empty_block(block, self._ticket)
                self._add("content_block_start", index=self._told, content_block=content)
            case "said":
                kind, name = _DELTAS[block.kind]
                delta = {"type": kind, name: step.text}
                self._add("content_block_delta", index=self._told, delta=delta)
            case "closed":
                self._add("content_block_stop", index=self._told)
                self._told += 1

    def _add(self, type: str, **fields: Any) -> None:
        self._events.append(_event(type, fields))


def _event(type: str, fields: dict[str, Any]) -> bytes:
    """Both SDKs drop an event without its `event:` line."""
    return b"event: %b\ndata: %b\n\n" % (type.encode(), jsontext.dumps({"type": type, **fields}))
