"""The config file on disk: read, written whole or not at all, watched."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from store import config_file
from store.config_file import ConfigWatcher, read_config, remove_leftovers, write_config
from store.problems import ConfigError
from store.toml_text import parse


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[a]\r\nb = 1\r\n")
    config = read_config(path)
    assert config.text == "[a]\r\nb = 1\r\n"
    assert config.table == {"a": {"b": 1}}
    assert config.lines.at(("a", "b")) == 2
    before = config.digest
    assert read_config(path).digest == before
    path.write_bytes(b"[a]\nb = 1\n")
    assert read_config(path).digest != before


@pytest.mark.parametrize(
    "content, line, words",
    [
        (None, None, "no such file (429chain init writes one)"),
        (b"a = 1\nb = '\xff'\n", 2, "byte 0xff is no UTF-8 (save the file as UTF-8)"),
        (b"#" * (4 * 1024 * 1024 + 1), None, "is larger than 4 MiB (is it the right file?)"),
    ],
    ids=["missing", "no UTF-8", "too large"],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, line: int | None, words: str
) -> None:
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    place = f"{path}:{line}" if line else str(path)
    assert str(caught.value) == f"{place}: {words}"


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        read_config(tmp_path)


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_config(path, "a = 1\r\n", exclusive=True)
    assert path.read_bytes() == b"a = 1\r\n"
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert os.listdir(path.parent) == ["config.toml"]


def test_exclusive_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_config(path, "yours", exclusive=True)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("before, after", [(0o600, 0o600), (0o644, 0o600), (0o400, 0o400)])
def test_the_mode_is_kept_as_far_as_others_cannot_read(
    tmp_path: Path, before: int, after: int
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    path.chmod(before)
    write_config(path, "new")
    assert path.read_text() == "new"
    assert mode(path) == after
    assert os.listdir(tmp_path) == ["config.toml"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "real" / "c.toml"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "config.toml"
    link.symlink_to(target)
    write_config(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert os.listdir(target.parent) == ["c.toml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owners(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.toml"
    theirs.write_text("old")
    os.chown(theirs, 1234, 1234)
    write_config(theirs, "new")
    assert (theirs.stat().st_uid, theirs.stat().st_gid) == (1234, 1234)


def test_a_link_to_another_users_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.write_text("old")
    link = tmp_path / "config.toml"
    link.symlink_to(target)
    real = Path.lstat
    monkeypatch.setattr(Path, "lstat", lambda path: foreign(real(path)))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(config_file.os, "geteuid", lambda: 4242)
    with pytest.raises(PermissionError):
        write_config(link, "new")
    assert target.read_text() == "old"


def foreign(state: os.stat_result) -> os.stat_result:
    values = list(state)
    values[stat.ST_UID] = 4242
    return os.stat_result(values)


@pytest.mark.parametrize("step", ["fsync", "replace", "write"])
def test_a_write_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "config.toml"
    write_config(path, "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "write":
        monkeypatch.setattr(config_file.os, "fdopen", full)
    else:
        monkeypatch.setattr(config_file.os, step, full)
    with pytest.raises(OSError, match="No space"):
        write_config(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["config.toml"]


OLD = "a = 'old'\n" * 1 + "# " + "x" * 50_000 + "\n"
NEW = "a = 'new'\n" * 1 + "# " + "y" * 50_000 + "\n"


def write_until_killed(path: str, step: str) -> None:
    """Write a config and die at one step of it."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, step, die)
    write_config(Path(path), NEW)


@pytest.mark.parametrize("step", ["fdopen", "chmod", "fsync", "replace"])
def test_killed_in_the_middle_the_file_is_the_old_one(tmp_path: Path, step: str) -> None:
    path = tmp_path / "config.toml"
    write_config(path, OLD)
    process = multiprocessing.get_context("spawn").Process(
        target=write_until_killed, args=(str(path), step)
    )
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert parse(path.read_text(), "c").table == {"a": "old"}
    assert mode(path) == 0o600
    for leftover in tmp_path.iterdir():
        assert mode(leftover) == 0o600
    assert remove_leftovers(path) == 1
    assert os.listdir(tmp_path) == ["config.toml"]


class Changes:
    """Counts calls and lets a test wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._called = asyncio.Event()

    async def __call__(self) -> None:
        self.count += 1
        self._called.set()

    async def next(self) -> None:
        await asyncio.wait_for(self._called.wait(), 10)
        self._called.clear()


def touch_in_place(path: Path) -> None:
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))


def replace(path: Path) -> None:
    write_config(path, path.read_text())


def grow(path: Path) -> None:
    path.write_text("longer than before")


@pytest.mark.parametrize(
    "change",
    [touch_in_place, replace, os.unlink, grow],
    ids=["mtime", "inode", "gone", "size"],
)
async def test_a_change_is_noticed(tmp_path: Path, change: Callable[[Path], object]) -> None:
    path, absent = tmp_path / "config.toml", tmp_path / ".env"
    path.write_text("text")
    changes = Changes()
    watcher = ConfigWatcher([path, absent], changes, interval=0.005)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watcher.run())
        change(path)
        await changes.next()
        absent.write_text("now it is there")
        await changes.next()
        assert changes.count == 2
        running.cancel()


async def test_other_files_after_a_reload(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    changes = Changes()
    watcher = ConfigWatcher([first], changes, interval=0.005)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watcher.run())
        first.write_text("x")
        await changes.next()
        watcher.watch([second])
        first.write_text("not watched any more")
        second.write_text("y")
        await changes.next()
        assert watcher.paths == (second,)
        running.cancel()
    assert changes.count == 2


async def test_a_failed_reload_is_not_repeated_until_the_next_change(tmp_path: Path) -> None:
    path = tmp_path / "a"

    async def fail() -> None:
        raise RuntimeError

    watcher = ConfigWatcher([path], fail, interval=0.001)
    path.write_text("x")
    with pytest.raises(RuntimeError):
        await watcher.run()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watcher.run(), 0.05)
