"""One walk over the messages of a chat request: are they well formed, and how much is there?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proxy.chat_fields import MESSAGES, NAME, OBJECT, OBJECTS, STRING, wrong
from proxy.jsontext import is_array, is_object

_IMAGES = frozenset({"image_url", "input_image", "image"})
_CONTENT = "a string, null or an array of parts"

_PLAIN = {"role", "content"}
PLAIN_PATHS = frozenset({"messages.*.role", "messages.*.content"})
"""The paths of messages that are text and nothing else, as most are."""


@dataclass(slots=True)
class Survey:
    """What the messages hold.

    `size` is in UTF-8 bytes of text and tool calls, without image data. `paths` are the general
    names of all that stands in a message, a part or a tool call: `messages.*.name`,
    `messages.*.tool_calls.*.extra_content`.
    """

    size: int
    images: int
    paths: frozenset[str]


def survey(messages: Any) -> Survey:
    """Raise RequestFault for the first thing of a wrong type, named by its dotted path."""
    if not MESSAGES.fits(messages):
        raise wrong("messages", MESSAGES.words, messages)
    surveyor = _Surveyor()
    for index, message in enumerate(messages):
        surveyor.take_message(index, message)
    return surveyor.result()


def text_size(text: str) -> int:
    """Length in UTF-8; next to nothing for ASCII, whose length Python knows."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class _Surveyor:
    __slots__ = ("call_keys", "images", "message_keys", "part_keys", "size")

    def __init__(self) -> None:
        self.size = 0
        self.images = 0
        self.message_keys: set[str] = set()
        self.part_keys: set[str] = set()
        self.call_keys: set[str] = set()

    def result(self) -> Survey:
        if self.message_keys == _PLAIN and not self.part_keys:
            return Survey(self.size, self.images, PLAIN_PATHS)
        paths = {f"messages.*.{key}" for key in self.message_keys}
        paths.update(f"messages.*.content.*.{key}" for key in self.part_keys)
        paths.update(f"messages.*.tool_calls.*.{key}" for key in self.call_keys)
        return Survey(self.size, self.images, frozenset(paths))

    def take_message(self, index: int, message: Any) -> None:
        if not is_object(message):
            raise wrong(f"messages.{index}", OBJECT.words, message)
        self.message_keys.update(message)
        if not NAME.fits(message.get("role")):
            raise wrong(f"messages.{index}.role", NAME.words, message.get("role"))
        if message["role"] == "developer":
            self.message_keys.add("role.developer")
        content = message.get("content")
        if type(content) is str:
            self.size += text_size(content)
        elif is_array(content):
            for place, part in enumerate(content):
                self._take_part(f"messages.{index}.content.{place}", part)
        elif content is not None:
            raise wrong(f"messages.{index}.content", _CONTENT, content)
        if len(message) > 2 or content is None:
            self._take_rest(f"messages.{index}", message)

    def _take_rest(self, at: str, message: dict[str, Any]) -> None:
        for key in ("name", "refusal"):
            self._take_text(at, message, key)
        call_id = message.get("tool_call_id")
        if call_id is not None and type(call_id) is not str:
            raise wrong(f"{at}.tool_call_id", STRING.words, call_id)
        calls = message.get("tool_calls")
        if calls is not None:
            if not OBJECTS.fits(calls):
                raise wrong(f"{at}.tool_calls", OBJECTS.words, calls)
            for place, call in enumerate(calls):
                self._take_call(f"{at}.tool_calls.{place}", call)
        if message.get("function_call") is not None:
            self._take_function(f"{at}.function_call", message["function_call"])

    def _take_part(self, at: str, part: Any) -> None:
        if not is_object(part):
            raise wrong(at, OBJECT.words, part)
        self.part_keys.update(part)
        kind = part.get("type")
        if not NAME.fits(kind):
            raise wrong(f"{at}.type", NAME.words, kind)
        if kind in _IMAGES:
            self.images += 1
            self._check_image(at, part)
        elif kind == "text" and type(part.get("text")) is not str:
            raise wrong(f"{at}.text", STRING.words, part.get("text"))
        else:
            self._take_text(at, part, "text")
            self._take_text(at, part, "refusal")

    def _check_image(self, at: str, part: dict[str, Any]) -> None:
        if part["type"] != "image_url":
            return
        image = part.get("image_url")
        if is_object(image):
            if not NAME.fits(image.get("url")):
                raise wrong(f"{at}.image_url.url", NAME.words, image.get("url"))
        elif not NAME.fits(image):
            # A bare string is not OpenAI's shape, but clients send it and some providers take it.
            raise wrong(f"{at}.image_url", "an object with a 'url'", image)

    def _take_call(self, at: str, call: dict[str, Any]) -> None:
        self.call_keys.update(call)
        for key in ("id", "type"):
            if call.get(key) is not None and type(call[key]) is not str:
                raise wrong(f"{at}.{key}", STRING.words, call[key])
        if call.get("function") is not None or call.get("type") in (None, "function"):
            self._take_function(f"{at}.function", call.get("function"))
        elif is_object(call.get("custom")):
            self._take_text(f"{at}.custom", call["custom"], "input")

    def _take_function(self, at: str, function: Any) -> None:
        if not is_object(function):
            raise wrong(at, OBJECT.words, function)
        if not NAME.fits(function.get("name")):
            raise wrong(f"{at}.name", NAME.words, function.get("name"))
        self._take_text(at, function, "name")
        self._take_text(at, function, "arguments")

    def _take_text(self, at: str, holder: dict[str, Any], key: str) -> None:
        text = holder.get(key)
        if text is None:
            return
        if type(text) is not str:
            raise wrong(f"{at}.{key}", STRING.words, text)
        self.size += text_size(text)
