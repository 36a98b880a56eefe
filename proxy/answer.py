"""What one JSON object of an upstream's answer says, a chunk of a stream or a whole completion."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import orjson

from proxy.errors import UpstreamFault

MapToolId = Callable[[str], str]
"""From the id that the upstream gave a tool call to the one that the client sees."""

_BOM = b"\xef\xbb\xbf"
_MOST_TOKENS = 10**9
_TEXT_FIELDS = ("content", "reasoning", "reasoning_content", "refusal")
_NULL_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class Usage(NamedTuple):
    """Tokens as the upstream counted them."""

    prompt_tokens: int
    completion_tokens: int


def as_object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    return cast("list[Any]", value) if isinstance(value, list) else None


def parse(payload: bytes) -> tuple[bytes, Any]:
    """The JSON value of `payload`, and the bytes that say it.

    The bytes are `payload` itself, but for a byte order mark, and for invalid UTF-8 and halves of
    surrogate pairs, which become U+FFFD: strict readers refuse the whole text for one of them.
    UpstreamFault("broken") for what is no JSON then either (NaN, Infinity, cut off, too deep).
    """
    payload = payload.removeprefix(_BOM)
    try:
        return payload, orjson.loads(payload)
    except orjson.JSONDecodeError:
        pass
    mended = _ESCAPE.sub(_without_half, payload.decode("utf-8", "replace").encode())
    try:
        return mended, orjson.loads(mended)
    except orjson.JSONDecodeError as error:
        fault = f"an answer that is no JSON: {error.msg}"
    # Outside of the `except`: the parser's own error holds the whole text.
    raise UpstreamFault("broken", fault)


def _without_half(match: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if match["lone"] else match[0]


def serialise(answer: object) -> bytes:
    """The bytes of a repaired answer. UpstreamFault("broken") where it is nested too deeply."""
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        raise UpstreamFault("broken", "an answer that is nested too deeply") from None


def raise_carried_error(
    answer: dict[str, Any], payload: bytes, *, named_error: bool = False
) -> None:
    """UpstreamFault("error") where `answer` is, or holds, an error; its JSON stands in `body`.

    Known shapes: `error`, OpenRouter's error within a choice and its finish_reason `error`,
    Cloudflare's and ModelScope's `errors`, Mistral's `object: error`, `type: error`, and the flat
    `message` or `detail` of Cerebras, SiliconFlow, Cohere and FastAPI, which no completion has.
    `named_error`: the event itself is called `error`.
    """
    choices = as_list(answer.get("choices"))
    if (
        named_error
        or answer.get("error")
        or answer.get("errors")
        or answer.get("type") == "error"
        or answer.get("object") == "error"
        or answer.get("success") is False
        or (not choices and ("message" in answer or "detail" in answer))
    ):
        raise UpstreamFault("error", "an answer that carries an error", body=payload)
    for choice in map(as_object, choices or ()):
        if choice is None:
            continue
        if error := choice.get("error"):
            body = serialise({"error": error})
            raise UpstreamFault("error", "a choice that carries an error", body=body)
        if choice.get("finish_reason") == "error":
            raise UpstreamFault("error", "a choice that ended in an error", body=payload)


def stated_usage(answer: dict[str, Any]) -> dict[str, Any] | None:
    """The `usage` object, or Groq's `x_groq.usage`, where it counts anything."""
    usage = as_object(answer.get("usage"))
    if usage is None and (groq := as_object(answer.get("x_groq"))) is not None:
        usage = as_object(groq.get("usage"))
    return usage if usage is not None and read_usage(usage) is not None else None


def read_usage(usage: dict[str, Any]) -> Usage | None:
    """None where the numbers are missing, negative or absurd."""
    prompt, total = _tokens(usage.get("prompt_tokens")), _tokens(usage.get("total_tokens"))
    completion = _tokens(usage.get("completion_tokens"))
    if completion is None and prompt is not None and total is not None:
        completion = max(0, total - prompt)
    if prompt is None or completion is None:
        return None
    return Usage(prompt, completion)


def _tokens(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS:
        return value
    return None


def without_null_usage(payload: bytes, rest: dict[str, Any]) -> bytes:
    """`payload` with its `"usage": null` cut out, all other bytes kept; `rest` is what then stays.

    b"" where the key cannot be told from another one by its bytes.
    """
    shorter, cuts = _NULL_USAGE.subn(b"", payload)
    return shorter if cuts == 1 and orjson.loads(shorter) == rest else b""


def is_meaningful(said: dict[str, Any]) -> bool:
    """Whether a delta or a message says anything: text, reasoning, a refusal, a tool call."""
    return bool(
        said.get("content")
        or said.get("reasoning_content")
        or said.get("reasoning")
        or said.get("refusal")
        or said.get("tool_calls")
        or said.get("function_call")
    )


def text_bytes(said: dict[str, Any]) -> int:
    """UTF-8 bytes of what a delta or a message says, tool calls included."""
    size = 0
    for name in _TEXT_FIELDS:
        text = said.get(name)
        if isinstance(text, str):
            size += len(text.encode())
        elif text:
            size += len(serialise(text))  # Mistral's reasoning models: a list of parts
    calls = as_list(said.get("tool_calls")) or []
    functions = [call.get("function") for call in map(as_object, calls) if call]
    for function in map(as_object, [*functions, said.get("function_call")]):
        for name in ("name", "arguments"):
            text = function.get(name) if function else None
            size += len(text.encode()) if isinstance(text, str) else 0
    return size


def finish_reason(choice: dict[str, Any]) -> str | None:
    """Some providers write "" where nothing has ended yet."""
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) and reason else None


def fill(target: dict[str, Any], name: str, value: object) -> bool:
    """Give a required field its value where it is missing or null; whether that was needed."""
    if target.get(name) is not None:
        return False
    target[name] = value
    return True
