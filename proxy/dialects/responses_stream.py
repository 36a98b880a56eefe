"""A chat stream told as the events of OpenAI's Responses (wire-contract 6.1, 6.2)."""

from __future__ import annotations

from typing import Any

from proxy import jsontext
from proxy.chat_messages import text_size
from proxy.chat_request import ChatRequest
from proxy.dialects.blocks import Block, Blocks, Step
from proxy.dialects.frames import Tokens, estimated_tokens, first_choice, payloads, tokens_of
from proxy.dialects.responses_answer import Writer, content_part, custom_input, summary_part

INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Reasons for which an answer is not whole; any other one completes it."""


class ResponsesTelling:
    """The response is created with the first frames, and ends with exactly one of `completed`,
    `incomplete` and `failed`."""

    def __init__(self, chat: ChatRequest, writer: Writer) -> None:
        self._chat = chat
        self._writer = writer
        self._blocks = Blocks()
        self._output: list[dict[str, Any]] = []
        self._events: list[bytes] = []
        self._number = 0
        self._tokens: Tokens | None = None
        self._size = 0
        self._finish: str | None = None

    def feed(self, frames: bytes) -> bytes:
        for payload in payloads(frames):
            if payload is None:
                self._end()
            else:
                self._take(payload)
        return self._flush()

    def interrupted(self, message: str) -> bytes:
        return self.fail("stream_interrupted", message)

    def fail(self, code: str, message: str) -> bytes:
        """End it with `response.failed`: what Codex obeys, unlike a flat `error` event."""
        self._create()
        failed = self._writer.response("failed", self._output, error=(code, message))
        self._event("response.failed", response=failed)
        return self._flush()

    def _take(self, payload: dict[str, Any]) -> None:
        self._writer.model = payload["model"]
        self._create()
        self._tokens = tokens_of(payload) or self._tokens
        choice = first_choice(payload)
        if choice is None:
            return
        self._finish = choice.finish or self._finish
        for step in self._blocks.feed(choice.said):
            self._tell(step)

    def _create(self) -> None:
        if self._number == 0:
            created = self._writer.response("in_progress", [])
            self._event("response.created", response=created)
            self._event("response.in_progress", response=created)

    def _end(self) -> None:
        for step in self._blocks.end():
            self._tell(step)
        reason = INCOMPLETE.get(self._finish or "")
        status = "incomplete" if reason else "completed"
        usage = self._tokens or estimated_tokens(self._chat, self._size)
        response = self._writer.response(status, self._output, usage=usage, incomplete=reason)
        self._event(f"response.{status}", response=response)

    def _tell(self, step: Step) -> None:
        block = step.block
        self._size += text_size(step.text)
        match step.what:
            case "opened":
                item = self._writer.item(block, "in_progress")
                self._event("response.output_item.added", output_index=block.index, item=item)
                self._open_part(block)
            case "said":
                self._say(block, step.text)
            case "closed":
                self._close_part(block)
                item = self._writer.item(block)
                self._output.append(item)
                self._event("response.output_item.done", output_index=block.index, item=item)

    def _open_part(self, block: Block) -> None:
        if block.kind == "reasoning":
            self._of(block, "reasoning_summary_part.added", summary_index=0, part=summary_part(""))
        elif block.kind != "call":
            self._of(block, "content_part.added", content_index=0, part=content_part(block, ""))

    def _say(self, block: Block, text: str) -> None:
        match block.kind:
            case "reasoning":
                self._of(block, "reasoning_summary_text.delta", summary_index=0, delta=text)
            case "text":
                self._of(block, "output_text.delta", content_index=0, delta=text, logprobs=[])
            case "refusal":
                self._of(block, "refusal.delta", content_index=0, delta=text)
            case "call":
                # The text of a custom tool is known when its arguments are whole.
                if not self._writer.is_custom(block):
                    self._of(block, "function_call_arguments.delta", delta=text)

    def _close_part(self, block: Block) -> None:
        text = block.text
        match block.kind:
            case "reasoning":
                self._of(block, "reasoning_summary_text.done", summary_index=0, text=text)
                part = summary_part(text)
                self._of(block, "reasoning_summary_part.done", summary_index=0, part=part)
            case "text":
                self._of(block, "output_text.done", content_index=0, text=text, logprobs=[])
                part = content_part(block, text)
                self._of(block, "content_part.done", content_index=0, part=part)
            case "refusal":
                self._of(block, "refusal.done", content_index=0, refusal=text)
                part = content_part(block, text)
                self._of(block, "content_part.done", content_index=0, part=part)
            case "call":
                self._close_call(block)

    def _close_call(self, block: Block) -> None:
        if self._writer.is_custom(block):
            given = custom_input(block)
            self._of(block, "custom_tool_call_input.delta", delta=given)
            self._of(block, "custom_tool_call_input.done", input=given)
        else:
            arguments = block.text or "{}"
            self._of(block, "function_call_arguments.done", name=block.name, arguments=arguments)

    def _of(self, block: Block, event: str, **fields: Any) -> None:
        item_id = self._writer.item_id(block)
        self._event(f"response.{event}", item_id=item_id, output_index=block.index, **fields)

    def _event(self, type: str, **fields: Any) -> None:
        body = {"type": type, "sequence_number": self._number, **fields}
        self._number += 1
        self._events.append(b"event: %b\ndata: %b\n\n" % (type.encode(), jsontext.dumps(body)))

    def _flush(self) -> bytes:
        events, self._events = self._events, []
        return b"".join(events)
