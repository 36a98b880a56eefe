"""Anthropic's Messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from proxy import jsontext
from proxy.chat_request import ChatRequest
from proxy.dialects.blocks import whole_blocks
from proxy.dialects.dialect import JSON, Exchange, Failure, Reply, Telling, Ticket, read_object
from proxy.dialects.frames import estimated_tokens, first_choice, tokens_of
from proxy.dialects.messages_answer import error, message, stop_reason, usage_of, whole_block
from proxy.dialects.messages_request import read_messages, wants_thinking
from proxy.dialects.messages_stream import MessagesTelling

_ONCE = ("model", "messages", "stream")


class MessagesDialect:
    """`POST /v1/messages`."""

    def read(self, raw: bytes, ticket: Ticket) -> Exchange:
        body = read_object(raw, once=_ONCE)
        return MessagesExchange(read_messages(body), ticket, thinking=wants_thinking(body))

    def read_to_count(self, raw: bytes) -> ChatRequest:
        """The body of `POST /v1/messages/count_tokens`. Raises RequestFault (400)."""
        return read_messages(read_object(raw, once=_ONCE), counting=True)

    def refusal(self, failure: Failure, id: str) -> Reply:
        return _error_reply(failure, id)


class MessagesExchange:
    """One request. `thinking`: the client wants to see the model's thoughts."""

    def __init__(self, chat: ChatRequest, ticket: Ticket, *, thinking: bool) -> None:
        self.chat = chat
        self.headers: Mapping[str, str] = _named(ticket.id)
        self._ticket = ticket
        self._thinking = thinking

    def plain(self, completion: bytes) -> bytes:
        payload: dict[str, Any] = orjson.loads(completion)
        choice = first_choice(payload)
        blocks, all_in_all = whole_blocks(choice.said if choice else {})
        size = sum(len(block.text.encode()) for block in blocks)
        shown = [block for block in blocks if self._thinking or block.kind != "reasoning"]
        reason = stop_reason(
            choice.finish if choice else None,
            calls=all_in_all.has_calls,
            refusal=all_in_all.has_refusal,
        )
        tokens = tokens_of(payload) or estimated_tokens(self.chat, size)
        content = [whole_block(block, self._ticket) for block in shown]
        told = message(self._ticket, payload["model"], content, reason, usage_of(tokens))
        return jsontext.dumps(told)

    def stream(self) -> Telling:
        return MessagesTelling(self.chat, self._ticket, thinking=self._thinking)

    def failed(self, failure: Failure) -> Reply:
        return _error_reply(failure, self._ticket.id)


def _error_reply(failure: Failure, id: str) -> Reply:
    headers = {**failure.headers, **_named(id)}
    return Reply(failure.status, JSON, orjson.dumps(error(failure, id)), headers)


def _named(id: str) -> dict[str, str]:
    """Anthropic's name of `x-request-id`."""
    return {"request-id": id}
