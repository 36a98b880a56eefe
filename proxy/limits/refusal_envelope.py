"""Fourteen shapes of an error, read into one (providers.md 1c).

Bodies are hostile: HTML, empty, cut off, no UTF-8, nested to any depth. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson

_LONGEST = 4096
_MARKUP = re.compile(r"\s*(?:<!doctype|<html|<\?xml|<head|<body)", re.IGNORECASE)
_STATUS = re.compile(r"[1-5][0-9]{2}")

Json = Mapping[str, Any]
_NOTHING: Json = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An error as its provider told it, whatever the shape. "" and empty where nothing was said."""

    message: str = ""
    """Of a JSON error only; plain text and HTML stay in `text`, nobody echoes them."""
    code: str = ""
    type: str = ""
    param: str = ""
    flat: bool = False
    """No wrapper around it (Cerebras, Mistral, SiliconFlow): numeric codes mean other things."""
    status: int | None = None
    """The HTTP status that the body itself names."""
    items: tuple[Json, ...] = ()
    """Google's `details[]`, pydantic's `detail[]`, Cloudflare's `errors[]`."""
    metadata: Json = field(default_factory=dict[str, Any])
    """OpenRouter's."""
    retry_after: str = ""
    """A field of the body that tells the wait in seconds."""
    context_window: int | None = None
    """llama.cpp's `n_ctx`, in tokens."""
    words: tuple[str, ...] = ()
    """Code, type, and what stands beside them: Google's and OpenRouter's reasons."""
    text: str = ""
    """All that words can be looked for in: message, code, type, and a plain text body."""
    markup: bool = False
    """HTML, or nothing at all: somebody in front of the provider spoke."""


_EMPTY = Envelope(markup=True)


def read_envelope(body: bytes) -> Envelope:
    """Find message, code, type, param and details in whatever a provider sent as an error."""
    body = body.strip(b"\xef\xbb\xbf \t\r\n\0")
    if not body:
        return _EMPTY
    try:
        parsed: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        plain = body[:_LONGEST].decode("utf-8", "replace")
        return Envelope(text=plain, markup=_MARKUP.match(plain) is not None)
    return read_error(parsed)


def read_error(parsed: Any) -> Envelope:
    """`read_envelope` of JSON that is parsed already."""
    if isinstance(parsed, str):
        return Envelope(message=parsed[:_LONGEST], text=parsed[:_LONGEST])
    root = _object(parsed)
    if not root:
        return _EMPTY
    inner, flat = _error_of(root)
    envelope = _read(inner, root, flat)
    raw = envelope.metadata.get("raw")
    if isinstance(raw, str) and "returned error" in envelope.message:
        # OpenRouter only passes on: what happened is in the error of the provider behind it.
        return _behind(envelope, raw)
    return envelope


def error_in(parsed: Any) -> Any | None:
    """The part of an answer that says it failed, None where it does not: for a 200's JSON."""
    root = _object(parsed)
    if not root:
        return None
    if root.get("error") or root.get("type") == "error" or root.get("object") == "error":
        return root
    for choice in _objects(root.get("choices")):
        if choice.get("error") or choice.get("finish_reason") == "error":
            return {"error": choice.get("error") or {"message": ""}}
    if "choices" in root:
        return None
    told = root.get("errors") or root.get("detail")
    if told or (isinstance(root.get("message"), str) and root.get("code")):
        return root
    return None


def _read(error: Json, root: Json, flat: bool) -> Envelope:
    detail = error.get("detail")
    message_value = error.get("message")
    nested = _object(message_value).get("detail")
    items = tuple(
        item
        for told in (error.get("details"), detail, nested, root.get("errors"))
        for item in _objects(told)
    )
    message = (
        _sentence(message_value)
        or _sentence(detail)
        or _sentence(error.get("title"))
        or "; ".join(_sentence(item) for item in items if _sentence(item))
    )[:_LONGEST]
    code, type_ = _word(error.get("code")), _word(error.get("type"))
    code = code or _word(error.get("status"))
    metadata = _object(error.get("metadata"))
    extra = (
        _sentence(error.get("status")),
        _word(metadata.get("error_type")),
        _word(metadata.get("limit_source")),
        _word(metadata.get("reason")),
        _word(error.get("error_type")),
    )
    reasons = (_word(item.get("reason")) for item in items)
    words = tuple(word for word in (code, type_, *extra, *reasons) if word)
    return Envelope(
        message=message,
        code=code,
        type=type_,
        param=_word(error.get("param")),
        flat=flat,
        status=_status(error, root),
        items=items,
        metadata=metadata,
        retry_after=_retry_after(error, root, metadata),
        context_window=_size(error.get("n_ctx")),
        words=words,
        text=" | ".join((message, *words))[:_LONGEST],
    )


def _error_of(root: Json) -> tuple[Json, bool]:
    """The object that speaks, and whether it is the body itself."""
    for choice in _objects(root.get("choices")):
        if choice.get("error"):
            root = choice
            break
    error = root.get("error")
    if isinstance(error, str):
        message = _sentence(root.get("message")) or _sentence(root.get("detail")) or error
        return {**root, "message": message, "code": root.get("code") or _identifier(error)}, False
    if inner := _object(error):
        return inner, False
    errors = root.get("errors")
    if isinstance(errors, str):
        return {"message": errors}, False
    first = _object(errors)
    if first:
        return first, False
    return root, True


def _behind(outer: Envelope, raw: str) -> Envelope:
    inner = read_envelope(raw[: 4 * _LONGEST].encode("utf-8", "replace"))
    told = inner.message or ("" if inner.markup else inner.text)
    if not told:
        return outer
    return replace(
        outer,
        message=f"{outer.message}: {told}"[:_LONGEST],
        type=inner.type or outer.type,
        param=inner.param or outer.param,
        code=inner.code or outer.code,
        items=inner.items,
        words=inner.words + outer.words,
        text=f"{inner.text} | {outer.text}"[:_LONGEST],
    )


def _object(value: Any) -> Json:
    """A JSON object, the first one of a list (Gemini's errors are lists), else nothing."""
    if isinstance(value, dict):
        return cast(Json, value)
    return next(_objects(value), _NOTHING)


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for item in cast("list[Any]", value)[:100]:
            if isinstance(item, dict):
                yield cast(Json, item)


def _sentence(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        found = cast(Json, value)
        return next((s for key in ("message", "msg") if (s := _sentence(found.get(key)))), "")
    if isinstance(value, list):
        told = [_sentence(item) for item in cast("list[Any]", value)[:20]]
        return "; ".join(sentence for sentence in told if sentence)
    return ""


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value[:200]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 10**9 else None


def _identifier(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text) else ""


def _status(error: Json, root: Json) -> int | None:
    """An HTTP status among the numbers of a body, wherever the provider puts it."""
    for value in (
        error.get("code"),
        error.get("status"),
        error.get("status_code"),
        error.get("raw_status_code"),
        root.get("status"),
        root.get("status_code"),
        root.get("code"),
    ):
        word = _word(value)
        if _STATUS.fullmatch(word) and int(word) >= 400:
            return int(word)
    return None


def _retry_after(error: Json, root: Json, metadata: Json) -> str:
    for source in (error, root, metadata):
        for name in ("retry_after", "retry_after_seconds", "retryAfter", "retry_after_s"):
            value = source.get(name)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                return str(value)
    return ""
