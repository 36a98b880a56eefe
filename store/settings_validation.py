"""From plain values to `Settings`, with every problem told in a person's words.

A value that does not fit is taken out and the rest is validated again, so that one slip does not
hide the next, and the rules that look at several keys still run on what is sound.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from store.findings import Findings, dotted
from store.problems import did_you_mean, nearest
from store.settings import Settings
from store.settings_schema import Keys, homes_of, known_keys

_TYPES = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text in quotes",
    "list_type": "must be a list: [ ... ]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "must be at least"),
    "less_than_equal": ("le", "must be at most"),
}


def validate(table: Mapping[str, Any], findings: Findings) -> Settings:
    """Make `Settings` of what is sound in `table`; tell the rest."""
    values = copy.deepcopy(dict(table))
    while True:
        try:
            return Settings(**values)
        except ValidationError as error:
            sound = len(findings.pruned)
            for details in error.errors(include_url=False, include_context=True):
                path = tuple(details["loc"])
                message, hint = _explain(details, path)
                findings.tell(path, message, hint)
                findings.pruned.add(_prune(values, path))
            if len(findings.pruned) == sound:
                raise


def _prune(values: dict[str, Any], path: Keys) -> Keys:
    """Take out what stands at a path, a list as a whole. Returns what was taken out."""
    inside: Any = values
    for depth, part in enumerate(path):
        following = path[depth + 1] if depth + 1 < len(path) else None
        table = cast("dict[str | int, Any]", inside if isinstance(inside, dict) else {})
        part = _as_written(part, table)
        if part in table:
            if following is None or isinstance(following, int) or not _goes_on(table[part]):
                del table[part]
                return path[: depth + 1]
            inside = table[part]
    # Taken out already, for another of the list's items.
    return path


def _as_written(part: str | int, table: Mapping[str | int, Any]) -> str | int:
    """The table's own key: one with half a surrogate pair, which JSON can hold, is told by pydantic
    in replacement characters."""
    if part in table:
        return part
    told = ((k, str(k).encode("utf-8", "surrogatepass").decode("utf-8", "replace")) for k in table)
    return next((key for key, words in told if words == part), part)


def _goes_on(value: object) -> bool:
    return isinstance(value, dict)


def _explain(details: ErrorDetails, path: Keys) -> tuple[str, str]:
    """Message and hint of one of pydantic's errors. The value itself is never shown."""
    kind = details["type"]
    name = dotted(path)
    context = details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind in _TYPES:
        return f"{name} {_TYPES[kind]}", _example(kind, details.get("input"))
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{name} {words} {context[bound]}", ""
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", '"')
        return f"{name} must be {choices}", _nearest_choice(details.get("input"), choices)
    if kind == "value_error":
        return f"{name} {context['error']}", ""
    return f"{name}: {details['msg'].lower()}", ""


def _example(kind: str, value: object) -> str:
    if not isinstance(value, str):
        return ""
    if kind == "list_type":
        return "as a list: [...]"
    unquoted = value.strip().isdigit() or value.lower() in ("true", "false")
    return "without the quotes" if unquoted else ""


def _nearest_choice(value: object, choices: str) -> str:
    near = nearest(str(value)[:40], choices.replace(" or ", ", ").replace('"', "").split(", "))
    return f'did you mean "{near}"?' if near else ""


def _unknown(path: Keys) -> tuple[str, str]:
    key = str(path[-1])
    table = path[:-1]
    known = known_keys(table) or ()
    where = f" in [{dotted(table)}]" if table else ""
    hint = ""
    if nearest(key, known) is None:
        homes = [name for name in homes_of(key) if (name,) != table]
        hint = f"it belongs into [{homes[0]}]" if homes else ""
    return f'unknown key "{key[:64]}"{where}', hint or did_you_mean(key, known)
