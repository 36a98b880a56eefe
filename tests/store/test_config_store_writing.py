"""What a disk, a mount or a kill does to an edit of the config file: all of it or nothing."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from store import config_file
from store.config_edit import ConfigEdit
from store.config_file import ConfigText, remove_leftovers, write_config
from store.config_store import ConfigNotWritten, ConfigStore
from store.toml_text import parse

TEXT = """\
[server]
port = 1   # mine

[chains.free]
entries = ["groq/a"]
"""


def no_origins(_: ConfigText) -> Mapping[str, str]:
    return {}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    write_config(path, TEXT)
    return path


def port(number: int) -> Callable[[ConfigEdit], None]:
    return lambda edit: edit.set_value("server.port", number)


REFUSALS = [
    ("write", errno.ENOSPC, "no space left on device", "free some space"),
    ("fsync", errno.EDQUOT, "quota", "free some space"),
    ("fsync", errno.EIO, "input/output error", "nothing was changed; try again"),
    ("mkstemp", errno.EROFS, "read-only file system", "mounted read-only"),
    ("mkstemp", errno.EACCES, "permission denied", "must be writable"),
    ("replace", errno.EPERM, "operation not permitted", "must be writable"),
]


@pytest.mark.parametrize("step, number, words, hint", REFUSALS)
async def test_a_write_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, words: str, hint: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    store = ConfigStore(path, no_origins)
    await store.apply(port(2), expected=None)
    before = path.read_text()
    with monkeypatch.context() as patch:
        if step == "mkstemp":
            patch.setattr(config_file.tempfile, step, fail)
            patch.setattr(config_file, "_overwrite", fail)
        else:
            patch.setattr(config_file.os, "fdopen" if step == "write" else step, fail)
        with pytest.raises(ConfigNotWritten) as caught:
            await store.apply(port(3), expected=None)
        with pytest.raises(ConfigNotWritten):
            await store.undo(None)
    assert words in caught.value.message.lower()
    assert hint in caught.value.hint
    assert path.read_text() == before
    assert os.listdir(path.parent) == ["config.toml"]
    assert store.undoable == 1
    assert (await store.undo(None)).text == TEXT


async def test_a_folder_that_cannot_be_synced_after_all_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, synced = os.fsync, list[int]()

    def second_fails(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    store = ConfigStore(path, no_origins)
    monkeypatch.setattr(config_file.os, "fsync", second_fails)
    await store.apply(port(2), expected=None)
    assert "port = 2" in path.read_text()
    assert store.undoable == 1


async def test_a_file_mounted_by_itself_is_written_in_place_and_it_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    store = ConfigStore(path, no_origins)
    monkeypatch.setattr(config_file.os, "replace", busy)
    await store.apply(port(2), expected=None)
    assert "port = 2" in path.read_text()
    assert store.written_in_place
    monkeypatch.undo()
    await store.undo(None)
    assert not store.written_in_place


def apply_until_killed(path: str, step: str) -> None:
    """Edit a config and die at one step of writing it."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def die_after(*given: str) -> None:
        real(*given)
        die()

    real = os.replace
    setattr(os, step.removesuffix("d"), die_after if step == "replaced" else die)
    asyncio.run(ConfigStore(Path(path), no_origins).apply(port(2), expected=None))


@pytest.mark.parametrize(
    "step, survives",
    [("fdopen", TEXT), ("fsync", TEXT), ("replace", TEXT), ("replaced", None)],
    ids=["before the write", "before the sync", "before the rename", "after the rename"],
)
def test_killed_in_the_middle_the_file_is_old_or_new(
    path: Path, step: str, survives: str | None
) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=apply_until_killed, args=(str(path), step)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    text = path.read_text()
    assert text == (survives or TEXT.replace("port = 1", "port = 2"))
    assert parse(text, "config").table["server"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    remove_leftovers(path)
    assert os.listdir(path.parent) == ["config.toml"]
