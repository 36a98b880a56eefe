"""What the models say about a dotted path: which keys may stand there, and of what type."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from store.settings import Settings

Keys = tuple[str | int, ...]


def type_at(path: Keys) -> Any:
    """The annotation of what stands at a path; None where the models know nothing."""
    kind: Any = Settings
    for part in path:
        kind = _inside(_required(kind), part)
        if kind is None:
            return None
    return _required(kind)


def known_keys(path: Keys) -> tuple[str, ...] | None:
    """The keys of the table at a path; None where the names are the user's own, or no table is."""
    kind = type_at(path)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    return None


def takes_any_key(path: Keys) -> bool:
    """Whether the keys of the table at a path are the user's own (provider ids, headers, ...)."""
    return get_origin(type_at(path)) is dict


def is_secret(path: Keys) -> bool:
    """Whether a value at a path must never be shown."""
    kind = type_at(path)
    return kind is SecretStr or SecretStr in get_args(kind)


def homes_of(key: str) -> list[str]:
    """The top tables that know a key: where a key that stands elsewhere may belong."""
    return [name for name in Settings.model_fields if key in (known_keys((name,)) or ())]


def _required(kind: Any) -> Any:
    """`int | None` is `int`, `Annotated[int, ...]` is `int`."""
    if get_origin(kind) in (Union, types.UnionType):
        return _required(next(one for one in get_args(kind) if one is not type(None)))
    if hasattr(kind, "__metadata__"):
        return _required(get_args(kind)[0])
    return kind


def _inside(kind: Any, part: str | int) -> Any:
    origin = get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return None if field is None else field.annotation
    if origin is dict:
        return get_args(kind)[1]
    if origin is list:
        return get_args(kind)[0]
    return None
