"""The turns of an Anthropic conversation as chat messages."""

from __future__ import annotations

from typing import Any

from proxy import jsontext
from proxy.chat_fields import NAME, OBJECT, OBJECTS, STRING, wrong
from proxy.dialects.conversation import Conversation, Part, image_part, text_part
from proxy.dialects.fields import objects, optional, refused, required, text
from proxy.jsontext import is_array


def read_history(system: str, value: Any, dropped: set[str]) -> list[dict[str, Any]]:
    """The chat messages; `dropped` gets the names of what was left out.

    Raises RequestFault (400) with the path of what is wrong or cannot be carried.
    """
    if not is_array(value) or not value:
        raise wrong("messages", "an array of one message or more", value)
    reader = _Reader(dropped)
    if system:
        reader.conversation.system(system)
    for at, message in objects(value, "messages"):
        reader.take(at, message)
    messages = reader.conversation.messages()
    if reader.conversation.lost_reasoning:
        dropped.add("messages.*.content.*.thinking")
    if reader.conversation.late_system:
        dropped.add("messages.*.role")
    return messages


class _Reader:
    def __init__(self, dropped: set[str]) -> None:
        self.conversation = Conversation()
        self._dropped = dropped

    def take(self, at: str, message: dict[str, Any]) -> None:
        """One turn. A content that is a string is one block of text."""
        role = required(message, "role", NAME, at)
        content = message.get("content")
        at = f"{at}.content"
        if type(content) is str:
            blocks = [(at, {"type": "text", "text": content})]
        elif is_array(content):
            blocks = objects(content, at)
        else:
            raise wrong(at, "a string or an array of blocks", content)
        for _, block in blocks:
            self._dropped |= {"cache_control"} & block.keys()
        match role:
            case "user":
                self._user(blocks)
            case "assistant":
                self._assistant(blocks)
            case "system":
                texts = [text(block, "text", place) for place, block in blocks]
                self.conversation.system("\n\n".join(texts))
            case _:
                raise refused(at.replace(".content", ".role"), f"'{role[:50]}' is no role here.")

    def _user(self, blocks: list[tuple[str, dict[str, Any]]]) -> None:
        """Tool results come first: chat wants them right after the calls."""
        said: list[Part] = []
        for at, block in blocks:
            if block.get("type") == "tool_result":
                self._result(at, block)
            else:
                said += self._shown(at, block)
        if said:
            self.conversation.user(said)

    def _result(self, at: str, block: dict[str, Any]) -> None:
        call_id = required(block, "tool_use_id", NAME, at)
        content = block.get("content")
        if block.get("is_error"):
            self._dropped.add("messages.*.content.*.is_error")
        if content is None or type(content) is str:
            self.conversation.result(call_id, [content or ""], [])
            return
        parts = [
            part
            for place, inner in objects(content, f"{at}.content")
            for part in self._shown(place, inner)
        ]
        texts = [part["text"] for part in parts if part["type"] == "text"]
        images = [part for part in parts if part["type"] == "image_url"]
        self.conversation.result(call_id, texts, images)

    def _shown(self, at: str, block: dict[str, Any]) -> list[Part]:
        """A block that the model is to read, as parts of a user message."""
        kind = required(block, "type", NAME, at)
        match kind:
            case "text":
                return [text_part(text(block, "text", at))]
            case "image":
                return [image_part(_address(at, required(block, "source", OBJECT, at)))]
            case "document":
                return self._document(at, block)
            case "tool_reference":
                self._dropped.add(f"messages.*.content.*.{kind}")
                return []
            case _:
                raise refused(
                    at,
                    f"a block of type '{kind[:50]}' cannot be carried to chat models. Send its "
                    "text instead.",
                )

    def _document(self, at: str, block: dict[str, Any]) -> list[Part]:
        """Text is text; a file is something that few chat models read."""
        source = required(block, "source", OBJECT, at)
        self._dropped |= {
            f"messages.*.content.*.{name}" for name in ("title", "context") if block.get(name)
        }
        if source.get("type") == "text":
            return [text_part(text(source, "data", f"{at}.source"))]
        if source.get("type") == "content" and OBJECTS.fits(source.get("content")):
            inner = objects(source["content"], f"{at}.source.content")
            return [part for place, one in inner for part in self._shown(place, one)]
        if source.get("type") == "content" and STRING.fits(source.get("content")):
            return [text_part(source["content"])]
        raise refused(
            at, "a document can be carried as text only. Send its text instead of the file."
        )

    def _assistant(self, blocks: list[tuple[str, dict[str, Any]]]) -> None:
        """Texts of one turn are one; calls follow them."""
        texts: list[str] = []
        calls: list[tuple[str, str, str]] = []
        for at, block in blocks:
            kind = required(block, "type", NAME, at)
            match kind:
                case "text":
                    texts.append(text(block, "text", at))
                case "tool_use":
                    calls.append(_call(at, block))
                case "thinking":
                    self.conversation.reasoning(optional(block, "thinking", STRING, at) or "")
                    if block.get("signature"):
                        self._dropped.add("messages.*.content.*.signature")
                case _:
                    # Another vendor's encrypted thoughts, and tools that only it runs.
                    self._dropped.add(f"messages.*.content.*.{kind}")
        if texts or not calls:
            self.conversation.assistant("".join(texts))
        for call in calls:
            self.conversation.call(*call)


def _call(at: str, block: dict[str, Any]) -> tuple[str, str, str]:
    given: dict[str, Any] = optional(block, "input", OBJECT, at) or {}
    arguments = jsontext.dumps(given).decode()
    return required(block, "id", NAME, at), required(block, "name", NAME, at), arguments


def _address(at: str, source: dict[str, Any]) -> str:
    """An image's address: a data URL where its bytes came along."""
    match source.get("type"):
        case "base64":
            media = required(source, "media_type", NAME, f"{at}.source")
            return f"data:{media};base64,{required(source, 'data', NAME, f'{at}.source')}"
        case "url":
            return required(source, "url", NAME, f"{at}.source")
        case _:
            raise refused(
                at,
                "an image must come as base64 or url: 429chain stores no files.",
            )
