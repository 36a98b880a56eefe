"""The config file as interfaces change it: one edit at a time, never over an edit they have not
read, in force only once it is on disk, and undone as long as nobody else has edited since."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.config_edit import ConfigEdit
from store.config_file import ConfigText, read_config, text_digest, write_config
from store.findings import dotted
from store.problems import ConfigError
from store.toml_text import parse
from store.toml_values import Keys, is_table

UNDOABLE = 20
"""How many changes since the start can be undone."""

Validate = Callable[[ConfigText], Mapping[str, str]]
"""Load a config; give its `origins`: dotted key to the variable or flag that sets it.

Raises ConfigError with everything that is wrong. Called in a worker thread.
"""


class ConfigNotChanged(Exception):
    """A change that was not made; the file is as it was. `hint` tells the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigMoved(ConfigNotChanged):
    """The file is not the one that the change was made for. `digest` is that of the present one."""

    def __init__(self, digest: str) -> None:
        hint = "look at what it says now, then make the change again"
        super().__init__("the config file was edited meanwhile", hint)
        self.digest = digest


class SetElsewhere(ConfigNotChanged):
    """`key` is set by the environment variable or flag `variable`, which would win."""

    def __init__(self, key: str, variable: str) -> None:
        hint = f"change {variable}, or take it away and restart"
        super().__init__(f"{key} is set by {variable}", hint)
        self.key = key
        self.variable = variable


class ConfigNotWritten(ConfigNotChanged):
    """The disk did not take it."""


class NothingToUndo(ConfigNotChanged):
    """No change since the start is left."""

    def __init__(self) -> None:
        super().__init__("nothing to undo", "changes before the start are not kept")


@dataclass(frozen=True, slots=True)
class _Change:
    told: str
    before: str
    after: str
    """The text before, the digest after."""


class ConfigStore:
    """Owns the config file at `path` for as long as the program runs.

    Changes are made one after the other in worker threads. One whose caller is cancelled is
    finished all the same, so what is remembered for undo is what is on disk.
    """

    def __init__(self, path: Path, validate: Validate) -> None:
        self._path = path
        self._validate = validate
        self._lock = threading.Lock()
        self._changes: deque[_Change] = deque(maxlen=UNDOABLE)
        self._in_place = False

    @property
    def path(self) -> Path:
        return self._path

    @property
    def undoable(self) -> int:
        """How many changes can be undone, if nobody edits the file by hand."""
        return len(self._changes)

    @property
    def newest(self) -> str | None:
        """What was `told` of the change that `undo` would take back."""
        return self._changes[-1].told if self._changes else None

    @property
    def written_in_place(self) -> bool:
        """Whether the last write could not replace the file, because it is mounted by itself.

        A crash in such a write can leave half a file; mounting its folder instead helps.
        """
        return self._in_place

    async def apply(
        self, edit: Callable[[ConfigEdit], None], *, expected: str | None, told: str = ""
    ) -> ConfigText:
        """Make an edit and write it; the file as it is then. `edit` runs in a worker thread.

        An edit that changes nothing is none to undo; `told` names it for whoever undoes it.
        `expected` is the digest of the file that the edit was made for; None takes any. Raises
        ConfigMoved, SetElsewhere, ConfigNotWritten, ConfigError (the result is no configuration, or
        there is no file) and whatever `edit` raises; the file is as it was then.
        """
        return await asyncio.to_thread(self._apply, edit, expected, told)

    async def undo(self, expected: str | None) -> ConfigText:
        """Take back the last change that `apply` made; the file as it is then.

        Raises NothingToUndo, ConfigMoved (also if the file was edited by hand since that change),
        ConfigNotWritten, ConfigError.
        """
        return await asyncio.to_thread(self._undo, expected)

    def _apply(
        self, edit: Callable[[ConfigEdit], None], expected: str | None, told: str
    ) -> ConfigText:
        with self._lock:
            old = self._read(expected)
            editing = ConfigEdit(old.text, str(self._path))
            edit(editing)
            new = self._as_config(editing.text())
            if new.text == old.text:
                return old
            changed = list(_changed(old.table, new.table))
            _refuse_set_elsewhere(changed, self._origins(old))
            _refuse_set_elsewhere(changed, self._validate(new))
            self._write(old, new)
            self._changes.append(_Change(told, old.text, new.digest))
            return new

    def _undo(self, expected: str | None) -> ConfigText:
        with self._lock:
            old = self._read(expected)
            if not self._changes:
                raise NothingToUndo
            change = self._changes[-1]
            if old.digest != change.after:
                raise ConfigMoved(old.digest)
            new = self._as_config(change.before)
            self._validate(new)
            self._write(old, new)
            self._changes.pop()
            return new

    def _read(self, expected: str | None) -> ConfigText:
        config = read_config(self._path)
        if expected is not None and config.digest != expected:
            raise ConfigMoved(config.digest)
        return config

    def _as_config(self, text: str) -> ConfigText:
        parsed = parse(text, str(self._path))
        return ConfigText(self._path, text, text_digest(text), parsed.table, parsed.lines)

    def _origins(self, config: ConfigText) -> Mapping[str, str]:
        try:
            return self._validate(config)
        except ConfigError:
            # Somebody broke the file by hand, and this edit may be what mends it.
            return {}

    def _write(self, old: ConfigText, new: ConfigText) -> None:
        # Validating took its time; a person may have saved the file meanwhile.
        self._read(old.digest)
        before = self._inode()
        try:
            write_config(self._path, new.text)
        except OSError as error:
            if not self._is_on_disk(new):
                raise _not_written(error, self._path) from None
        self._in_place = before is not None and self._inode() == before

    def _is_on_disk(self, new: ConfigText) -> bool:
        """Whether a write that failed did so only after the file was replaced."""
        try:
            return read_config(self._path).digest == new.digest
        except ConfigError:
            return False

    def _inode(self) -> int | None:
        try:
            return os.stat(self._path).st_ino
        except OSError:
            return None


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], at: Keys = ()) -> Iterator[Keys]:
    """Paths of values that are new, other or gone; of a table that is gone, only the table's."""
    for name in {**old, **new}:
        path, before, after = (*at, name), old.get(name), new.get(name)
        if is_table(after) and after and (before is None or is_table(before)):
            yield from _changed(before or {}, after, path)
        elif type(before) is not type(after) or before != after:
            yield path


def _refuse_set_elsewhere(changed: list[Keys], origins: Mapping[str, str]) -> None:
    for path in changed:
        above = [dotted(path[:length]) for length in range(1, len(path) + 1)]
        key = next((one for one in above if one in origins), None)
        if key is None:
            key = next((one for one in origins if one.startswith(above[-1] + ".")), None)
        if key is not None:
            raise SetElsewhere(key, origins[key])


def _not_written(error: OSError, path: Path) -> ConfigNotWritten:
    reason = (error.strerror or "error").lower()
    hint = "nothing was changed; try again"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free some space, then make the change again"
    elif error.errno == errno.EROFS:
        hint = f"{path.parent} is mounted read-only: mount it writable, or edit the file outside"
    elif error.errno in (errno.EACCES, errno.EPERM):
        hint = (
            f"{path.parent} must be writable for 429chain's user; in a container, mount the folder"
        )
    elif error.errno == errno.EBUSY:
        hint = f"mount the folder {path.parent} and not the single file"
    return ConfigNotWritten(f"{path} cannot be written: {reason}", hint)
