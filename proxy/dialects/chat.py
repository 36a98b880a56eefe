"""Chat completions: the format that everything else is translated to. Bytes pass as they are."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from proxy.chat_request import ChatRequest, parse_chat
from proxy.dialects.dialect import JSON, Exchange, Failure, Reply, Telling, Ticket
from proxy.errors import error_body


class ChatDialect:
    """`POST /v1/chat/completions`."""

    def read(self, raw: bytes, ticket: Ticket) -> Exchange:
        return ChatExchange(parse_chat(raw))

    def refusal(self, failure: Failure, id: str) -> Reply:
        return openai_error(failure)


class ChatExchange:
    """Nothing to translate."""

    def __init__(self, chat: ChatRequest) -> None:
        self.chat = chat
        self.headers: Mapping[str, str] = {}

    def plain(self, completion: bytes) -> bytes:
        return completion

    def stream(self) -> Telling:
        return _AsItComes()

    def failed(self, failure: Failure) -> Reply:
        return openai_error(failure)


class _AsItComes:
    def feed(self, frames: bytes) -> bytes:
        return frames

    def interrupted(self, message: str) -> bytes:
        return openai_interruption(message)


def openai_error(failure: Failure) -> Reply:
    """OpenAI's four-key error object, and the trail."""
    body = error_body(
        failure.message,
        type=failure.type,
        param=failure.param,
        code=failure.code,
        trail=failure.trail,
    )
    return Reply(failure.status, JSON, orjson.dumps(body), failure.headers)


def openai_interruption(message: str) -> bytes:
    """The last frame of a broken stream, on which both SDKs raise APIError (wire-contract 3.3)."""
    body = error_body(message, type="upstream_error", code="stream_interrupted")
    return b"data: " + orjson.dumps(body) + b"\n\n"
