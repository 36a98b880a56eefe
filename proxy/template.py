"""The ordinary event of a stream: always the same bytes around another piece of text.

Once one such event was parsed and understood, the next one needs no parsing: where its bytes
before and behind the text are the same and the text is a valid JSON string, it says the same but
for the text, so it carries no error, no usage and no finish_reason either, and lacks no field.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast

import orjson

from proxy.answer import as_list, as_object

_FIELDS = {
    name: re.compile(rb'"%b"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")' % name.encode(), re.DOTALL)
    for name in ("content", "reasoning", "reasoning_content", "refusal", "arguments")
}
_TEXTS = ("content", "reasoning", "reasoning_content", "refusal")
_PROBE = "\u0001 429chain \u0001"


class Template(NamedTuple):
    """What stands around the text: in the upstream's event, and in the frame for the client."""

    prefix: bytes
    suffix: bytes
    head: bytes
    tail: bytes

    def text_of(self, data: bytes) -> bytes | None:
        """The JSON string literal of an event that fits, None for any other event."""
        if not (data.startswith(self.prefix) and data.endswith(self.suffix)):
            return None
        literal = data[len(self.prefix) : -len(self.suffix)]
        try:
            return literal if type(orjson.loads(literal)) is str else None
        except orjson.JSONDecodeError:
            return None


def literal_bytes(literal: bytes) -> int:
    """UTF-8 bytes of the text that a JSON string literal stands for."""
    if b"\\" not in literal:
        return len(literal) - 2
    return len(cast("str", orjson.loads(literal)).encode())


def learn(data: bytes, frame: bytes, chunk: dict[str, Any]) -> Template | None:
    """The template of an event `data` that became `frame`; `chunk` is what it says.

    None where the event says more than one piece of text, or anything beside it.
    """
    field = _only_text(chunk)
    if field is None:
        return None
    around, framed = _around(data, field), _around(frame[6:-2], field)
    if around is None or framed is None:
        return None
    return Template(*around, frame[:6] + framed[0], framed[1] + frame[-2:])


def _only_text(chunk: dict[str, Any]) -> str | None:
    """Name of the field of an ordinary chunk that will differ in the next one."""
    choices = as_list(chunk.get("choices")) or []
    choice = as_object(choices[0]) if len(choices) == 1 else None
    delta = as_object(choice.get("delta")) if choice and not choice.get("finish_reason") else None
    if not delta or delta.get("function_call"):
        return None
    texts = [name for name in _TEXTS if delta.get(name)]
    calls = as_list(delta.get("tool_calls")) or []
    if not calls:
        return texts[0] if len(texts) == 1 and isinstance(delta[texts[0]], str) else None
    call = as_object(calls[0]) or {}
    function = as_object(call.get("function")) or {}
    starts = call.get("id") or function.get("name")
    return "arguments" if len(calls) == 1 and not texts and not starts else None


def _around(payload: bytes, field: str) -> tuple[bytes, bytes] | None:
    """The bytes before and behind the string literal of `field`.

    Proven by putting another text there and reading it back at the place where it belongs, so that
    a text that only looks like the field, or a field given twice, is not taken for it.
    """
    match = _FIELDS[field].search(payload)
    if match is None:
        return None
    prefix, suffix = payload[: match.start(1)], payload[match.end(1) :]
    try:
        chunk = orjson.loads(prefix + orjson.dumps(_PROBE) + suffix)
        delta = cast("dict[str, Any]", chunk["choices"][0]["delta"])
        said = delta["tool_calls"][0]["function"] if field == "arguments" else delta
        return (prefix, suffix) if said[field] == _PROBE else None
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
