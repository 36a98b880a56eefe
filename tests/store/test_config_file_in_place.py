"""A config file that cannot be replaced: mounted by itself, or in a folder that is closed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from store import config_file
from store.config_file import write_config


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def busy(*_: object) -> None:
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_in_a_folder_that_takes_no_new_file_it_is_rewritten_in_place(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(code, os.strerror(code))

    path = tmp_path / "config.toml"
    path.write_text("a much longer old text")
    path.chmod(0o600)
    inode = path.stat().st_ino
    monkeypatch.setattr(config_file.tempfile, "mkstemp", closed)
    write_config(path, "new")
    assert path.read_text() == "new"
    assert (path.stat().st_ino, mode(path)) == (inode, 0o600)
    with pytest.raises(OSError, match=os.strerror(code)):
        write_config(tmp_path / "another.toml", "new")


def test_a_full_disk_is_no_reason_to_rewrite_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "config.toml"
    path.write_text("old")
    monkeypatch.setattr(config_file.tempfile, "mkstemp", full)
    with pytest.raises(OSError, match="No space"):
        write_config(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EXDEV])
def test_a_mounted_file_is_rewritten_in_place(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mounted(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    path = tmp_path / "config.toml"
    path.write_text("a much longer old text")
    inode = path.stat().st_ino
    monkeypatch.setattr(config_file.os, "replace", mounted)
    write_config(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_ino == inode
    assert os.listdir(tmp_path) == ["config.toml"]


def test_a_mounted_file_gets_its_old_text_back_when_the_rewrite_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    monkeypatch.setattr(config_file.os, "replace", busy)
    real = os.fsync
    synced: list[int] = []

    def third_fails(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    monkeypatch.setattr(config_file.os, "fsync", third_fails)
    with pytest.raises(OSError, match="Input/output"):
        write_config(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["config.toml"]
