"""The presets: `presets.toml` read into `Preset` objects, once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast
from zoneinfo import ZoneInfo

from proxy.errors import ChainError
from proxy.model import LIMIT_WORDS, FreeLimit, Preset

_FILE = "presets.toml"
_FIELDS = frozenset(field.name for field in fields(Preset)) - {"id"}


class PresetError(ChainError):
    """The preset file is no good; says where and what to change."""


@lru_cache(maxsize=1)
def load_presets() -> Mapping[str, Preset]:
    """Every preset by its id, in the order of the file. Raises PresetError, with file and line."""
    return read_presets(files(__package__ or __name__).joinpath(_FILE).read_text("utf-8"), _FILE)


def read_presets(text: str, name: str) -> Mapping[str, Preset]:
    """`load_presets` of any text; `name` is the file that errors speak of."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"at line ([0-9]+)", str(error))
        line = int(told[1]) if told else len(text.splitlines())
        raise PresetError(f"{name}:{line}: {error}") from error
    presets: dict[str, Preset] = {}
    for id, table in tables.items():
        try:
            presets[id] = _preset(id, table)
        except _Fault as fault:
            line = _line_of(text, id, fault.key)
            raise PresetError(f"{name}:{line}: [{id}] {fault}") from fault
    return presets


class _Fault(ValueError):
    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _preset(id: str, table: Any) -> Preset:
    if not isinstance(table, dict):
        raise _Fault(id, "must be a table")
    values = cast("dict[str, Any]", table)
    read: dict[str, Any] = {}
    for key, value in values.items():
        if key not in _FIELDS:
            known = ", ".join(sorted(_FIELDS))
            raise _Fault(key, f"has no field `{key}`; it knows {known}")
        read[key] = _READERS.get(key, _text)(key, value)
    if not read.get("title"):
        raise _Fault(id, "needs a `title`")
    return Preset(id=id, **read)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Fault(key, f"`{key}` must be a string")
    return value


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Fault(key, f"`{key}` must be true or false")
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Fault(key, f"`{key}` must be a list of strings")
    return tuple(_text(key, item) for item in cast("list[Any]", value))


def _table(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Fault(key, f"`{key}` must be a table")
    return cast("dict[str, Any]", value)


def _text_table(key: str, value: Any) -> dict[str, str]:
    return {name: _text(key, item) for name, item in _table(key, value).items()}


def _kinds(key: str, value: Any) -> dict[str, str]:
    kinds = _text_table(key, value)
    for window, kind in kinds.items():
        if window not in ("minute", "hour", "day", "month"):
            raise _Fault(key, f"`{window}` is no window; use minute, hour, day or month")
        if kind not in ("rolling", "clock", "bucket"):
            raise _Fault(key, f"`{kind}` is no kind; use rolling, clock or bucket")
    return kinds


def _seconds(key: str, value: Any) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for name, item in _table(key, value).items():
        if isinstance(item, bool) or not isinstance(item, int | float) or item <= 0:
            raise _Fault(key, f"`{name}` must be a number of seconds above 0")
        seconds[name] = float(item)
    return seconds


def _tokens(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _Fault(key, f"`{key}` must be a whole number from 1 on")
    return value


def _zone(key: str, value: Any) -> str:
    name = _text(key, value)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        hint = "install the package tzdata if this system has no time zones"
        raise _Fault(key, f"`{name}` is no known time zone ({hint})") from error
    return name


def _free(key: str, value: Any) -> tuple[FreeLimit, ...]:
    if not isinstance(value, list):
        raise _Fault(key, f"`{key}` must be a list of tables")
    limits: list[FreeLimit] = []
    for item in cast("list[Any]", value):
        table = _table(key, item)
        scope = table.get("scope")
        if scope not in ("account", "pool", "model"):
            raise _Fault(key, "`scope` must be account, pool or model")
        sizes: dict[str, int] = {}
        for word, size in _table(key, table.get("sizes")).items():
            if word not in LIMIT_WORDS:
                raise _Fault(key, f"`{word}` is no limit; use {' '.join(LIMIT_WORDS)}")
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise _Fault(key, f"`{word}` must be a whole number from 1 on")
            sizes[word] = size
        pattern = _text("pattern", table.get("pattern"))
        limits.append(FreeLimit(scope=scope, pattern=pattern, sizes=sizes))
    return tuple(limits)


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(
        (
            "needs_key",
            "local",
            "aggregator",
            "completions",
            "counts_cap",
            "developer_role",
            "empty_tools",
            "include_usage",
            "reasoning_history",
            "signatures",
            "thinking_parts",
        ),
        _flag,
    ),
    **dict.fromkeys(("key_env", "pools", "refused", "suggest"), _texts),
    **dict.fromkeys(("renamed", "headers"), _text_table),
    "context_window": _tokens,
    "kinds": _kinds,
    "timeouts": _seconds,
    "zone": _zone,
    "free": _free,
}


def _line_of(text: str, id: str, key: str) -> int:
    """The line of a key within a preset's table, else that of the table."""
    start = 1
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\[\[?\s*\"?([A-Za-z0-9_-]+)\"?(?:\.([A-Za-z0-9_-]+))?", line)
        if header is not None:
            inside = header[1] == id
            if inside and header[2] is None:
                start = number
            if inside and header[2] == key:
                return number
        elif inside and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return number
    return start
