"""The types of a chat request's known fields, as OpenAI documents them.

Only types are judged: ranges and combinations differ between providers, so they have the last
word on those. null stands for a field that is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proxy.errors import RequestFault
from proxy.jsontext import is_array, is_object


@dataclass(frozen=True, slots=True)
class Shape:
    """A type in words, and the test for it."""

    words: str
    fits: Callable[[Any], bool]


def wrong(param: str, words: str, value: Any) -> RequestFault:
    """The fault of a field of a wrong type. Tells the kind of value that came, never the value."""
    if value is None:
        message = f"'{param}' is missing or null; it must be {words}."
    else:
        message = f"'{param}' must be {words}, not {_kind(value)}."
    return RequestFault(message, param=param)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "this number"
        case str():
            return "a string" if value else "an empty one"
        case list():
            return "an array" if value else "an empty one"
        case _:
            return "an object"


def is_count(value: Any) -> bool:
    """A whole number of at least 1."""
    return _is_whole(value) and value >= 1


def _is_whole(value: Any) -> bool:
    # JSON writers without integers say 100.0.
    return type(value) is int or (type(value) is float and value.is_integer())


def _is_strings(value: Any) -> bool:
    return is_array(value) and all(type(item) is str for item in value)


def _is_objects(value: Any) -> bool:
    return is_array(value) and all(is_object(item) for item in value)


STRING = Shape("a string", lambda value: type(value) is str)
NAME = Shape("a string that is not empty", lambda value: type(value) is str and value != "")
OBJECT = Shape("an object", is_object)
OBJECTS = Shape("an array of objects", _is_objects)
MESSAGES = Shape("an array of one message or more", lambda value: is_array(value) and bool(value))
_BOOLEAN = Shape("a boolean", lambda value: type(value) is bool)
_NUMBER = Shape("a number", lambda value: type(value) is int or type(value) is float)
_WHOLE = Shape("a whole number", _is_whole)
_COUNT = Shape("a whole number of at least 1", is_count)
_STRINGS = Shape("an array of strings", _is_strings)
_STOP = Shape(
    "a string or an array of strings", lambda value: type(value) is str or _is_strings(value)
)
_CHOICE = Shape("a string or an object", lambda value: type(value) is str or is_object(value))

FIELDS: Mapping[str, Shape] = {
    "audio": OBJECT,
    "frequency_penalty": _NUMBER,
    "function_call": _CHOICE,
    "functions": OBJECTS,
    "logit_bias": OBJECT,
    "logprobs": _BOOLEAN,
    "max_completion_tokens": _COUNT,
    "max_tokens": _COUNT,
    "metadata": OBJECT,
    "modalities": _STRINGS,
    "n": _COUNT,
    "parallel_tool_calls": _BOOLEAN,
    "prediction": OBJECT,
    "presence_penalty": _NUMBER,
    "prompt_cache_key": STRING,
    "reasoning_effort": STRING,
    "response_format": OBJECT,
    "safety_identifier": STRING,
    "seed": _WHOLE,
    "service_tier": STRING,
    "stop": _STOP,
    "store": _BOOLEAN,
    "stream": _BOOLEAN,
    "stream_options": OBJECT,
    "temperature": _NUMBER,
    "tool_choice": _CHOICE,
    "tools": OBJECTS,
    "top_logprobs": _WHOLE,
    "top_p": _NUMBER,
    "user": STRING,
    "verbosity": STRING,
    "web_search_options": OBJECT,
}

_INNER: Mapping[str, Mapping[str, Shape]] = {
    "response_format": {"type": NAME, "json_schema": OBJECT},
    "stream_options": {"include_usage": _BOOLEAN},
}


def check_fields(body: Mapping[str, Any]) -> None:
    """Raise RequestFault for the first known field that is of a wrong type."""
    for name, value in body.items():
        if value is None or name not in FIELDS:
            continue
        shape = FIELDS[name]
        if not shape.fits(value):
            raise wrong(name, shape.words, value)
        for inner, inner_shape in _INNER.get(name, _NOTHING).items():
            given = value.get(inner)
            if given is not None and not inner_shape.fits(given):
                raise wrong(f"{name}.{inner}", inner_shape.words, given)
    for index, tool in enumerate(body.get("tools") or ()):
        _check_tool(f"tools.{index}", tool)


_NOTHING: Mapping[str, Shape] = {}


def _check_tool(at: str, tool: Mapping[str, Any]) -> None:
    kind = tool.get("type")
    if kind is not None and not NAME.fits(kind):
        raise wrong(f"{at}.type", NAME.words, kind)
    function = tool.get("function")
    if function is None:
        if kind in (None, "function"):
            raise wrong(f"{at}.function", OBJECT.words, function)
        return
    if not OBJECT.fits(function):
        raise wrong(f"{at}.function", OBJECT.words, function)
    if not NAME.fits(function.get("name")):
        raise wrong(f"{at}.function.name", NAME.words, function.get("name"))
    parameters = function.get("parameters")
    if parameters is not None and not OBJECT.fits(parameters):
        raise wrong(f"{at}.function.parameters", OBJECT.words, parameters)
