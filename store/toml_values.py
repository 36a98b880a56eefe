"""How values, keys and new tables are written where the file gives no example to follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_LITERAL = re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*")

Keys = tuple[str, ...]
"""A path through tables, by names."""


class EditError(Exception):
    """An edit that cannot be made. Its text says why and holds no secret."""


def is_table(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def written(value: object) -> str:
    """A value in one line. Raises EditError for what TOML has no word for."""
    if is_table(value):
        members = [f"{written_key(key)} = {written(one)}" for key, one in value.items()]
        return "{ " + ", ".join(members) + " }" if members else "{}"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "[" + ", ".join(written(one) for one in cast("Sequence[object]", value)) + "]"
    if isinstance(value, str):
        return _written_text(value)
    if not isinstance(value, (bool, int, float)):
        raise EditError(f"TOML has no way to write a value of type {type(value).__name__}")
    return tomlkit.item(value).as_string()


def _written_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise EditError("half a surrogate pair is no text") from None
    return tomlkit.string(text).as_string()


def written_at(path: Sequence[str | int], value: object, newline: str) -> str:
    """As `written`, but of a chain's entries each has its line where there are several."""
    entries = cast("Sequence[object]", value)
    if path[:1] != ("chains",) or path[-1] != "entries" or not isinstance(value, (list, tuple)):
        return written(value)
    if len(entries) < 2:
        return written(entries)
    return "[" + "".join(f"{newline}  {written(one)}," for one in entries) + newline + "]"


def written_key(name: str, like: str = "") -> str:
    """One part of a key; `like`, another key's text, gives the quotes to prefer."""
    if like.startswith("'") and _LITERAL.fullmatch(name):
        return f"'{name}'"
    if _BARE.fullmatch(name) and not like.startswith('"'):
        return name
    return _written_text(name)


def written_keys(keys: Sequence[str]) -> str:
    """A dotted key."""
    return ".".join(written_key(name) for name in keys)


def keys_of(path: str | Sequence[str]) -> Keys:
    """A path, from its parts or as TOML writes it: `providers.groq.models."llama-3.3".enabled`.

    Raises EditError if it is no key.
    """
    if not isinstance(path, str):
        keys = tuple(path)
    else:
        keys = _parsed(path)
    if not keys:
        raise EditError("the key is empty")
    return keys


def _parsed(path: str) -> Keys:
    if "\n" in path or "=" in re.sub(r"\"[^\"]*\"|'[^']*'", "", path):
        raise EditError(f"{path[:128]!r} is no key")
    try:
        inside: Any = tomlkit.parse(f"{path} = 0").unwrap()
    except (TOMLKitError, ValueError):
        raise EditError(f"{path[:128]!r} is no key") from None
    keys: list[str] = []
    while isinstance(inside, dict):
        name, inside = next(iter(cast("dict[str, object]", inside).items()), ("", 0))
        keys.append(name)
    return tuple(keys)


def stands_in_braces(path: Sequence[str | int]) -> bool:
    """Whether the house writes this table `{ inline }` and not under a header of its own."""
    return path[2:] == ("headers",) or tuple(path) == ("ui", "keys") or len(path) > 4


def written_sections(path: Keys, table: Mapping[str, object], newline: str) -> str:
    """A table with the tables in it, each under its header, a blank line between."""
    own: list[str] = []
    inner: list[str] = []
    for name, value in table.items():
        place = (*path, name)
        if is_table(value) and not stands_in_braces(place):
            inner.append(written_sections(place, value, newline))
        else:
            own.append(f"{written_key(name)} = {written_at(place, value, newline)}{newline}")
    if own or not inner:
        inner.insert(0, f"[{written_keys(path)}]{newline}" + "".join(own))
    return newline.join(inner)
