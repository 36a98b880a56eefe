"""One process per data folder: a lock beside the database that says who holds it.

The lock is the kernel's (`flock`), so it ends with the process however that ends; the file's text,
`{"pid": ..., "url": ..., "serves": ...}`, only tells a second process whom to talk to.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

_TRIES = 5
_BETWEEN_TRIES = 0.01


@dataclass(frozen=True, slots=True)
class Instance:
    """A process that runs on a data folder. None: it has not said so yet."""

    pid: int | None
    url: str | None
    """Of its admin API."""
    serves: str | None = None
    """The proxy's own."""


class AlreadyRunning(Exception):
    """Another process holds the data folder; its text is one line that says what to do."""

    def __init__(self, path: Path, instance: Instance) -> None:
        who = "another 429chain" if instance.pid is None else f"429chain, pid {instance.pid},"
        where = f" at {instance.url}" if instance.url else ""
        super().__init__(
            f"{who} runs on {path.parent}{where}: stop it, or name another folder with --data-dir"
        )
        self.pid = instance.pid
        self.url = instance.url


class InstanceLock:
    """A lock that is held. `problem` says why it holds nothing (no such folder, no locks there)."""

    def __init__(self, descriptor: int | None, problem: str | None = None) -> None:
        self.problem = problem
        self._descriptor = descriptor

    def announce(self, url: str | None, *, serves: str | None = None) -> None:
        """Tell a second process where this one's admin API listens, and where it serves."""
        if self._descriptor is None:
            return
        text = json.dumps({"pid": os.getpid(), "url": url, "serves": serves}).encode()
        # First written, then cut: a reader between the two sees old text after the new, never less.
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))


def lock_path(database: Path) -> Path:
    """`429chain.lock` beside `429chain.db`."""
    return database.with_suffix(".lock")


@contextmanager
def hold_instance_lock(path: Path) -> Generator[InstanceLock]:
    """Hold the lock file at `path` until the block ends. Raises AlreadyRunning.

    Where a file cannot be made or locked at all, the block runs without (`InstanceLock.problem`).
    """
    descriptor: int | None = None
    try:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            _lock(descriptor)
        except BlockingIOError:
            raise AlreadyRunning(path, _read(path)) from None
        except OSError as error:
            lock = InstanceLock(None, f"{path}: {error.strerror or error}")
        else:
            lock = InstanceLock(descriptor)
            lock.announce(None)
        yield lock
    finally:
        # The file stays: were it removed, two later processes could lock two different files.
        if descriptor is not None:
            os.close(descriptor)


def find_instance(path: Path) -> Instance | None:
    """Who holds the lock file at `path`; None: nobody, whatever the file says."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _lock(descriptor: int) -> None:
    """Take the lock. Raises BlockingIOError when another process keeps it."""
    for _ in range(_TRIES - 1):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # `find_instance` holds a shared lock for a moment; that is nobody who runs.
            time.sleep(_BETWEEN_TRIES)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(path: Path) -> Instance:
    try:
        text = path.read_text("utf-8", "replace")
        told: Any = json.JSONDecoder().raw_decode(text)[0]
    except (OSError, ValueError):
        return Instance(None, None)
    if not isinstance(told, dict):
        return Instance(None, None)
    fields = cast("dict[str, object]", told)
    pid, url, serves = (fields.get(name) for name in ("pid", "url", "serves"))
    return Instance(
        pid if isinstance(pid, int) else None,
        url if isinstance(url, str) else None,
        serves if isinstance(serves, str) else None,
    )
