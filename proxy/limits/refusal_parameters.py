"""Which fields of the request an error refuses by name, as dotted paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from proxy.limits.refusal_envelope import Envelope

_MOST = 32
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_PATH = rf"{_NAME}(?:\.[A-Za-z0-9_]{{1,64}}|\[[0-9]{{1,6}}\]){{0,12}}"
_Q = r"[`'\"“”]"
_PATH_ONLY = re.compile(_PATH)
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

_REFUSED_CODES = frozenset(
    {
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "unrecognized_parameter",
        "wrong_api_format",
        "unsupported_param",
        "extra_forbidden",
    }
)
_NOT_FIELDS = frozenset(
    {"quota", "queue", "validation_error", "api_key", "model", "messages", "body"}
)
_EXTRA_TYPES = frozenset({"extra_forbidden", "value_error.extra"})
_EXTRA = re.compile(r"extra (?:inputs|fields) (?:are )?not permitted", re.IGNORECASE)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


_NESTED = (
    # Groq: 'messages.2' : property 'reasoning_content' is unsupported
    _words(rf"'(?P<at>{_PATH})'\s*: property '(?P<name>{_PATH})' is (?:unsupported|not supported)"),
    # Gemini: Unknown name "x" at 'messages[3]': Cannot find field
    _words(rf'Unknown name \\?"(?P<name>{_PATH})\\?" at \'(?P<at>{_PATH})\': Cannot find field'),
)
_SINGLE = tuple(
    map(
        _words,
        (
            rf"property {_Q}(?P<name>{_PATH}){_Q} is (?:unsupported|not supported|not allowed)",
            rf'Unknown name \\?"(?P<name>{_PATH})\\?": Cannot find field',
            rf"(?:unknown|unsupported|unrecognized|unexpected) (?:request )?"
            rf"(?:parameter|field|argument|property|key)s?:? {_Q}(?P<name>{_PATH}){_Q}",
            rf"(?:unknown|unsupported|unrecognized|unexpected) "
            rf"(?:parameter|field|argument|property)s?: (?P<name>{_PATH})\b",
            rf"unexpected keyword argument {_Q}(?P<name>{_PATH}){_Q}",
            rf"argument not supported on this model: (?P<name>{_PATH})",
            rf"unsupported value: {_Q}(?P<name>{_PATH}){_Q}",
            rf"(?:parameter|field|argument|property|option) {_Q}(?P<name>{_PATH}){_Q} "
            rf"(?:is|are) (?:not|un)[ -]?(?:supported|allowed|permitted|recognized|known)",
            rf"{_Q}(?P<name>{_PATH}){_Q} (?:parameter |field |argument )?(?:is|are) "
            rf"(?:not (?:supported|allowed|permitted)|unsupported)",
            rf"does(?: not|n't) support (?:the )?(?:parameter )?{_Q}(?P<name>{_PATH}){_Q}",
            rf"(?:^|[\s|;])(?:body\.)?(?P<name>{_PATH}): extra (?:inputs|fields) "
            r"(?:are )?not permitted",
            r"\b(?P<name>[a-z]+(?:_[a-z]+)+) is not (?:supported|allowed|permitted)\b",
        ),
    )
)
_LISTS = tuple(
    map(
        _words,
        (
            # OpenAI: Unrecognized request arguments supplied: a, b
            rf"(?:request )?arguments? supplied: (?P<names>{_PATH}(?:, ?{_PATH}){{0,31}})",
            # LiteLLM: groq does not support parameters: ['a', 'b']
            rf"(?:support|unsupported|unknown) parameters?: ?"
            rf"[\[(]?(?P<names>{_Q}?{_PATH}{_Q}?(?:, ?{_Q}?{_PATH}{_Q}?){{0,31}})",
        ),
    )
)
# vLLM prints pydantic's list as Python does.
_PRINTED = _words(
    r"'loc': [\[(](?P<loc>[^\])]{1,400})[\])],? ?'msg': '(?:Extra|extra) (?:inputs|fields)"
)


def refused_parameters(envelope: Envelope) -> tuple[str, ...]:
    """Every request field that an error refuses, all at once, in the order told.

    `messages[3].name`, `("body", "messages", 3, "name")` and `body.messages.3.name` are all
    `messages.3.name`.
    """
    found: dict[str, None] = {}
    for path in _all(envelope):
        dotted = _dotted(path)
        if dotted and dotted not in _NOT_FIELDS and len(found) < _MOST:
            found[dotted] = None
    return tuple(found)


def _all(envelope: Envelope) -> Iterator[str]:
    yield from _of_items(envelope.items)
    named = envelope.param not in _NOT_FIELDS and _PATH_ONLY.fullmatch(envelope.param)
    if named and envelope.code.lower() in _REFUSED_CODES:
        # The sentence beside it quotes values too, which are no fields.
        yield envelope.param
        return
    text = envelope.text
    for words in _NESTED:
        for match in words.finditer(text):
            yield f"{match['at']}.{match['name']}"
        text = words.sub(" ", text)
    for match in _PRINTED.finditer(text):
        yield _joined(part.strip(" '\"") for part in match["loc"].split(","))
    for words in _LISTS:
        for match in words.finditer(text):
            yield from (name.strip(" `'\"") for name in match["names"].split(","))
    for words in _SINGLE:
        for match in words.finditer(text):
            yield match["name"]


def _of_items(items: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    for item in items:
        refused = item.get("type") in _EXTRA_TYPES or _EXTRA.search(str(item.get("msg", "")))
        loc: Any = item.get("loc")
        if refused and isinstance(loc, list):
            yield _joined(str(part) for part in cast("list[Any]", loc)[:16])
        # Google's BadRequest tells each field in a sentence of its own.
        violations: Any = item.get("fieldViolations")
        if isinstance(violations, list):
            for violation in cast("list[Any]", violations)[:_MOST]:
                if isinstance(violation, dict):
                    told = str(cast("Mapping[str, Any]", violation).get("description", ""))
                    yield from _all(Envelope(text=told[:1000]))


def _joined(parts: Iterator[str]) -> str:
    """A pydantic location as a path: names of union branches stand in it, but not in the body."""
    path: list[str] = []
    for part in parts:
        if not re.fullmatch(r"[a-z0-9_][A-Za-z0-9_]{0,63}", part):
            continue
        branch = part in _ROLES and len(path) >= 2 and path[-2] == "messages" and path[-1].isdigit()
        if not branch:
            path.append(part)
    return ".".join(path)


def _dotted(path: str) -> str:
    dotted = re.sub(r"\[([0-9]+)\]", r".\1", path).strip(".")
    for wrapper in ("body.", "request.", "json."):
        dotted = dotted.removeprefix(wrapper)
    return dotted if len(dotted) <= 256 else ""
