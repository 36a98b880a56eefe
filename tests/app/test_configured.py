"""The configuration in force: edits, bad edits, no edits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.configured import Configured, secrets_of
from app.options import Options
from app.tasks import supervised
from proxy.bus import Bus, Feed
from proxy.events import ConfigChanged
from store.settings_load import Loaded, load
from tests.store.configs import PRESETS, SMALL, write
from tests.upstreams.waiting import until


@dataclass
class Made:
    """A `Configured` on a file, and what came of it."""

    folder: Path
    configured: Configured
    feed: Feed
    applied: list[Loaded] = field(default_factory=list[Loaded])

    def told(self) -> list[ConfigChanged]:
        return [event for event in self.feed.take() if isinstance(event, ConfigChanged)]


def make(folder: Path, text: str = SMALL, options: Options | None = None) -> Iterator[Made]:
    options = options or Options()
    path = write(folder, text)
    loaded = load(path, presets=PRESETS, environ={}, overrides=options.overrides())
    bus = Bus()
    applied: list[Loaded] = []
    configured = Configured(loaded, presets=PRESETS, options=options, bus=bus, apply=applied.append)
    with bus.subscribe(ConfigChanged, size=10) as feed:
        yield Made(folder, configured, feed, applied)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    yield from make(tmp_path)


async def test_what_did_not_change_is_not_applied(made: Made):
    await made.configured.reload()
    assert (made.applied, made.told(), made.configured.error) == ([], [], None)


async def test_an_edit_is_applied_and_told(made: Made):
    write(made.folder, SMALL.replace("groq/a", "groq/b"))
    await made.configured.reload()
    assert [list(one.configuration.entries) for one in made.applied] == [["groq/b"]]
    assert made.configured.loaded is made.applied[0]
    assert made.told() == [ConfigChanged(1, None)]
    assert made.configured.loaded.configuration.version == 1


async def test_a_bad_edit_is_told_once_and_changes_nothing(made: Made):
    before = made.configured.loaded
    write(made.folder, SMALL + "\n[chains.free]\n")
    await made.configured.reload()
    await made.configured.reload()
    assert made.configured.loaded is before
    assert made.applied == []
    (event,) = made.told()
    assert event.version == 0
    assert event.error == made.configured.error
    assert made.configured.error is not None
    assert f"{made.folder}/config.toml:" in made.configured.error


async def test_back_to_what_it_was_clears_the_error(made: Made):
    write(made.folder, "[server")
    await made.configured.reload()
    write(made.folder, SMALL)
    await made.configured.reload()
    assert made.configured.error is None
    assert len(made.applied) == 1
    assert [event.error is None for event in made.told()] == [False, True]


async def test_a_secret_that_an_edit_waits_for_makes_it_live(made: Made):
    async with supervised("watch", made.configured.watch):
        write(made.folder, SMALL.replace("[server]", '[server]\nadmin_token = "file:token"'))
        await until(lambda: made.configured.error is not None)
        assert "file token cannot be read" in (made.configured.error or "")
        (made.folder / "token").write_text("admin-token-0123456789\n")
        await until(lambda: made.applied)
    assert made.configured.error is None
    found = made.applied[0].secrets["server", "admin_token"].value
    assert found is not None
    assert found.get_secret_value() == "admin-token-0123456789"


async def test_a_file_that_changes_while_it_is_read_is_read_again(
    made: Made, monkeypatch: pytest.MonkeyPatch
):
    token = made.folder / "token"
    token.write_text("first-token-0123456789")
    read = made.configured._load  # pyright: ignore[reportPrivateUsage]

    def slow(path: Path, version: int) -> Loaded:
        loaded = read(path, version)
        token.write_text("second-token-0123456789")
        return loaded

    monkeypatch.setattr(made.configured, "_load", slow)
    write(made.folder, SMALL.replace("[server]", '[server]\nadmin_token = "file:token"'))
    await made.configured.reload()
    found = made.configured.loaded.secrets["server", "admin_token"].value
    assert found is not None
    assert found.get_secret_value() == "second-token-0123456789"


async def test_what_cannot_be_applied_is_not_in_force(tmp_path: Path):
    def fail(loaded: Loaded) -> None:
        raise RuntimeError("a bug")

    path = write(tmp_path, SMALL)
    loaded = load(path, presets=PRESETS, environ={})
    configured = Configured(loaded, presets=PRESETS, options=Options(), bus=Bus(), apply=fail)
    write(tmp_path, SMALL + "\n[ui]\nmouse = false\n")
    with pytest.raises(RuntimeError):
        await configured.reload()
    assert configured.loaded is loaded


async def test_an_edit_made_while_it_started_is_seen(made: Made):
    write(made.folder, SMALL.replace("groq/a", "groq/b"))
    async with supervised("watch", made.configured.watch):
        await until(lambda: made.applied)


async def test_it_reloads_when_asked(made: Made):
    wanted = asyncio.Event()
    async with supervised("reload", lambda: made.configured.reload_whenever(wanted)):
        write(made.folder, SMALL.replace("groq/a", "groq/b"))
        wanted.set()
        await until(lambda: made.applied)
    assert not wanted.is_set()


async def test_what_a_running_process_cannot_change_needs_a_restart(tmp_path: Path):
    for made in make(tmp_path, options=Options(port=4300)):
        write(tmp_path, SMALL.replace("[server]", "[server]\nport = 4400\nadmin_port = 4401"))
        await made.configured.reload()
        # The flag stands above the file's port.
        assert made.configured.restart_needed == ("server.admin_port",)
        write(tmp_path, SMALL)
        await made.configured.reload()
        assert made.configured.restart_needed == ()


def test_every_secret_is_known(tmp_path: Path):
    text = """\
[server]
api_keys = ["client-key-1"]
admin_token = "admin-token-1"
[clients.journal]
key = "journal-key-1"
[providers.groq]
api_key = "groq-key-1"
headers = { "x-team" = "header-secret-1" }
[providers.ollama-cloud]
api_key = "env:NOT_SET"
"""
    loaded = load(write(tmp_path, text), presets=PRESETS, environ={})
    assert set(secrets_of(loaded)) >= {
        "client-key-1",
        "admin-token-1",
        "journal-key-1",
        "groq-key-1",
        "header-secret-1",
    }
