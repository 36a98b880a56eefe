"""The numbers in an error's sentences that say how much would do: of the prompt, of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from proxy.limits.refusal_numbers import number

_N = r"([0-9][0-9,_]{0,14})"


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


_CEILINGS = tuple(
    map(
        _words,
        (
            rf"maximum context (?:length|window|size)[a-z: ]{{0,30}}? {_N}",
            rf"{_N} (?:tokens )?maximum context",
            rf"maximum number of (?:input )?tokens (?:allowed|supported)\W{{0,3}}(?:is )?{_N}",
            rf"context (?:window|length|size)(?: limit)?(?: of| is)?\W{{0,3}}{_N}",
            rf"while limit is {_N}",
            rf"\blimit:? (?:is )?{_N}, requested",
            rf"max(?:imum)? size:? {_N}",
            rf"> {_N}(?: maximum)?",
            rf"(?:cannot|must not) exceed {_N}",
            rf"(?:at most|limit of|up to) {_N} (?:input |prompt )?tokens",
            rf"(?:<=|less than or equal to) {_N}",
        ),
    )
)

_MAX = r"max_?(?:completion_|output_?|new_)?tokens"
_BOUND = (
    r"(?:(?:must|should) be |has to be )?"
    r"(?:less than or equal to|smaller than or equal to|<=|≤|at most|no more than"
    r"|not exceed|cannot exceed)"
)
_CAPS = tuple(
    map(
        _words,
        (
            rf"{_MAX}\b.{{0,60}}?{_BOUND} [`'\"]?{_N}",
            rf"at most {_N} (?:completion|output) tokens",
            rf"(?:maximum|max) (?:allowed )?(?:value|number)(?: for| of)? (?:[`'\"]?{_MAX}[`'\"]?"
            rf"|(?:output|completion) tokens)[a-z ]{{0,12}}[:=]? ?{_N}",
            rf"{_MAX}: ?[0-9]+ > {_N}",
            rf"range (?:of|for) [`'\"]?{_MAX}[`'\"]?.{{0,20}}?[\[(]1, ?{_N}\]",
            rf"{_MAX}\b.{{0,60}}?\bin (?:the )?range.{{0,20}}?1(?:,| to|-|\.\.) ?{_N}",
            rf"can only afford {_N}",
        ),
    )
)
_CAPS_BELOW = tuple(
    map(
        _words,
        (
            rf"{_MAX}\b.{{0,80}}?to {_N} \(exclusive\)",
            rf"{_MAX}\b.{{0,60}}?(?:less|smaller) than {_N}",
        ),
    )
)
_CAP_OF_REST = (
    _words(rf"{_MAX}\b.{{0,40}}is too large.{{0,200}}\([0-9]+ > {_N} - {_N}\)"),
    _words(rf"max_new_tokens\W{{0,3}} must be <= {_N}\. given: {_N}"),
)
"""vLLM and TGI: what the context window leaves beside this prompt."""


def ceiling(text: str) -> int | None:
    """The largest prompt in tokens that an error says would do; None where it names none."""
    for words in _CEILINGS:
        if match := words.search(text):
            return number(match[1]) or None
    return None


def answer_cap(text: str) -> int | None:
    """The largest `max_tokens` that an error says would do, at least 1."""
    for words in _CAP_OF_REST:
        if match := words.search(text):
            return _positive(number(match[1]) - number(match[2]))
    for words in _CAPS:
        if match := words.search(text):
            return _positive(number(match[1]))
    for words in _CAPS_BELOW:
        if match := words.search(text):
            return _positive(number(match[1]) - 1)
    return None


def cap_of_items(items: tuple[Mapping[str, Any], ...]) -> int | None:
    """The same from pydantic: a `less_than_equal` whose `loc` is the cap."""
    for item in items:
        loc: Any = item.get("loc")
        context: Any = item.get("ctx")
        if isinstance(loc, list) and isinstance(context, dict) and loc:
            last = str(cast("list[Any]", loc)[-1])
            most: Any = cast("Mapping[str, Any]", context).get("le")
            if re.fullmatch(_MAX, last) and isinstance(most, int):
                return _positive(most)
    return None


def _positive(value: int) -> int | None:
    return value if value >= 1 else None
