"""The config file on disk: read it, write it whole or not at all, notice that it changed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.problems import ConfigError, Problem
from store.toml_lines import TomlLines
from store.toml_text import parse

_LARGEST = 4 * 1024 * 1024
_OWNER_ONLY = 0o600
_MOUNTED_BY_ITSELF = (errno.EBUSY, errno.EXDEV)
_FOLDER_IS_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)

Signature = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class ConfigText:
    """A config file as it was read. `digest` tells whether it has changed since."""

    path: Path
    text: str
    digest: str
    table: dict[str, Any]
    lines: TomlLines


def text_digest(text: str) -> str:
    """Identity of a file's content, as `ConfigText.digest`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_config(path: Path) -> ConfigText:
    """Read a config file. Raises ConfigError, also when it is not there or not readable."""
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(
            [Problem(name, None, "no such file", "429chain init writes one")]
        ) from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ConfigError([Problem(name, None, f"cannot be read: {reason}")]) from None
    if len(raw) > _LARGEST:
        raise ConfigError([Problem(name, None, "is larger than 4 MiB", "is it the right file?")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte {raw[error.start]:#04x} is no UTF-8"
        raise ConfigError([Problem(name, line, message, "save the file as UTF-8")]) from None
    parsed = parse(text, name)
    return ConfigText(path, text, text_digest(text), parsed.table, parsed.lines)


def write_config(path: Path, text: str, *, exclusive: bool = False) -> None:
    """Put `text` in the place of the file, whole or not at all, readable by its owner only.

    A symbolic link stays and its target is replaced. A file that cannot be replaced, because it is
    mounted by itself (Docker, `-v config.toml:/config.toml`) or its folder takes no new files, is
    rewritten in place, with its old text beside it meanwhile where that can be written.
    `exclusive` refuses to touch a file that exists. Raises OSError (FileExistsError with
    `exclusive`); then the file is as it was.
    """
    target = Path(os.path.realpath(path))
    old = _stat(target)
    if old is not None and exclusive:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    if old is not None and path.is_symlink():
        _refuse_foreign(path, old)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        temporary = _write_beside(target, text.encode("utf-8"), old)
    except OSError as error:
        if old is None or error.errno not in _FOLDER_IS_CLOSED:
            raise
        _rewrite_in_place(target, text)
        return
    try:
        if exclusive:
            _link(temporary, target)
        else:
            os.replace(temporary, target)
    except OSError as error:
        os.unlink(temporary)
        if error.errno not in _MOUNTED_BY_ITSELF:
            raise
        _rewrite_in_place(target, text)
    _sync_folder(target.parent)


def remove_leftovers(path: Path) -> int:
    """Delete what writes that were killed half-way left beside the file. Returns how many.

    Only for whoever holds the instance's lock: a write that is under way looks the same.
    """
    target = Path(os.path.realpath(path))
    leftovers = list(target.parent.glob(f".{target.name}.*.tmp"))
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _refuse_foreign(link: Path, target: os.stat_result) -> None:
    """A link that someone bent to another user's file must not make us write there."""
    if target.st_uid not in (link.lstat().st_uid, os.geteuid()):
        message = "links to a file of another user"
        raise PermissionError(errno.EPERM, message, str(link))


def _write_beside(target: Path, content: bytes, old: os.stat_result | None) -> str:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            if old is not None:
                os.chmod(name, old.st_mode & _OWNER_ONLY)
                _keep_owner(name, old)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return name


def _link(temporary: str, target: Path) -> None:
    """Give the file its name, but never in the place of another that came meanwhile."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        os.replace(temporary, target)
    else:
        os.unlink(temporary)


def _keep_owner(name: str, old: os.stat_result) -> None:
    # Root in a container edits its user's file: it has to stay that user's.
    if os.geteuid() == 0 and old.st_uid != 0:
        os.chown(name, old.st_uid, old.st_gid)


def _rewrite_in_place(target: Path, text: str) -> None:
    before = target.read_bytes()
    backup: str | None = None
    try:
        backup = _write_beside(target, before, None)
    except OSError as error:
        if error.errno not in _FOLDER_IS_CLOSED:
            raise
    try:
        _overwrite(target, text.encode("utf-8"))
    except OSError:
        _overwrite(target, before)
        raise
    finally:
        if backup is not None:
            os.unlink(backup)


def _overwrite(target: Path, content: bytes) -> None:
    with target.open("r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ConfigWatcher:
    """Looks twice a second whether one of some files changed, came or went, and calls `on_change`.

    Made just after the files were read; `paths` may be replaced when a reload names other files.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        on_change: Callable[[], Awaitable[None]],
        *,
        interval: float = 0.5,
    ) -> None:
        self._on_change = on_change
        self._interval = interval
        self._paths: tuple[Path, ...] = tuple(paths)
        self._seen = _signature(self._paths)

    @property
    def paths(self) -> tuple[Path, ...]:
        return self._paths

    def watch(self, paths: Iterable[Path]) -> None:
        """Watch these files from now on; changes up to now count as seen."""
        self._paths = tuple(paths)
        self._seen = _signature(self._paths)

    async def run(self) -> None:
        """Watch until cancelled. What `on_change` raises comes out; the change counts as seen."""
        while True:
            await asyncio.sleep(self._interval)
            paths = self._paths
            seen = await asyncio.to_thread(_signature, paths)
            if paths is not self._paths or seen == self._seen:
                continue
            self._seen = seen
            await self._on_change()


def _signature(paths: tuple[Path, ...]) -> Signature:
    return tuple(_look(path) for path in paths)


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
