"""A config file with its environment and flags becomes a configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from proxy.model import Client, Configuration, Timeouts
from store.problems import ConfigError, Problem
from store.settings_load import load, load_table
from tests.store.configs import PRESETS, SMALL, load_text, write


def key_of(configuration: Configuration, provider: str) -> str | None:
    key = configuration.providers[provider].key
    return None if key is None else key.get_secret_value()


def test_the_smallest_file_gets_every_default(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, SMALL)
    configuration = loaded.configuration
    assert loaded.settings.server.port == 4290
    assert loaded.settings.server.admin_port == 4291
    assert configuration.max_body == 20 * 1024 * 1024
    assert configuration.routing.max_wait == 60
    assert configuration.routing.request_timeout == 540
    groq = configuration.providers["groq"]
    assert groq.origin == "https://api.groq.com:443"
    assert groq.timeouts == Timeouts(5, 30, 300, 180, 3600)
    assert [entry.name for entry in configuration.chains["free"].entries] == ["groq/a"]
    assert configuration.clients[0].name == "default"
    assert configuration.clients[0].keys == (SecretStr("client-key"),)
    assert not loaded.warnings


FULL = """\
[server]
host = "0.0.0.0"
admin_token = "token"
api_keys = ["one", "two"]
max_body = "1MiB"
cors_origins = ["https://app.example.com"]
[routing]
default_chain = "fast"
unknown_model = "reject"
direct = "any"
max_wait = "0s"
max_queue = 7
[timeouts]
connect = "500ms"
first_token = "10m"
request = "1h"
[log]
bodies = "memory"
[providers.groq]
limits = { rpm = 20, concurrent = 2 }
[providers.groq.models."openai/gpt"]
context_window = 1000
vision = true
limits.tpd = 5
[providers.groq.models."*"]
max_output = 10
[providers.groq.models.listed]
enabled = false
[providers.ollama]
[providers.lab]
base_url = "http://10.0.0.5:8000/v1/"
headers = { "x-team" = "env:TEAM" }
timeouts = { first_token = "90s" }
[chains.fast]
entries = ["groq/openai/gpt", "lab/x"]
models = ["gpt-*"]
max_wait = "10m"
[chains.home]
entries = ["ollama/a:b", "lab/x"]
local_only = true
[clients.journal]
key = "env:JOURNAL_KEY"
chains = ["home", "fast"]
"""


def test_every_table_reaches_the_configuration(tmp_path: Path) -> None:
    environ = {"GROQ_KEY": "g", "TEAM": "the team", "JOURNAL_KEY": "j"}
    loaded = load_text(tmp_path, FULL, environ)
    configuration = loaded.configuration
    routing = configuration.routing
    assert (routing.default_chain, routing.unknown_model, routing.direct) == (
        "fast",
        "reject",
        "any",
    )
    assert (routing.max_wait, routing.max_queue, routing.request_timeout) == (0, 7, 3600)
    assert configuration.keep_bodies
    assert configuration.max_body == 1024 * 1024
    assert configuration.cors_origins == ("https://app.example.com",)

    assert key_of(configuration, "groq") == "g"
    assert loaded.secrets["providers", "groq", "api_key"].source == "env:GROQ_KEY"
    lab = configuration.providers["lab"]
    assert lab.base_url == "http://10.0.0.5:8000/v1"
    assert lab.headers == {"x-team": SecretStr("the team")}
    assert lab.timeouts.first_token == 90
    assert lab.timeouts.connect == 0.5
    # A preset's longer timeout holds, unless [timeouts] is longer still.
    assert configuration.providers["ollama"].timeouts.first_token == 600

    assert list(configuration.entries) == [
        "groq/openai/gpt",
        "lab/x",
        "ollama/a:b",
        "groq/listed",
    ]
    gpt = configuration.entries["groq/openai/gpt"]
    assert (gpt.context_window, gpt.max_output, gpt.vision, gpt.tools) == (1000, 10, True, None)
    assert {limit.word: limit.size for limit in gpt.limits} == {
        "rpm": 20,
        "concurrent": 2,
        "tpd": 5,
    }
    assert not configuration.entries["groq/listed"].enabled
    fast, home = configuration.chains["fast"], configuration.chains["home"]
    assert fast.entries[1] is home.entries[1]
    assert (fast.models, fast.max_wait, home.local_only) == (("gpt-*",), 600, True)

    default, journal = configuration.clients
    assert [key.get_secret_value() for key in default.keys] == ["one", "two"]
    assert (journal.chain, journal.chains) == ("home", frozenset({"home", "fast"}))


def test_accounts_are_origin_and_key(tmp_path: Path) -> None:
    text = """\
[server]
api_keys = ["k"]
[providers.a]
base_url = "http://127.0.0.1:8000/v1"
api_key = "same"
[providers.b]
base_url = "HTTP://127.0.0.1:8000/other"
api_key = "env:KEY"
[providers.c]
base_url = "http://127.0.0.1:8000/v1"
api_key = "different"
[providers.d]
base_url = "http://127.0.0.1:8001/v1"
api_key = "same"
"""
    providers = load_text(tmp_path, text, {"KEY": "same"}).configuration.providers
    accounts = {name: provider.account for name, provider in providers.items()}
    assert accounts["a"] == accounts["b"]
    assert len(set(accounts.values())) == 3
    assert not any("same" in account for account in accounts.values())


def test_flags_beat_environment_beats_file_beats_defaults(tmp_path: Path) -> None:
    text = SMALL.replace("[server]", '[server]\nport = 1111\nadmin_port = 1112\nhost = "::1"')
    environ = {"CHAIN429_SERVER__PORT": "2221", "CHAIN429_SERVER__ADMIN_PORT": "2222"}
    loaded = load_text(tmp_path, text, environ, {"server.port": 3331})
    server = loaded.settings.server
    assert (server.host, server.port, server.admin_port) == ("::1", 3331, 2222)
    assert loaded.settings.server.max_body == 20 * 1024 * 1024
    assert loaded.origins == {
        "server.port": "--port",
        "server.admin_port": "CHAIN429_SERVER__ADMIN_PORT",
    }


IDS = """\
[server]
api_keys = ["k"]
[providers.ollama-cloud]
[providers.my_lab]
base_url = "http://127.0.0.1:8000"
[providers.my__odd-lab]
base_url = "http://127.0.0.1:8001"
[providers.groq.models."llama-3.3-70b"]
"""


def shown(value: Any) -> object:
    """A setting without the wrapping of secrets."""
    if isinstance(value, list):
        return [shown(one) for one in cast("list[object]", value)]
    return value.get_secret_value() if isinstance(value, SecretStr) else value


@pytest.mark.parametrize(
    "variable, text, dotted, value",
    [
        ("SERVER__HOST", "localhost", "server.host", "localhost"),
        ("SERVER__MAX_BODY", "2MiB", "server.max_body", 2 * 1024**2),
        ("SERVER__API_KEYS", '["a", "b"]', "server.api_keys", ["a", "b"]),
        ("SERVER__API_KEYS", "a, b", "server.api_keys", ["a", "b"]),
        ("ROUTING__MAX_WAIT", "5m", "routing.max_wait", 300),
        ("ROUTING__UNKNOWN_MODEL", "reject", "routing.unknown_model", "reject"),
        ("UI__MOTION", "False", "ui.motion", False),
        ("UI__KEYS", '{"quit": "x"}', "ui.keys", {"quit": "x"}),
        ("LOG__RETAIN_DAYS", "7", "log.retain_days", 7),
        ("PROVIDERS__OLLAMA_CLOUD__API_KEY", "k", "providers.ollama-cloud.api_key", "k"),
        ("PROVIDERS__MY_LAB__ENABLED", "0", "providers.my_lab.enabled", False),
        ("PROVIDERS__MY__ODD_LAB__ENABLED", "no", "providers.my__odd-lab.enabled", False),
        ("PROVIDERS__GROQ__API_KEY", "[not-json", "providers.groq.api_key", "[not-json"),
        ("PROVIDERS__GROQ__LIMITS__RPM", "5", "providers.groq.limits.rpm", 5),
        (
            "PROVIDERS__GROQ__MODELS__LLAMA_3_3_70B__MAX_OUTPUT",
            "9",
            "providers.groq.models.llama-3=3-70b.max_output",
            9,
        ),
        ("CHAINS__NIGHT__ENTRIES", '["groq/a"]', "chains.night.entries", ["groq/a"]),
        ("CLIENTS__X__KEY", "secret", "clients.x.key", "secret"),
        ("SAVINGS", '{"reference": "a/b"}', "savings.reference", "a/b"),
    ],
)
def test_environment(tmp_path: Path, variable: str, text: str, dotted: str, value: object) -> None:
    environ = {f"CHAIN429_{variable}": text, "CHAIN429_ROUTING__DEFAULT_CHAIN": "night"}
    loaded = load_text(tmp_path, IDS, environ)
    found: object = loaded.settings
    for part in dotted.split("."):
        name = part.replace("=", ".")
        table = isinstance(found, dict)
        found = cast("dict[str, Any]", found if table else vars(found))[name]
    assert shown(found) == value
    assert f"CHAIN429_{variable}" in loaded.origins.values()


def test_a_key_in_the_environment_makes_the_provider(tmp_path: Path) -> None:
    text = SMALL.replace('[providers.groq]\napi_key = "groq-key"\n', "")
    loaded = load_text(tmp_path, text, {"CHAIN429_PROVIDERS__GROQ__API_KEY": "from-env"})
    assert key_of(loaded.configuration, "groq") == "from-env"
    source = loaded.secrets["providers", "groq", "api_key"].source
    assert source == "env:CHAIN429_PROVIDERS__GROQ__API_KEY"


@pytest.mark.parametrize(
    "variable, hint",
    [
        ("CHAIN429_SERVER__PROT", 'did you mean "CHAIN429_SERVER__PORT"?'),
        ("CHAIN429_PORT", 'did you mean "CHAIN429_SERVER__PORT"?'),
        ("CHAIN429_PROVIDERS__GROQ__APIKEY", 'did you mean "CHAIN429_PROVIDERS__GROQ__API_KEY"?'),
        ("CHAIN429_PROVIDERS__GORQ__API_KEY", 'did you mean "groq"?'),
        ("CHAIN429_SERVER__PORT__X", 'did you mean "CHAIN429_SERVER__PORT"?'),
    ],
)
def test_an_unknown_variable_is_a_warning(tmp_path: Path, variable: str, hint: str) -> None:
    (warning,) = load_text(tmp_path, SMALL, {variable: "1"}).warnings
    assert warning.file == variable
    assert warning.hint == hint


def test_variables_that_are_no_settings(tmp_path: Path) -> None:
    names = ("CONFIG", "DATA_DIR", "URL", "ADMIN_TOKEN", "API_KEY")
    environ = {f"CHAIN429_{name}": "x" for name in names}
    loaded = load_text(tmp_path, SMALL, environ | {"OTHER": "x"})
    assert not loaded.warnings
    assert not loaded.origins


def test_dotenv_serves_references_only_and_the_environment_wins(tmp_path: Path) -> None:
    text = SMALL.replace('"groq-key"', '"env:MY_KEY"')
    (tmp_path / ".env").write_text("MY_KEY=dotenv\nCHAIN429_SERVER__PORT=1234\n")
    assert key_of(load_text(tmp_path, text).configuration, "groq") == "dotenv"
    loaded = load_text(tmp_path, text, {"MY_KEY": "real"})
    assert key_of(loaded.configuration, "groq") == "real"
    assert loaded.settings.server.port == 4290


def test_what_is_watched_and_what_changes_the_digest(tmp_path: Path) -> None:
    text = SMALL.replace('"groq-key"', '"file:secret"')
    (tmp_path / "secret").write_text("one")
    first = load_text(tmp_path, text)
    assert first.watched == (
        tmp_path / "config.toml",
        tmp_path / ".env",
        tmp_path / "secret",
    )
    again = load_text(tmp_path, text)
    assert again.digest == first.digest
    (tmp_path / "secret").write_text("two")
    second = load_text(tmp_path, text)
    assert second.digest != first.digest
    assert second.configuration.providers["groq"].account != (
        first.configuration.providers["groq"].account
    )


@pytest.mark.parametrize(
    "written, environ, warning",
    [
        ('api_key = "env:NOPE"', {}, "4: groq has no key and is skipped: variable NOPE is not set"),
        ("", {}, "3: groq has no key and is skipped: no key (GROQ_API_KEY or GROQ_KEY is not set)"),
        (
            'api_key = ""',
            {"GROQ_API_KEY": "x"},
            "4: groq has no key and is skipped: api_key is empty",
        ),
        (
            'api_key = "file:nope"',
            {},
            "4: groq has no key and is skipped: file nope cannot be read",
        ),
    ],
)
def test_a_provider_without_a_key_stays_listed(
    tmp_path: Path, written: str, environ: Mapping[str, str], warning: str
) -> None:
    text = f'[server]\napi_keys = ["k"]\n[providers.groq]\n{written}\n'
    loaded = load_text(tmp_path, text, environ)
    assert loaded.configuration.providers["groq"].lacks_key
    assert str(loaded.warnings[0]).startswith(f"{tmp_path}/config.toml:{warning}")


def test_a_preset_brings_its_headers(tmp_path: Path) -> None:
    text = '[server]\napi_keys = ["k"]\n[providers.ollama-cloud]\napi_key = "x"\n'
    provider = load_text(tmp_path, text).configuration.providers["ollama-cloud"]
    assert provider.headers == {"x-title": SecretStr("429chain")}
    own = text + 'headers = { "X-Title" = "mine" }\n'
    provider = load_text(tmp_path, own).configuration.providers["ollama-cloud"]
    assert provider.headers == {"X-Title": SecretStr("mine")}


def test_no_chain_at_all_is_valid(tmp_path: Path) -> None:
    assert not load_text(tmp_path, '[server]\napi_keys = ["k"]\n').configuration.chains


def test_a_readable_file_with_keys_is_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    path.chmod(0o644)
    (warning,) = load(path, presets=PRESETS, environ={}).warnings
    assert warning.hint == f"chmod 600 {path}"
    references = SMALL.replace('"client-key"', '"env:A"').replace('"groq-key"', '"env:A2"')
    path.write_text(references)
    assert not load(path, presets=PRESETS, environ={"A": "1", "A2": "2"}).warnings


def test_a_table_in_the_shape_of_the_file() -> None:
    table: dict[str, Any] = {
        "server": {"api_keys": ["sk-429chain-demo"]},
        "providers": {"groq": {"base_url": "http://127.0.0.1:5000/v1", "api_key": "x"}},
        "chains": {"free": {"entries": ["groq/a"]}},
    }
    before = json.dumps(table)
    loaded = load_table(
        table, name="demo", presets=PRESETS, environ={}, overrides={"server.port": 9}
    )
    assert loaded.path is None
    assert loaded.watched == ()
    assert loaded.settings.server.port == 9
    assert json.dumps(table) == before
    table["chains"]["free"]["entries"] = ["nope/a"]
    with pytest.raises(ConfigError, match=r'^demo: "nope/a": no provider'):
        load_table(table, name="demo", presets=PRESETS, environ={})


def test_no_file_at_all_is_the_environment_alone() -> None:
    environ = {
        "CHAIN429_SERVER__API_KEYS": '["k"]',
        "CHAIN429_PROVIDERS__GROQ__API_KEY": "x",
        "CHAIN429_CHAINS__FREE__ENTRIES": '["groq/a"]',
    }
    loaded = load(None, presets=PRESETS, environ=environ)
    assert [entry.name for entry in loaded.configuration.chains["free"].entries] == ["groq/a"]


def odd_values() -> st.SearchStrategy[object]:
    """What may stand where a setting is expected, in every shape that TOML has."""
    words = ["", "5s", "env:A", "env:", "file:", "groq/a", "groq/", "http://x", "gpt-*", "1MiB"]
    scalars = st.one_of(
        st.sampled_from([0, -1, 70000, True, 1.5, float("inf"), *words]), st.text(max_size=4)
    )
    names = st.sampled_from(["groq", "a", "A", "*", "entries", "rpm", "key", "limits", "", "a.b"])
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=4,
    )


KNOWN = {
    "server": ["host", "port", "api_keys", "admin_token", "cors_origins", "max_body"],
    "routing": ["default_chain", "unknown_model", "max_wait"],
    "providers": ["groq", "lab", "cloudflare"],
    "chains": ["free", "x"],
    "clients": ["x", "default"],
}
INNER = {
    "providers": ["preset", "base_url", "api_key", "headers", "limits", "timeouts", "models"],
    "chains": ["entries", "models", "max_wait", "local_only"],
    "clients": ["key", "chain", "chains"],
}


@st.composite
def odd_tables(draw: st.DrawFn) -> dict[str, object]:
    def rows(names: list[str], inner: list[str] | None) -> object:
        if not draw(st.integers(0, 9)):
            return draw(odd_values())
        chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
        return {name: rows(inner, None) if inner else draw(odd_values()) for name in chosen}

    return {top: rows(names, INNER.get(top)) for top, names in KNOWN.items()}


@settings(max_examples=150, deadline=None)
@given(odd_tables())
def test_any_table_is_taken_or_told_about(table: dict[str, object]) -> None:
    problems: tuple[Problem, ...] = ()
    clients: tuple[Client, ...] = ()
    try:
        loaded = load_table(table, name="odd", presets=PRESETS, environ={"A": "value"})
        clients = loaded.configuration.clients
    except ConfigError as error:
        problems = error.problems
    assert bool(clients) != bool(problems)
    assert all(problem.message and problem.file == "odd" for problem in problems)
