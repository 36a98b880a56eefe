"""Changes of the config, one after the other: each on the version that the person has seen."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from app.contract import AdminError

if TYPE_CHECKING:
    from screens.shell import Shell

_MOVED = (
    "config.toml was changed outside; nothing was saved. "
    "What it says now is shown: repeat the change."
)

_REMEMBERED = 50

Act = Callable[[str], Awaitable[str | None]]
"""Writes with `if_match`; returns the config's new version where the answer tells it."""


class Writing:
    """The one way in which the screens change the config."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._lock = asyncio.Lock()
        self._made = ""
        """The version that the last write made."""
        self._older: deque[str] = deque(maxlen=_REMEMBERED)
        """Versions that writes from here replaced: a picture may still show one of them."""

    async def do(
        self,
        told: str,
        act: Act,
        *,
        toast: str = "",
        moved: str = _MOVED,
        refused: Callable[[AdminError], None] | None = None,
    ) -> bool:
        """Write, and keep `told` for undo; whether it was written.

        `moved` is what is said where the config is another than the one on the screen; `refused`
        takes every other error where it has a better place than a toast.
        """
        async with self._lock:
            try:
                return await self._do(told, act, toast)
            except AdminError as error:
                if error.status != 412 and refused is not None:
                    refused(error)
                elif error.status == 412:
                    self._older.clear()
                    self._shell.tell(moved, "low", "moved")
                else:
                    self._shell.tell_error(error)
                return False
            finally:
                self._shell.look_again()

    async def _do(self, told: str, act: Act, toast: str) -> bool:
        shell = self._shell
        picture = shell.feed.latest
        if picture is None:
            return False
        before = self._version()
        after = await act(before) or (await shell.admin.chains()).version
        self._replaced(before, after)
        shell.journal.note(told, picture.now, before=before, after=after)
        if toast:
            shell.tell(toast, kind="change")
        return True

    async def take_back(self, steps: int) -> bool:
        """Undo the last writes, if nobody else wrote since; whether all are undone."""
        async with self._lock:
            admin = self._shell.admin
            try:
                for _ in range(steps):
                    version = self._version()
                    undone = await admin.undo(if_match=version)
                    self._shell.journal.take_back(version, undone.version)
                    self._replaced(version, undone.version)
            except AdminError:
                return False
            finally:
                self._shell.look_again()
        return True

    def _version(self) -> str:
        """The newest that is known of the config."""
        picture = self._shell.feed.latest
        seen = picture.version if picture is not None else ""
        return self._made if seen in self._older else seen

    def _replaced(self, before: str, after: str) -> None:
        self._made = after
        self._older.append(before)
        # An undo brings an older text back.
        self._older = deque((one for one in self._older if one != after), _REMEMBERED)

    async def ended(self) -> None:
        """Wait for what is being written."""
        async with self._lock:
            return
