"""docs/configuration.md: its hand-written parts are true, its examples are accepted."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from app.configured import Configured
from app.options import Options
from proxy.bus import Bus
from proxy.providers.presets import load_presets
from store.retention import prune_daily
from store.settings import Settings
from store.settings_environment import NOT_SETTINGS
from store.settings_load import load
from store.units import byte_size, seconds
from tests.docs.configuration_parts import AFTER_A_RESTART, OTHER_VALUES, models, toml
from tests.docs.tables import page, rows, section

_PAGE = page("configuration.md")
_BASE: dict[str, dict[str, Any]] = {
    "server": {"api_keys": ["sk-client-of-the-page"], "admin_token": "token-of-the-page"},
    "providers.groq": {"api_key": "gsk-of-the-page"},
    "providers.cerebras": {},
    "providers.ollama-cloud": {"api_key": "key-of-the-page"},
    "chains.free": {"entries": ["groq/a"]},
    "chains.small": {"entries": ["groq/b"]},
}


def _write(folder: Path, values: dict[str, object]) -> Path:
    """A config of `_BASE` and these, by dotted key."""
    tables = {name: dict(table) for name, table in _BASE.items()}
    for key, value in values.items():
        name, _, last = key.rpartition(".")
        tables.setdefault(name, {})[last] = value
    text = "\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {toml(value)}" for key, value in table.items())])
        for name, table in tables.items()
    )
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_every_table_of_the_file_has_a_section() -> None:
    def below(model: type[BaseModel]) -> set[type[BaseModel]]:
        found = {model}
        for field in model.model_fields.values():
            kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
            for kind in kinds:
                if inspect.isclass(kind) and issubclass(kind, BaseModel):
                    found |= below(kind)
        return found

    assert below(Settings) - {Settings} == models()


async def test_the_other_values_are_accepted_and_three_want_a_restart(tmp_path: Path) -> None:
    values = dict(OTHER_VALUES)
    (tmp_path / "client").write_text("sk-second-client-of-the-page")
    values["server.api_keys"] = ["env:CHAIN429_API_KEY", f"file:{tmp_path / 'client'}"]
    environ = {"CHAIN429_API_KEY": "sk-first-client-of-the-page"}
    path = _write(tmp_path, {})
    started = load(path, presets=load_presets(), environ=environ)
    configured = Configured(
        started,
        presets=load_presets(),
        options=Options(),
        bus=Bus(),
        apply=lambda fresh: None,
        environ=environ,
    )

    _write(tmp_path, values)
    await configured.reload()

    assert configured.error is None
    assert set(configured.restart_needed) == AFTER_A_RESTART
    defaults = Settings().model_dump()
    for key in OTHER_VALUES:
        table, _, name = key.partition(".")
        assert configured.loaded.settings.model_dump()[table][name] != defaults[table][name], key


def test_the_clean_up_of_the_log_comes_within_an_hour() -> None:
    assert inspect.signature(prune_daily).parameters["every"].default == 3600.0


_VARIABLES = [
    row[0].strip("`").partition("=")
    for row in rows(section(_PAGE, "From the environment"))
    if "=" in row[0]
]


@pytest.mark.parametrize(
    "variable,value", [(name, value) for name, _, value in _VARIABLES], ids=lambda text: text[:40]
)
def test_a_variable_sets_what_the_page_says(variable: str, value: str, tmp_path: Path) -> None:
    loaded = load(_write(tmp_path, {}), presets=load_presets(), environ={variable: value})

    assert variable in loaded.origins.values()
    assert [str(warning) for warning in loaded.warnings if variable in str(warning)] == []


def test_what_is_no_setting_is_listed() -> None:
    told = {row[0].strip("`") for row in rows(section(_PAGE, "From the environment"))}

    assert {name for name in told if "=" not in name} == NOT_SETTINGS


def test_the_warning_about_the_files_mode_is_quoted(tmp_path: Path) -> None:
    path = _write(tmp_path, {})
    path.chmod(0o644)

    (warning,) = (
        str(one)
        for one in load(path, presets=load_presets(), environ={"CEREBRAS_API_KEY": "k"}).warnings
        if "chmod" in str(one)
    )

    assert f"`{warning.replace(str(path), 'config.toml')}`" in _PAGE.replace("\n", " ")


def test_durations_and_sizes_are_written_so() -> None:
    kinds = {row[0]: row[1] for row in rows(section(_PAGE, "How values are written"))}

    lengths = [seconds(text) for text in re.findall(r'"(\d+\w+)"', kinds["duration"])]
    sizes = [byte_size(text) for text in re.findall(r'"(\d+\w+)"', kinds["size"])]

    assert lengths == [0.5, 5, 600, 3600, 7 * 86_400]
    assert sizes == [20 * 2**20, 512 * 2**10, 20_000_000]
