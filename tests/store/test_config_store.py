"""The config file as interfaces change it: whose edit wins, what is undone, what a disk refuses."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from store import settings_load
from store.config_edit import ConfigEdit, NotInFile
from store.config_file import ConfigText, read_config, write_config
from store.config_store import (
    UNDOABLE,
    ConfigMoved,
    ConfigStore,
    NothingToUndo,
    SetElsewhere,
)
from store.problems import ConfigError, Problem
from tests.store.configs import PRESETS, SMALL, write

TEXT = """\
[server]
port = 1   # mine

[providers.groq]
api_key = "k"

[providers.lab]
limits.rpm = 3

[chains.free]
entries = ["groq/a"]
"""


def no_origins(config: ConfigText) -> Mapping[str, str]:
    """A validation that takes everything but a port of 666."""
    if config.table.get("server", {}).get("port") == 666:
        raise ConfigError([Problem(str(config.path), config.lines.at(("server", "port")), "evil")])
    return {}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    write_config(path, TEXT)
    return path


def port(number: int) -> Callable[[ConfigEdit], None]:
    return lambda edit: edit.set_value("server.port", number)


async def test_an_edit_is_on_disk_when_it_is_told(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    new = await store.apply(port(2), expected=read_config(path).digest)
    assert path.read_text() == TEXT.replace("port = 1", "port = 2")
    assert new.digest == read_config(path).digest
    assert new.table["server"]["port"] == 2
    assert new.lines.at(("server", "port")) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.undoable == 1
    assert not store.written_in_place


async def test_an_edit_that_changes_nothing_is_not_written(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    before = path.stat().st_ino
    assert (await store.apply(port(1), expected=None)).text == TEXT
    assert path.stat().st_ino == before
    assert store.undoable == 0


async def test_an_edit_that_was_not_read_is_not_overwritten(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    read = read_config(path).digest
    path.write_text(TEXT + "# by hand\n")
    with pytest.raises(ConfigMoved) as caught:
        await store.apply(port(2), expected=read)
    assert path.read_text() == TEXT + "# by hand\n"
    assert caught.value.digest == read_config(path).digest
    await store.apply(port(2), expected=caught.value.digest)
    assert path.read_text().endswith("# by hand\n")


async def test_an_edit_by_hand_while_ours_is_validated_is_not_overwritten(path: Path) -> None:
    def slow(config: ConfigText) -> Mapping[str, str]:
        path.write_text(TEXT + "# meanwhile\n")
        return {}

    with pytest.raises(ConfigMoved):
        await ConfigStore(path, slow).apply(port(2), expected=None)
    assert path.read_text() == TEXT + "# meanwhile\n"


def remove_what_is_not_there(edit: ConfigEdit) -> None:
    edit.remove_chain("absent")


@pytest.mark.parametrize(
    "edit, error", [(port(666), ConfigError), (remove_what_is_not_there, NotInFile)]
)
async def test_what_is_refused_is_not_written(
    path: Path, edit: Callable[[ConfigEdit], None], error: type[Exception]
) -> None:
    store = ConfigStore(path, no_origins)
    with pytest.raises(error):
        await store.apply(edit, expected=None)
    assert path.read_text() == TEXT
    assert store.undoable == 0


async def test_an_edit_may_mend_what_a_hand_broke(path: Path) -> None:
    path.write_text("[server]\nport = 666\n")
    await ConfigStore(path, no_origins).apply(port(2), expected=None)
    assert path.read_text() == "[server]\nport = 2\n"


async def test_a_file_that_is_gone_is_not_written_anew(path: Path) -> None:
    path.unlink()
    with pytest.raises(ConfigError, match="no such file"):
        await ConfigStore(path, no_origins).apply(port(2), expected=None)
    assert not path.exists()


ELSEWHERE: list[tuple[str, Callable[[ConfigEdit], None]]] = [
    ("server.port", port(2)),
    ("server.port", lambda edit: edit.set_value("server.port", None)),
    ("server", lambda edit: edit.set_value("server.admin_port", 3)),
    ("providers.groq.limits.rpm", lambda edit: edit.change_provider("groq", {"limits.rpm": 3})),
    ("providers.lab.limits.rpm", lambda edit: edit.remove_provider("lab")),
    ("providers.lab", lambda edit: edit.remove_provider("lab")),
    ("chains.free.max_wait", lambda edit: edit.rename_chain("free", "paid")),
    ('providers.new.models."a.b".tools', lambda edit: edit.add_provider(
        "new", {"models": {"a.b": {"tools": True}}})),
]  # fmt: skip


@pytest.mark.parametrize("key, edit", ELSEWHERE)
async def test_what_the_environment_sets_is_not_changed(
    path: Path, key: str, edit: Callable[[ConfigEdit], None]
) -> None:
    store = ConfigStore(path, lambda _: {key: "CHAIN429_X"})
    with pytest.raises(SetElsewhere) as caught:
        await store.apply(edit, expected=None)
    assert (caught.value.key, caught.value.variable) == (key, "CHAIN429_X")
    assert "CHAIN429_X" in caught.value.hint
    assert path.read_text() == TEXT


async def test_the_variable_is_named_where_it_leaves_half_a_chain_behind(path: Path) -> None:
    def origins(config: ConfigText) -> Mapping[str, str]:
        if "chains" not in config.table:
            raise ConfigError([Problem("CHAIN429_X", None, "chain free has no entries")])
        return {"chains.free.max_wait": "CHAIN429_X"}

    with pytest.raises(SetElsewhere, match="CHAIN429_X"):
        await ConfigStore(path, origins).apply(
            lambda edit: edit.remove_chain("free"), expected=None
        )


FREE: list[tuple[str, Callable[[ConfigEdit], None]]] = [
    ("server.port", lambda edit: edit.set_value("server.host", "::1")),
    ("providers.groq.api_key", lambda edit: edit.change_provider("groq", {"enabled": False})),
    ("providers.new.api_key", lambda edit: edit.add_provider("new", {"preset": "x"})),
    ("providers.lab.limits.rpmo", lambda edit: edit.change_provider("lab", {"limits.rpm": 9})),
]


@pytest.mark.parametrize("key, edit", FREE)
async def test_keys_beside_those_are_free(
    path: Path, key: str, edit: Callable[[ConfigEdit], None]
) -> None:
    await ConfigStore(path, lambda _: {key: "CHAIN429_X"}).apply(edit, expected=None)
    assert path.read_text() != TEXT


async def test_undo_takes_back_one_change_after_the_other(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    for number in (2, 3):
        await store.apply(port(number), expected=None)
    assert "port = 2   # mine" in (await store.undo(None)).text
    assert (await store.undo(read_config(path).digest)).text == TEXT
    assert path.read_text() == TEXT
    with pytest.raises(NothingToUndo):
        await store.undo(None)


async def test_only_the_last_changes_are_kept(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    for number in range(2, UNDOABLE + 4):
        await store.apply(port(number), expected=None)
    assert store.undoable == UNDOABLE
    for _ in range(UNDOABLE):
        await store.undo(None)
    assert read_config(path).table["server"]["port"] == 3
    with pytest.raises(NothingToUndo):
        await store.undo(None)


async def test_undo_never_takes_back_an_edit_by_hand(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    ours = (await store.apply(port(2), expected=None)).text
    path.write_text(ours + "# by hand\n")
    with pytest.raises(ConfigMoved):
        await store.undo(None)
    await store.apply(port(3), expected=None)
    await store.undo(None)
    assert path.read_text() == ours + "# by hand\n"
    with pytest.raises(ConfigMoved):
        await store.undo(None)
    path.write_text(ours)
    assert (await store.undo(None)).text == TEXT


async def test_undo_of_what_has_moved(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    before = read_config(path).digest
    await store.apply(port(2), expected=None)
    with pytest.raises(ConfigMoved):
        await store.undo(before)


async def test_undo_of_what_was_wrong_before(path: Path) -> None:
    path.write_text("[server]\nport = 666\n")
    store = ConfigStore(path, no_origins)
    await store.apply(port(2), expected=None)
    with pytest.raises(ConfigError, match=r"config\.toml:2: evil"):
        await store.undo(None)
    assert path.read_text() == "[server]\nport = 2\n"
    assert store.undoable == 1


async def test_many_at_once_lose_no_edit(path: Path) -> None:
    store = ConfigStore(path, no_origins)

    def add(name: str) -> Callable[[ConfigEdit], None]:
        return lambda edit: edit.add_chain(name, ["groq/a"])

    await asyncio.gather(*(store.apply(add(f"c{one}"), expected=None) for one in range(12)))
    assert read_config(path).table["chains"].keys() == {"free", *(f"c{one}" for one in range(12))}
    assert store.undoable == 12


async def test_of_two_who_read_the_same_one_wins(path: Path) -> None:
    store = ConfigStore(path, no_origins)
    read = read_config(path).digest
    done = await asyncio.gather(
        store.apply(port(2), expected=read),
        store.apply(port(3), expected=read),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["ConfigMoved", "ConfigText"]


async def test_a_cancelled_caller_leaves_file_and_memory_in_step(path: Path) -> None:
    validating, go_on = threading.Event(), threading.Event()

    def slow(config: ConfigText) -> Mapping[str, str]:
        validating.set()
        go_on.wait(20)
        return {}

    store = ConfigStore(path, slow)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(store.apply(port(2), expected=None))
        await asyncio.to_thread(validating.wait, 20)
        task.cancel()
    go_on.set()
    assert (await store.undo(None)).text == TEXT


async def test_with_the_real_settings_and_a_real_variable(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    environ = {"CHAIN429_PROVIDERS__GROQ__LIMITS__RPM": "5"}

    def origins(config: ConfigText) -> Mapping[str, str]:
        return settings_load.load_text(config, presets=PRESETS, environ=environ).origins

    store = ConfigStore(path, origins)
    with pytest.raises(SetElsewhere, match="CHAIN429_PROVIDERS__GROQ__LIMITS__RPM"):
        await store.apply(
            lambda edit: edit.change_provider("groq", {"limits.rpm": 9}), expected=None
        )
    with pytest.raises(ConfigError, match='no provider "lab"'):
        await store.apply(lambda edit: edit.set_entries("free", ["lab/a"]), expected=None)
    assert path.read_text() == SMALL
    await store.apply(lambda edit: edit.rename_chain("free", "paid"), expected=None)
    new = settings_load.load(path, presets=PRESETS, environ=environ)
    assert new.settings.routing.default_chain == "paid"
    assert list(new.settings.chains) == ["paid"]
