"""A conversation as chat messages, built from the turns and items of another format.

What chat orders more strictly than others is put right here: one system message, at the start,
calls of one turn in one assistant message, tool results right after it, and only then what the
user says.
"""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]

BETWEEN_BLOCKS = "\n\n"
"""Between text blocks that share one string; chat's system and tool messages hold no blocks."""
IMAGE_FOLLOWS = "The result is the image in the next message."
"""Content of a tool message whose result is nothing but an image, which only a user may send."""


def text_part(text: str) -> Part:
    return {"type": "text", "text": text}


def image_part(url: str, detail: Any = None) -> Part:
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image}


class Conversation:
    """Takes what was said in order; `messages()` is the chat history."""

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._shown: list[Part] = []
        """Images of tool results, to be sent by the user once the results are complete."""
        self._reasoning: list[str] = []
        """What was thought before an assistant message that has not come yet."""
        self.late_system = False
        """Instructions came later than at the start."""
        self.lost_reasoning = False
        """Reasoning stood alone, where chat has no message to put it in."""

    def system(self, text: str) -> None:
        """Instructions. At the start they are one system message: many chat templates take but one.
        Later ones are said by the user, where they stand: Mistral, Qwen's templates and others
        refuse a system message that is not the first.
        """
        if not self._messages:
            self._messages.append({"role": "system", "content": text})
        elif len(self._messages) == 1 and self._messages[0]["role"] == "system":
            self._messages[0]["content"] += BETWEEN_BLOCKS + text
        else:
            self.late_system = True
            self.user([text_part(text)])

    def user(self, parts: list[Part]) -> None:
        """What the user says. A single text is sent as a string."""
        self._forget_reasoning()
        shown, self._shown = self._shown, []
        self._add_user([*shown, *parts])

    def reasoning(self, text: str) -> None:
        """Thoughts of the assistant before what it says next."""
        if text:
            self._reasoning.append(text)

    def assistant(self, text: str, refusal: str = "") -> None:
        """What the assistant said."""
        message = self._begin_assistant()
        message["content"] = text
        if refusal:
            message["refusal"] = refusal

    def call(self, call_id: str, name: str, arguments: str) -> None:
        """A tool call, in the assistant message that it belongs to."""
        last = self._messages[-1] if self._messages else None
        if last is None or last["role"] != "assistant":
            last = self._begin_assistant()
        self._attach_reasoning(last)
        function = {"name": name, "arguments": arguments}
        calls = last.setdefault("tool_calls", [])
        calls.append({"id": call_id, "type": "function", "function": function})

    def result(self, call_id: str, texts: list[str], images: list[Part]) -> None:
        """What a tool gave back."""
        self._forget_reasoning()
        content = BETWEEN_BLOCKS.join(texts)
        if images and not content:
            content = IMAGE_FOLLOWS
        self._shown += images
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def messages(self) -> list[dict[str, Any]]:
        self._forget_reasoning()
        self._show_images()
        return self._messages

    def _begin_assistant(self) -> dict[str, Any]:
        self._show_images()
        message: dict[str, Any] = {"role": "assistant", "content": None}
        self._attach_reasoning(message)
        self._messages.append(message)
        return message

    def _attach_reasoning(self, message: dict[str, Any]) -> None:
        """As DeepSeek named it; goes only to providers that take it back (`history.py`)."""
        if self._reasoning:
            before = [message["reasoning_content"]] if "reasoning_content" in message else []
            message["reasoning_content"] = BETWEEN_BLOCKS.join([*before, *self._reasoning])
            self._reasoning = []

    def _forget_reasoning(self) -> None:
        self.lost_reasoning |= bool(self._reasoning)
        self._reasoning = []

    def _show_images(self) -> None:
        shown, self._shown = self._shown, []
        self._add_user(shown)

    def _add_user(self, parts: list[Part]) -> None:
        if len(parts) == 1 and parts[0]["type"] == "text":
            self._messages.append({"role": "user", "content": parts[0]["text"]})
        elif parts:
            self._messages.append({"role": "user", "content": parts})
