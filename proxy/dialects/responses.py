"""OpenAI's Responses, stateless: every request brings the whole conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from proxy import jsontext
from proxy.chat_request import ChatRequest
from proxy.dialects.blocks import whole_blocks
from proxy.dialects.chat import openai_error
from proxy.dialects.dialect import (
    EVENT_STREAM,
    Exchange,
    Failure,
    Reply,
    Telling,
    Ticket,
    read_object,
)
from proxy.dialects.frames import estimated_tokens, first_choice, tokens_of
from proxy.dialects.responses_answer import Writer
from proxy.dialects.responses_request import read_responses
from proxy.dialects.responses_stream import INCOMPLETE, ResponsesTelling


class ResponsesDialect:
    """`POST /v1/responses`. Errors are OpenAI's, as in chat."""

    def read(self, raw: bytes, ticket: Ticket) -> Exchange:
        body = read_object(raw, once=("model", "input", "stream"))
        chat, tools = read_responses(body)
        return ResponsesExchange(chat, Writer(body, tools, ticket))

    def refusal(self, failure: Failure, id: str) -> Reply:
        return openai_error(failure)


class ResponsesExchange:
    """One request; `writer` knows what its answer repeats of it."""

    def __init__(self, chat: ChatRequest, writer: Writer) -> None:
        self.chat = chat
        self.headers: Mapping[str, str] = {}
        self._writer = writer

    def plain(self, completion: bytes) -> bytes:
        payload: dict[str, Any] = orjson.loads(completion)
        choice = first_choice(payload)
        blocks, _ = whole_blocks(choice.said if choice else {})
        self._writer.model = payload["model"]
        reason = INCOMPLETE.get((choice and choice.finish) or "")
        size = sum(len(block.text.encode()) for block in blocks)
        response = self._writer.response(
            "incomplete" if reason else "completed",
            [self._writer.item(block) for block in blocks],
            usage=tokens_of(payload) or estimated_tokens(self.chat, size),
            incomplete=reason,
        )
        return jsontext.dumps(response)

    def stream(self) -> Telling:
        return ResponsesTelling(self.chat, self._writer)

    def failed(self, failure: Failure) -> Reply:
        """OpenAI's error; but a stream that only has to wait is told so inside of a stream.

        Codex gives up at a 429, and obeys "try again in N s" in a `response.failed` (wire-contract
        6.4).
        """
        if not self.chat.stream or failure.code != "rate_limit_exceeded":
            return openai_error(failure)
        seconds = failure.headers.get("retry-after", "1")
        message = f"{failure.message} Please try again in {seconds} s."
        body = ResponsesTelling(self.chat, self._writer).fail("rate_limit_exceeded", message)
        return Reply(200, EVENT_STREAM, body, failure.headers)
