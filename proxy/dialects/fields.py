"""Reading fields of a JSON object from outside, each fault named by its dotted path."""

from __future__ import annotations

from typing import Any

from proxy.chat_fields import OBJECT, STRING, Shape, is_count, wrong
from proxy.errors import RequestFault
from proxy.jsontext import is_array, is_object

BOOLEAN = Shape("a boolean", lambda value: type(value) is bool)
COUNT = Shape("a whole number of at least 1", is_count)


def optional(holder: dict[str, Any], name: str, shape: Shape, at: str = "") -> Any:
    """The field, None where it is missing or null. Raises RequestFault for another type."""
    value = holder.get(name)
    if value is not None and not shape.fits(value):
        raise wrong(below(at, name), shape.words, value)
    return value


def required(holder: dict[str, Any], name: str, shape: Shape, at: str = "") -> Any:
    """The field. Raises RequestFault where it is missing, null or of another type."""
    value = holder.get(name)
    if not shape.fits(value):
        raise wrong(below(at, name), shape.words, value)
    return value


def text(holder: dict[str, Any], name: str, at: str) -> str:
    """A required string, which may be empty."""
    return required(holder, name, STRING, at)


def objects(value: Any, at: str) -> list[tuple[str, dict[str, Any]]]:
    """A list of objects, each with its own path; none for null."""
    if value is None:
        return []
    if not is_array(value):
        raise wrong(at, "an array of objects", value)
    found: list[tuple[str, dict[str, Any]]] = []
    for index, item in enumerate(value):
        if not is_object(item):
            raise wrong(f"{at}.{index}", OBJECT.words, item)
        found.append((f"{at}.{index}", item))
    return found


def below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def refused(at: str, message: str) -> RequestFault:
    """What this format has and chat has not, where leaving it out would change the meaning."""
    return RequestFault(f"'{at}': {message}", param=at)
