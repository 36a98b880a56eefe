"""`429chain init` against real model lists on loopback."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from app import model_list
from app.init import init
from app.model_list import NoModelList, list_models, list_session
from proxy.model import Preset
from proxy.providers.presets import load_presets
from store.problems import ConfigError
from store.settings_load import load, load_table


@dataclass
class Lists:
    """Model lists by the first part of a path; `asked` holds (path, headers) of each request."""

    answers: dict[str, tuple[int, object]] = field(default_factory=dict[str, tuple[int, object]])
    asked: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    port: int = 0

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked[name] = {key.lower(): value for key, value in request.headers.items()}
        if name == "silent":
            await asyncio.Event().wait()
        status, answer = self.answers[name]
        if isinstance(answer, str):
            return web.Response(status=status, text=answer)
        return web.json_response(answer, status=status)


@asynccontextmanager
async def model_lists(**answers: tuple[int, object]) -> AsyncGenerator[Lists]:
    lists = Lists(dict(answers))
    app = web.Application()
    app.router.add_get("/{name}/models", lists.serve)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        lists.port = runner.addresses[0][1]
        yield lists
    finally:
        await runner.cleanup()


def listing(*ids: str) -> tuple[int, object]:
    return 200, {"object": "list", "data": [{"id": one} for one in ids]}


def presets_on(lists: Lists, **suggest: tuple[str, ...]) -> dict[str, Preset]:
    return {
        name: Preset(
            id=name,
            title=name.title(),
            base_url=lists.url(name),
            key_env=(f"{name.upper()}_API_KEY",),
            key_page=f"https://{name}.example/keys",
            suggest=patterns,
        )
        for name, patterns in suggest.items()
    }


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_list, "PATIENCE", model_list.aiohttp.ClientTimeout(total=0.2))


async def test_a_config_from_the_keys_at_hand(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    async with model_lists(
        groq=listing("whisper", "qwen-a", "qwen-b", "qwen-c", "llama"),
        gemini=listing("models/gemini-2-flash", "models/embedding"),
        openai=listing("gpt"),
    ) as lists:
        presets = presets_on(
            lists, groq=("llama", "qwen*"), other=("x",), gemini=("gemini-*",), openai=()
        )
        environ = {
            "GROQ_API_KEY": "CANARY-groq",
            "GEMINI_API_KEY": "CANARY-gemini",
            "OPENAI_API_KEY": "CANARY-openai",
        }
        result = await init(path, environ=environ, presets=presets)
    assert lists.asked["groq"]["authorization"] == "Bearer CANARY-groq"
    assert lists.asked["groq"]["user-agent"] == "429chain"
    assert result.entries == ("groq/llama", "gemini/gemini-2-flash", "groq/qwen-a", "groq/qwen-b")

    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "CANARY" not in text
    assert "CANARY" not in "\n".join(result.lines())
    loaded = load(path, presets=presets, environ=environ)
    assert not loaded.warnings
    assert list(loaded.configuration.providers) == ["groq", "gemini", "openai"]
    free = loaded.configuration.chains["free"]
    assert tuple(entry.name for entry in free.entries) == result.entries
    (key,) = loaded.settings.server.api_keys
    assert key.get_secret_value().startswith("sk-429chain-")
    token = loaded.settings.server.admin_token
    assert token is not None
    assert len(token.get_secret_value()) >= 32
    for secret in (key, token):
        assert secret.get_secret_value() in text
        assert secret.get_secret_value() not in "\n".join(result.lines())
    assert str(path) in result.lines()[0]


async def test_two_configs_share_no_key(tmp_path: Path) -> None:
    keys: set[str] = set()
    for name in ("a.toml", "b.toml"):
        await init(tmp_path / name, environ={}, presets={})
        keys.update(re.findall(r'"([\w-]{30,})"', (tmp_path / name).read_text()))
    assert len(keys) == 4


async def test_without_a_list_the_plain_ids_count(tmp_path: Path, short_patience: None) -> None:
    path = tmp_path / "config.toml"
    async with model_lists(
        refused=(401, {"error": "CANARY is no key"}),
        broken=(200, "<html>"),
        down=(503, "x"),
        gone=(302, "x"),
    ) as lists:
        suggest = ("plain", "wild-*")
        names = ("refused", "broken", "down", "gone", "silent")
        presets = presets_on(lists, **dict.fromkeys(names, suggest))
        presets |= presets_on(Lists(port=1), off=suggest)
        environ = {f"{name.upper()}_API_KEY": "CANARY" for name in presets}
        result = await init(path, environ=environ, presets=presets)
    assert {one.preset.id: one.note for one in result.providers} == {
        "refused": "key refused (401)",
        "broken": "its model list is no JSON",
        "down": "answered 503 Service Unavailable",
        "gone": "answered 302 Found",
        "silent": "no answer within 5 s",
        "off": "unreachable (ClientConnectorError)",
    }
    assert set(result.entries) == {f"{name}/plain" for name in (*names, "off")}
    assert "CANARY" not in path.read_text() + "\n".join(result.lines())
    assert load(path, presets=presets, environ=environ).configuration.chains["free"]


async def test_without_any_key_the_file_is_valid_and_shows_examples(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    presets = load_presets()
    result = await init(path, environ={}, presets=presets)
    assert result.providers == ()
    loaded = load(path, presets=presets, environ={})
    assert not loaded.configuration.chains
    assert not loaded.configuration.providers
    text = path.read_text()
    assert '# [providers.groq]\n# api_key = "env:GROQ_API_KEY"' in text
    assert "# [chains.free]" in text
    # The examples are right once the hash marks are gone.
    path.write_text(re.sub(r"(?m)^# (?=[\[\]}]|api_key|entries|  \")", "", text))
    uncommented = load(path, presets=presets, environ={"GROQ_API_KEY": "x"}).configuration
    assert [entry.provider.id for entry in uncommented.chains["free"].entries] == ["groq"]


async def test_a_key_in_dotenv_counts(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GROQ_API_KEY=from-dotenv\n")
    async with model_lists(groq=listing("llama")) as lists:
        presets = presets_on(lists, groq=("llama",))
        result = await init(tmp_path / "config.toml", environ={}, presets=presets)
    assert lists.asked["groq"]["authorization"] == "Bearer from-dotenv"
    assert result.entries == ("groq/llama",)


async def test_an_address_with_a_gap(tmp_path: Path) -> None:
    async with model_lists(mine=listing("m")) as lists:
        preset = Preset(
            id="cloud-flare",
            title="C",
            base_url=f"http://127.0.0.1:{lists.port}/{{account_id}}",
            key_env=("TOKEN",),
            suggest=("m",),
        )
        presets = {preset.id: preset}
        path = tmp_path / "config.toml"
        without = await init(path, environ={"TOKEN": "x"}, presets=presets)
        assert without.entries == ()
        assert not load(path, presets=presets, environ={"TOKEN": "x"}).configuration.providers
        assert '# base_url = "http' in path.read_text()
        environ = {"TOKEN": "x", "CLOUD_FLARE_ACCOUNT_ID": "mine"}
        filled = await init(path, environ=environ, presets=presets, force=True)
    assert filled.entries == ("cloud-flare/m",)
    provider = load(path, presets=presets, environ=environ).configuration.providers["cloud-flare"]
    assert provider.base_url == lists.url("mine")


async def test_it_never_overwrites_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    with pytest.raises(ConfigError) as caught:
        await init(path, environ={}, presets={})
    assert str(caught.value) == f"{path}: exists already (429chain init --force overwrites it)"
    assert path.read_text() == "mine"
    await init(path, environ={}, presets={}, force=True)
    assert "sk-429chain-" in path.read_text()


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written: not a directory"):
        await init(tmp_path / "file" / "config.toml", environ={}, presets={})


@pytest.mark.parametrize(
    "answer, ids",
    [
        ({"data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}, ("a", "b")),
        ([{"id": "a"}, {"name": "b"}], ("a", "b")),
        ({"models": [{"name": "models/a"}]}, ("a",)),
        ({"result": [{"id": "uuid", "name": "@cf/x/y"}]}, ("@cf/x/y",)),
        ({"data": ["a", 5, None, {"id": ""}, {"id": 7}, {"id": "x\x1b[2J"}, {}]}, ("a",)),
        ({"data": []}, ()),
        ({"data": None}, None),
        ({"error": "no"}, None),
        ("text", None),
    ],
)
async def test_shapes_of_model_lists(answer: object, ids: tuple[str, ...] | None) -> None:
    table: dict[str, dict[str, object]] = {"server": {"api_keys": ["k"]}, "providers": {"p": {}}}
    async with model_lists(p=(200, answer)) as lists, list_session() as session:
        preset = Preset(id="p", title="P", base_url=lists.url("p"), needs_key=False)
        loaded = load_table(table, name="test", presets={"p": preset}, environ={})
        provider = loaded.configuration.providers["p"]
        if ids is None:
            with pytest.raises(NoModelList, match=r"no model list|no JSON"):
                await list_models(session, provider)
        else:
            assert await list_models(session, provider) == ids
    assert "authorization" not in lists.asked["p"]
