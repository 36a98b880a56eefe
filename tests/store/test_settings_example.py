"""`config.toml.example` and the models say the same, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import tomlkit
from pydantic import BaseModel, SecretStr

from proxy.providers.presets import load_presets
from store.settings import (
    ChainSettings,
    ClientSettings,
    LimitSettings,
    ModelSettings,
    ProviderSettings,
    ProviderTimeoutSettings,
    Settings,
)
from store.settings_load import load
from store.settings_schema import known_keys, type_at
from tests.store.configs import load_text

EXAMPLE = Path(__file__).parents[2] / "config.toml.example"
EXAMPLE_VALUES = {("server", "api_keys"), ("server", "admin_token")}
"""Keys without a default that a person could use."""
TABLES = tuple(
    name for name in Settings.model_fields if name not in ("providers", "chains", "clients")
)
MODELS: tuple[type[BaseModel], ...] = (
    ProviderSettings,
    LimitSettings,
    ModelSettings,
    ProviderTimeoutSettings,
    ChainSettings,
    ClientSettings,
    *(type_at((name,)) for name in TABLES),
)


def example_keys() -> Iterator[tuple[tuple[str, ...], type[BaseModel], str]]:
    """Every key of the example: its path, the model it belongs to, its name."""

    def walk(path: tuple[str, ...], table: dict[str, Any]) -> Iterator[Any]:
        kind = type_at(path)
        known = known_keys(path)
        for key, value in table.items():
            if known is not None:
                assert key in known, (path, key)
                yield (*path, key), kind, key
            if isinstance(value, dict):
                yield from walk((*path, key), cast("dict[str, Any]", value))

    yield from walk((), tomlkit.parse(EXAMPLE.read_text(encoding="utf-8")).unwrap())


def test_the_example_names_every_key_of_every_model() -> None:
    named = {(kind, key) for _, kind, key in example_keys()}
    for model in MODELS:
        for key in model.model_fields:
            assert (model, key) in named, (model.__name__, key)


def test_the_examples_values_are_the_defaults(tmp_path: Path) -> None:
    environ = {"CHAIN429_API_KEY": "a", "CHAIN429_ADMIN_TOKEN": "b", "JOURNAL_KEY": "c"}
    loaded = load_text(tmp_path, EXAMPLE.read_text("utf-8"), environ | {"GROQ_API_KEY": "d"})
    assert not loaded.warnings
    assert set(loaded.configuration.chains) == {"free", "small"}
    assert {client.name for client in loaded.configuration.clients} == {"default", "journal"}
    defaults = Settings()
    for table in TABLES:
        ours, theirs = getattr(loaded.settings, table), getattr(defaults, table)
        for key in known_keys((table,)) or ():
            if (table, key) not in EXAMPLE_VALUES:
                assert getattr(ours, key) == getattr(theirs, key), (table, key)


def test_every_key_of_the_example_has_a_comment() -> None:
    # `limits = { ... }` and its like have one for the whole line.
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\w+ = ", line):
            assert re.search(r" # \S.{4,}", line), line


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_documented(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, (model.__name__, name)
        assert "\n" not in field.description, (model.__name__, name)


def test_secrets_never_show() -> None:
    secrets = {"CHAIN429_API_KEY": "CANARYa", "CHAIN429_ADMIN_TOKEN": "CANARYb"}
    secrets |= {"JOURNAL_KEY": "CANARYc", "GROQ_API_KEY": "CANARYd"}
    loaded = load(EXAMPLE, presets=load_presets(), environ=secrets)
    assert "CANARY" not in repr(loaded)
    assert "CANARY" not in loaded.settings.model_dump_json()
    key = loaded.configuration.providers["groq"].key
    assert isinstance(key, SecretStr)
    assert key.get_secret_value() == "CANARYd"
