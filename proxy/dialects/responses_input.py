"""The input of a Responses request: a text, or the items of a conversation."""

from __future__ import annotations

from typing import Any, NamedTuple

from proxy import jsontext
from proxy.chat_fields import NAME, STRING, wrong
from proxy.dialects.conversation import Conversation, Part, image_part, text_part
from proxy.dialects.fields import objects, optional, refused, required, text
from proxy.jsontext import is_array, is_object

_TEXTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})
_INSTRUCTIONS = frozenset({"system", "developer"})


class History(NamedTuple):
    """`dropped` names the kinds of items that were left out."""

    messages: list[dict[str, Any]]
    dropped: list[str]


def read_input(value: Any, instructions: str | None) -> History:
    """The messages of `input`, instructions first. Raises RequestFault (400) with the path."""
    reader = _Reader()
    if instructions:
        reader.conversation.system(instructions)
    if type(value) is str and value:
        reader.conversation.user([text_part(value)])
    elif is_array(value) and value:
        for at, item in objects(value, "input"):
            reader.take(at, item)
    else:
        raise wrong("input", "a string or an array of items", value)
    return reader.history()


class _Reader:
    def __init__(self) -> None:
        self.conversation = Conversation()
        self._dropped: set[str] = set()

    def history(self) -> History:
        messages = self.conversation.messages()
        if self.conversation.lost_reasoning:
            self._dropped.add("input.reasoning")
        if self.conversation.late_system:
            self._dropped.add("input.*.role")
        if not messages:
            raise refused("input", "it holds nothing that a chat model could read.")
        return History(messages, sorted(self._dropped))

    def take(self, at: str, item: dict[str, Any]) -> None:
        """One item, by its type. A message may come without one."""
        kind = item.get("type", "message" if "role" in item else None)
        if not NAME.fits(kind):
            raise wrong(f"{at}.type", NAME.words, kind)
        match kind:
            case "message":
                self._message(at, item)
            case "function_call":
                self._call(at, item, item.get("arguments") or "{}")
            case "custom_tool_call":
                self._call(at, item, _one_input(text(item, "input", at)))
            case "function_call_output" | "custom_tool_call_output":
                self._output(at, item)
            case "reasoning":
                self._reasoning(at, item)
            case "item_reference":
                raise refused(
                    at,
                    "it refers to an item of a stored response, and 429chain stores none. Send "
                    "the items themselves; in OpenAI's SDKs and agents: store=false.",
                )
            case _:
                # Calls of tools that only their vendor runs, and what came after this was written.
                self._dropped.add(f"input.{kind}")

    def _message(self, at: str, item: dict[str, Any]) -> None:
        role = required(item, "role", NAME, at)
        content = item.get("content")
        at = f"{at}.content"
        if role == "assistant":
            self._assistant(at, content)
        elif role in _INSTRUCTIONS:
            self.conversation.system("".join(_texts(at, content)))
        elif role == "user":
            self.conversation.user(self._parts(at, content))
        else:
            raise refused(at.replace(".content", ".role"), f"the role '{role[:50]}' is unknown.")

    def _assistant(self, at: str, content: Any) -> None:
        if type(content) is str:
            self.conversation.assistant(content)
            return
        refusals = [part for _, part in objects(content, at) if part.get("type") == "refusal"]
        said = "".join(_texts(at, content))
        refusal = "".join(text(part, "refusal", at) for part in refusals)
        self.conversation.assistant(said, refusal)

    def _parts(self, at: str, content: Any) -> list[Part]:
        if type(content) is str:
            return [text_part(content)]
        if not is_array(content) or not content:
            raise wrong(at, "a string or an array of parts", content)
        return [_part(place, part) for place, part in objects(content, at)]

    def _call(self, at: str, item: dict[str, Any], arguments: Any) -> None:
        if type(arguments) is not str:
            raise wrong(f"{at}.arguments", STRING.words, arguments)
        call_id = required(item, "call_id", NAME, at)
        self.conversation.call(call_id, required(item, "name", NAME, at), arguments)

    def _output(self, at: str, item: dict[str, Any]) -> None:
        call_id = required(item, "call_id", NAME, at)
        output = item.get("output")
        if type(output) is str:
            self.conversation.result(call_id, [output], [])
        elif is_array(output):
            parts = self._parts(f"{at}.output", output) if output else []
            texts = [part["text"] for part in parts if part["type"] == "text"]
            images = [part for part in parts if part["type"] == "image_url"]
            self.conversation.result(call_id, texts, images)
        else:
            raise wrong(f"{at}.output", "a string or an array of parts", output)

    def _reasoning(self, at: str, item: dict[str, Any]) -> None:
        """Only what is written out can be told to another model: its content, else its summary."""
        written = item.get("content") or item.get("summary")
        self.conversation.reasoning("\n\n".join(_texts(at, written or [])))
        if item.get("encrypted_content"):
            self._dropped.add("input.reasoning.encrypted_content")


def _texts(at: str, content: Any) -> list[str]:
    """The texts of a content that has to be text."""
    if type(content) is str:
        return [content]
    found: list[str] = []
    for place, part in objects(content, at):
        if part.get("type") in _TEXTS:
            found.append(text(part, "text", place))
        elif part.get("type") != "refusal":
            raise refused(place, "only text can stand here.")
    return found


def _part(at: str, part: dict[str, Any]) -> Part:
    """What a user shows or says."""
    kind = required(part, "type", NAME, at)
    if kind in _TEXTS:
        return text_part(text(part, "text", at))
    if kind == "input_image":
        if not NAME.fits(_url(part)):
            raise refused(
                at,
                "an image must come as image_url, a data: or https: address; 429chain stores no "
                "files that a file_id could name.",
            )
        return image_part(_url(part), optional(part, "detail", STRING, at))
    if kind == "input_audio" and is_object(part.get("input_audio")):
        return {"type": kind, "input_audio": part["input_audio"]}
    raise refused(
        at, f"a part of type '{kind[:50]}' cannot be carried to chat models. Send its text instead."
    )


def _url(part: dict[str, Any]) -> Any:
    """OpenAI's is a string; clients that come from chat send an object."""
    url = part.get("image_url")
    return url.get("url") if is_object(url) else url


def _one_input(given: str) -> str:
    """The text of a custom tool, as the arguments of the function that stands for it."""
    return jsontext.dumps({"input": given}).decode()
