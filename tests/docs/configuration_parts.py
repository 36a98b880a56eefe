"""Of docs/configuration.md: every key as the models know it."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import tomlkit
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from store.settings import (
    LimitSettings,
    ModelSettings,
    ProviderTimeoutSettings,
)
from store.settings_schema import known_keys, type_at
from store.units import byte_size, positive_seconds, seconds
from tests.docs.pages import ROOT

AFTER_A_RESTART = frozenset({"server.host", "server.port", "server.admin_port"})
"""Keys whose edit a running process does not take; `/api/status` says so."""
_LATER = {
    "ui": "when the interface starts",
    "log.retain_days": "within an hour",
}
OTHER_VALUES: Mapping[str, object] = {
    "server.host": "0.0.0.0",
    "server.port": 4300,
    "server.admin_port": 4301,
    "server.api_keys": ["env:CHAIN429_API_KEY", "file:/run/secrets/client"],
    "server.allowed_hosts": ["box.lan"],
    "server.cors_origins": ["https://app.example.com"],
    "server.max_body": "50MiB",
    "server.shutdown_grace": "30s",
    "routing.default_chain": "small",
    "routing.unknown_model": "reject",
    "routing.direct": "any",
    "routing.max_wait": "0s",
    "routing.max_queue": 500,
    "timeouts.connect": "2s",
    "timeouts.first_token": "90s",
    "timeouts.plain": "10m",
    "timeouts.idle": "1m",
    "timeouts.total": "30m",
    "timeouts.request": "15m",
    "log.retain_days": 90,
    "log.bodies": "memory",
    "ui.theme": "429-light",
    "ui.symbols": "ascii",
    "ui.motion": False,
    "ui.mouse": False,
    "ui.keys": {"stats.period": "w"},
    "savings.reference": "openai/gpt-4o-mini",
}
"""Examples of the keys whose value in config.toml.example is their default."""

_SECTIONS = (
    "server",
    "routing",
    "timeouts",
    "log",
    "ui",
    "savings",
    "providers.NAME",
    "providers.NAME.limits",
    "providers.NAME.timeouts",
    'providers.NAME.models."MODEL"',
    "chains.NAME",
    "clients.NAME",
)
_OF_TABLE: Mapping[object, str] = {
    LimitSettings: "providers.NAME.limits",
    ProviderTimeoutSettings: "providers.NAME.timeouts",
    ModelSettings: 'providers.NAME.models."MODEL"',
}
_UNSET = {
    "providers.NAME": "from the preset",
    "providers.NAME.limits": "preset, or learned",
    "providers.NAME.timeouts": "preset, `[timeouts]`",
    'providers.NAME.models."MODEL"': "unknown",
}
_NO_DEFAULT = {
    "server.api_keys": "none: one is needed, here or in `[clients]`",
    "server.admin_token": "none: nobody gets in",
    "chains.NAME.entries": "none: one is needed",
    "chains.NAME.max_wait": "`routing.max_wait`",
    "clients.NAME.key": "none: it is needed",
    "clients.NAME.chain": "`routing.default_chain`",
    "clients.NAME.chains": "all",
}


def keys() -> str:
    """A table for each section, in the order of the file."""
    examples = _examples()
    return "\n".join(_section(name, examples) for name in _SECTIONS).rstrip()


def _path(section: str) -> tuple[str, ...]:
    return tuple(section.replace('"', "").split("."))


def _section(name: str, examples: Mapping[tuple[type, str], object]) -> str:
    path = _path(name)
    model = cast("type[BaseModel]", type_at(path))
    rows = [_row(name, model, key, field, examples) for key, field in model.model_fields.items()]
    told = " ".join((model.__doc__ or "").split())
    head = ["| key | value | default | meaning | example | an edit counts |", "|" + "---|" * 6]
    return "\n".join([f"### `[{name}]`\n", f"{told}\n", *head, *rows, ""])


def _row(
    section: str,
    model: type[BaseModel],
    key: str,
    field: FieldInfo,
    examples: Mapping[tuple[type, str], object],
) -> str:
    full = f"{section}.{key}"
    live = "after a restart" if full in AFTER_A_RESTART else _LATER.get(full, _LATER.get(section))
    example = OTHER_VALUES.get(full, examples.get((model, key)))
    cells = (
        f"`{key}`",
        value_words(field),
        _default(section, key, field),
        _escaped(field.description or ""),
        f"`{_escaped(toml(example))}`",
        live or "at once",
    )
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


# What a value may be.

_MEASURES: Mapping[object, str] = {
    seconds: 'a duration, `"0s"` to `"366d"`',
    positive_seconds: 'a duration above `"0s"`, up to `"366d"`',
    byte_size: 'a size, `"1KiB"` to `"4GiB"`',
}


def value_words(field: FieldInfo) -> str:
    """`a whole number, 1 to 65,535`: what a field takes, its range included."""
    annotation = field.annotation
    inner = get_args(annotation)[-1] if get_origin(annotation) is dict else annotation
    if inner in _OF_TABLE:
        return f"a table: `[{_OF_TABLE[inner]}]`"
    return _words(annotation, field.metadata)


def _words(annotation: Any, metadata: list[Any]) -> str:
    if get_origin(annotation) in (Union, types.UnionType):
        inner = next(one for one in get_args(annotation) if one is not type(None))
        return _words(inner, metadata)
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        unpacked = [part for one in more for part in getattr(one, "metadata", None) or [one]]
        return _words(inner, [*metadata, *unpacked])
    for one in metadata:
        if (words := _MEASURES.get(getattr(one, "func", None))) is not None:
            return words
    if get_origin(annotation) is Literal:
        *others, last = (f'`"{choice}"`' for choice in get_args(annotation))
        return f"{', '.join(others)} or {last}"
    if get_origin(annotation) is list:
        return f"a list of {_PLURALS[get_args(annotation)[0]]}"
    if get_origin(annotation) is dict:
        return f"a table of {_PLURALS[get_args(annotation)[1]]}"
    return _PLAIN[annotation] + _range(metadata)


_PLAIN = {str: "text", SecretStr: "a secret", bool: "`true` or `false`", int: "a whole number"}
_PLURALS = {str: "texts", SecretStr: "secrets"}


def _range(metadata: list[Any]) -> str:
    bounds: dict[str, int] = {}
    for one in metadata:
        for name in ("ge", "le"):
            if (bound := getattr(one, name, None)) is not None:
                bounds[name] = bound
    return f", {bounds['ge']:,} to {bounds['le']:,}" if bounds else ""


# Defaults and examples, as they are written in the file.


def _default(section: str, key: str, field: FieldInfo) -> str:
    if (words := _NO_DEFAULT.get(f"{section}.{key}")) is not None:
        return words
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "empty"
    if value is None:
        return _UNSET[section]
    return f"`{_escaped(written(value, field))}`"


def written(value: object, field: FieldInfo) -> str:
    """A default in the spelling of the file: 300.0 seconds are `"5m"`."""
    words = value_words(field)
    if words.startswith("a duration"):
        return toml(_duration(cast("float", value)))
    return toml(f"{cast('int', value) // 2**20}MiB" if words.startswith("a size") else value)


def _duration(length: float) -> str:
    units = (("h", 3600), ("m", 60), ("s", 1))
    name, unit = next(
        ((name, unit) for name, unit in units if length >= unit and length % unit == 0), ("s", 1)
    )
    return f"{length / unit:g}{name}"


def toml(value: object) -> str:
    """A value as it stands behind the `=`."""
    if not isinstance(value, dict):
        return tomlkit.item(value).as_string()
    table = tomlkit.inline_table()
    for key, inner in cast("dict[str, object]", value).items():
        table.append(key, inner)
    return table.as_string()


def _examples() -> dict[tuple[type, str], object]:
    """By model and key: the value in config.toml.example."""
    text = (ROOT / "config.toml.example").read_text(encoding="utf-8")
    found: dict[tuple[type, str], object] = {}
    for path, key, value in _walk((), tomlkit.parse(text).unwrap()):
        found.setdefault((type_at(path), key), value)
    return found


def _walk(
    path: tuple[str, ...], table: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str, object]]:
    for key, value in table.items():
        if known_keys(path) is not None:
            yield path, key, value
        if isinstance(value, dict):
            yield from _walk((*path, key), cast("dict[str, Any]", value))


def models() -> frozenset[type[BaseModel]]:
    """Of the sections."""
    return frozenset(type_at(_path(name)) for name in _SECTIONS)
