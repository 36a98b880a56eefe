"""A provider that stands in the config so that its key can be tested, until it is added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.contract import AdminError, NewProvider, ProviderEdit

if TYPE_CHECKING:
    from screens.shell import Shell


class Draft:
    """Writes what is tested, and leaves nothing of it behind where it is not added."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.id: str | None = None
        """Under which it stands in the config by now."""
        self.tested = False
        self._writes = 0
        self._lock = asyncio.Lock()

    async def write(
        self, id: str, preset: str, edit: ProviderEdit, refused: Callable[[AdminError], None]
    ) -> bool:
        """Make the config say this of the provider; whether it does now."""
        async with self._lock:
            return await self._write(id, preset, edit, refused)

    async def _write(
        self, id: str, preset: str, edit: ProviderEdit, refused: Callable[[AdminError], None]
    ) -> bool:
        if self.id is not None and self.id != id:
            await self._take_back()
        if self.id is not None and not edit:
            return True
        is_new = self.id is None

        async def act(version: str) -> str:
            admin = self._shell.admin
            if not is_new:
                return (await admin.change_provider(id, edit, if_match=version)).version
            new: NewProvider = {"id": id, "preset": preset, **edit}
            return (await admin.add_provider(new, if_match=version)).version

        told = f"{id} added as a provider" if is_new else f"{id} changed"
        written = await self._shell.writing.do(told, act, refused=refused)
        if written:
            self.id = id
            self._writes += 1
        return written

    async def take_back(self) -> None:
        """Undo the writes; where somebody else wrote since, delete the provider."""
        async with self._lock:
            await self._take_back()

    async def _take_back(self) -> None:
        draft, writes = self.id, self._writes
        self.id, self._writes, self.tested = None, 0, False
        if draft is None or await self._shell.writing.take_back(writes):
            return

        async def act(version: str) -> None:
            await self._shell.admin.remove_provider(draft, if_match=version)

        await self._shell.writing.do(f"provider {draft} deleted", act)
